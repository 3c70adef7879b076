"""Run in an environment with pyam: what it makes of the file."""

import json
import sys
import warnings

warnings.simplefilter("ignore")
import pyam  # noqa: E402

df = pyam.IamDataFrame(sys.argv[1])
germany = df.filter(region="Germany", variable="Price|Primary Energy|Gas")
print(
    json.dumps(
        {
            "scenarios": df.scenario,
            "units": sorted(df.unit),
            "domain": df.time_domain,
            "price": {s: germany.filter(scenario=s).data["value"].tolist() for s in df.scenario},
            "exajoule": df.filter(variable="Primary Energy|Gas").convert_unit("bcm", "EJ", factor=0.04).unit,
        }
    )
)
