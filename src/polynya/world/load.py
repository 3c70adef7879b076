"""How does a world come off the disk? (folder + overlays -> World, with every fault of every file at once)"""

from __future__ import annotations

import os
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path

import polars as pl

from polynya.errors import Fault, InputError, NotFoundError
from polynya.tables import read_table
from polynya.world.schema import Package, Resource, read_package
from polynya.world.world import World

REFERENCE = Path(__file__).resolve().parent.parent / "data"


def load_world(path: Path | str | None = None, overlays: Sequence[Path | str] = ()) -> World:
    """Load the reference world, or a whole package at `path`, with overlays on top.

    An overlay is a folder with some of the same tables. Its keyed rows replace rows with the same key, its facts take
    precedence, and its name is listed in `World.layers`. Raises InputError with every fault, NotFoundError for a
    missing folder. References between tables are not checked here but by `world.check.check_world`.
    """
    base = Path(path) if path is not None else REFERENCE
    package = read_package(base / "datapackage.yaml")
    faults: list[Fault] = []
    tables: dict[str, pl.DataFrame] = {}
    layers = [package.version and f"{package.name} {package.version}"]
    for resource in package.resources:
        frames = _read(base, resource, 0, faults)
        tables[resource.name] = pl.concat(frames) if frames else _empty(resource)
    for layer, overlay in enumerate(overlays, start=1):
        folder = Path(overlay)
        if not folder.is_dir():
            raise NotFoundError(f"no such overlay folder: {folder}")
        known = False
        faults += _misspelt(folder, package)
        for resource in package.resources:
            frames = _read(folder, resource, layer, faults)
            if frames:
                known = True
                tables[resource.name] = _merge(tables[resource.name], pl.concat(frames), resource)
        if not known and not faults:
            expected = ", ".join(r.path for r in package.resources[:4])
            faults.append(
                Fault(
                    "this overlay has none of the world's tables", str(folder), fix=f"Expected for example {expected}."
                )
            )
        layers.append(folder.name)
    if faults:
        raise InputError(faults)
    return World(package=package, tables=tables, layers=tuple(layers), folder=str(base))


def table_files(base: Path, resource: Resource) -> list[Path]:
    """The files of a resource below a folder, sorted."""
    if resource.sharded:
        return sorted(base.glob(resource.path))
    path = base / resource.path
    return [path] if os.path.lexists(path) else []  # a link to nowhere is no missing table


def _read(base: Path, resource: Resource, layer: int, faults: list[Fault]) -> list[pl.DataFrame]:
    frames = []
    for path in table_files(base, resource):
        shown = str(path.relative_to(base)) if layer == 0 else str(path)
        try:
            frame = read_table(path, resource.columns, shown_as=shown)
        except InputError as error:
            faults.extend(error.faults)
            continue
        if frame.height:
            frames.append(
                frame.with_columns(
                    pl.lit(str(path)).alias("_file"),
                    pl.int_range(pl.len(), dtype=pl.Int64).alias("_row"),
                    pl.lit(layer, dtype=pl.Int64).alias("_layer"),
                )
            )
    return frames


def _misspelt(folder: Path, package: Package) -> list[Fault]:
    """Files that would be passed over in silence because of a letter; what is named quite differently is the user's own."""
    names = [r.path for r in package.resources if r.path.endswith(".csv")]
    faults = []
    for path in sorted(folder.glob("*.csv")):
        near = get_close_matches(path.name, names, n=1, cutoff=0.88)
        if near and path.name not in names:
            faults.append(
                Fault("this is no table of the world", str(path), fix=f"Did you mean {near[0]}?", code="unknown_table")
            )
    return faults


def _empty(resource: Resource) -> pl.DataFrame:
    kinds = {"text": pl.String, "number": pl.Float64, "integer": pl.Int64, "date": pl.Date, "boolean": pl.Boolean}
    schema = {c.name: kinds[c.kind] for c in resource.columns}
    return pl.DataFrame(schema={**schema, "_file": pl.String, "_row": pl.Int64, "_layer": pl.Int64})


def _merge(base: pl.DataFrame, top: pl.DataFrame, resource: Resource) -> pl.DataFrame:
    if not resource.key:
        return pl.concat([base, top])
    kept = base.join(top.select(resource.key), on=list(resource.key), how="anti", nulls_equal=True)
    return pl.concat([kept, top])


def package_of(path: Path | str | None = None) -> Package:
    """The schema alone."""
    return read_package((Path(path) if path is not None else REFERENCE) / "datapackage.yaml")
