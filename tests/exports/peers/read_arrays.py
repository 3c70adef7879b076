"""Run in an environment with GeoPandas and xarray: what they make of the files."""

import json
import sys

import geopandas
import xarray

out = {}
for name in ("nodes", "flows", "terminals"):
    frame = geopandas.read_file(f"{sys.argv[1]}/{name}.geojson")
    box = frame.total_bounds.tolist()
    out[name] = {"rows": len(frame), "crs": str(frame.crs), "valid": bool(frame.is_valid.all()), "box": box}
    if name == "flows":
        out["flow"] = frame.set_index("id")["scenario"].to_dict()
with xarray.open_dataset(sys.argv[2]) as data:
    out["dims"] = {str(k): int(v) for k, v in data.sizes.items()}
    out["time"] = [str(t)[:10] for t in data.time.values]
    out["price_de"] = data.price.sel(node="DE").values.tolist()
    out["flow_sum"] = float(data.flow.sel(case="scenario").sum())
print(json.dumps(out))
