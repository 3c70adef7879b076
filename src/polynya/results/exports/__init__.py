"""How does a run leave the house? (run folder + format -> a folder of files that another tool reads)

    iamc      one CSV file in the IAMC format                      pyam.IamDataFrame
    pypsa     a folder of CSV files for each case                  pypsa.Network
    geojson   nodes, flows and terminals                           geopandas.read_file
    netcdf    one file, CF conventions (needs the extra `netcdf`)  xarray.open_dataset
    csv       every result table, with a datapackage.json          any spreadsheet
    problem   both market problems, as `polynya market solve` reads them

With each go NOTICE.txt (what this is, what it rests on, the attributions that its sources ask for) and sources.csv.
Nothing is exported from a run whose files were altered or whose certificate failed. No peer is imported to write its
format. The folder appears whole or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from pathlib import Path

from polynya.errors import CertificateError, InputError, UsageError, did_you_mean
from polynya.results.exports.notice import notice_files
from polynya.results.folder import Run
from polynya.whole import hold

Files = Iterator[tuple[str, str | bytes]]
FORMATS: Mapping[str, str] = {
    "iamc": "one CSV file in the IAMC format, for pyam",
    "pypsa": "a PyPSA CSV folder for each case",
    "geojson": "nodes, flows and terminals, for GeoPandas and QGIS",
    "netcdf": "one NetCDF file, CF conventions, for xarray (extra `netcdf`)",
    "csv": "every result table, safe to open in a spreadsheet, with a datapackage.json",
    "problem": "both market problems, for `polynya market solve`",
}

OF_EVERY_MARKET = ("csv", "problem")


def export(run: Run, to: str, target: Path) -> list[Path]:
    """Write a run in a format below `target`, a folder that must be free. Returns the files, in order of their names.

    Raises UsageError (unknown format, folder not free, extra missing), InputError (altered run), CertificateError.
    """
    if to not in FORMATS:
        raise UsageError(f'"{to}" is not a format.', fix=did_you_mean(to, FORMATS) or f"Formats: {', '.join(FORMATS)}.")
    if run.manifest.get("market") == "oil" and to not in OF_EVERY_MARKET:
        raise UsageError(f"{to} holds gas; this run is about oil.", fix=f"Formats: {', '.join(OF_EVERY_MARKET)}.")
    require_whole(run)
    writer: Callable[[Run], Files] = import_module(f"polynya.results.exports.{to}").files
    with hold(target) as folder:
        for name, content in (*writer(run), *notice_files(run, to)):
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
    return sorted(p for p in target.rglob("*") if p.is_file())


def require_whole(run: Run) -> None:
    """Raises InputError when a file is not as it was written, CertificateError when the answer is not certified."""
    altered = run.altered()
    if altered:
        raise InputError(
            f"altered since it was written: {', '.join(altered[:5])}{' and more' if len(altered) > 5 else ''}",
            where=str(run.folder),
            fix="Run it again.",
        )
    if not run.manifest["certificate"]["passed"]:
        raise CertificateError("the certificate of this run failed.", where=str(run.folder), fix="Run it again.")
