"""Which tables and columns does a world have? (datapackage.yaml -> resources)

A column reads `kind [!] [{a|b}] [[unit]] [-> table.column] [-- description]`; `!` forbids blank cells and
`-> @registry` means an id of anything that the world knows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from polynya import strict_yaml
from polynya.errors import Fault, InputError
from polynya.tables import Column, Kind

REGISTRY = "@registry"
NEEDED = (
    "attributes",
    "sources",
    "facts",
    "nodes",
    "entities",
    "assets",
    "corridors",
    "traders",
    "supplies",
    "contracts",
)
_COLUMN = re.compile(
    r"^(?P<kind>text|number|integer|date|boolean)(?P<needed>!)?"
    r"(?:\s+\{(?P<options>[^}]*)\})?(?:\s+\[(?P<unit>[^\]]*)\])?(?:\s+->\s+(?P<reference>[@\w.]+))?"
    r"(?:\s+--\s+(?P<description>.*))?$"
)


@dataclass(frozen=True, slots=True)
class Resource:
    """One table of the package: its file (or a pattern of files), key and columns."""

    name: str
    path: str
    key: tuple[str, ...]
    description: str
    columns: tuple[Column, ...]
    references: tuple[tuple[str, str], ...]  # (column, "table.column" or @registry)

    @property
    def sharded(self) -> bool:
        """Whether several files make up this table."""
        return "*" in self.path


@dataclass(frozen=True, slots=True)
class Package:
    """The schema of a world."""

    name: str
    title: str
    version: str
    resources: tuple[Resource, ...]

    def resource(self, name: str) -> Resource:
        """The resource of that name. Raises KeyError."""
        for resource in self.resources:
            if resource.name == name:
                return resource
        raise KeyError(name)


def read_package(path: Path) -> Package:
    """Read a datapackage.yaml. Raises InputError when a column's form is not understood."""
    file = str(path)
    read = strict_yaml.load(path)
    document = read.data
    if not isinstance(document, dict) or not isinstance(document.get("resources"), list):
        raise InputError(
            Fault("a data package needs a list of resources", file, 1, 1, fix="See docs/data/dictionary.md.")
        )
    for i, entry in enumerate(document["resources"]):
        where = ("resources", i)
        if not isinstance(entry, dict) or not _has_form(entry):
            message = f"resource {i + 1} needs a name, a path and columns"
            raise InputError(read.fault(where, message, fix="See docs/data/dictionary.md."))
        if Path(entry["path"]).is_absolute() or ".." in Path(entry["path"]).parts:
            message = f'the path "{entry["path"]}" leaves the package'
            raise InputError(read.fault((*where, "path"), message, fix="Give it below the package.", code="path"))
    missing = [n for n in NEEDED if n not in {e["name"] for e in document["resources"]}]
    if missing:
        message = f"the package lacks the tables {', '.join(missing)}"
        raise InputError(read.fault(("resources",), message, fix="Copy their entries from the reference world's."))
    return Package(
        name=str(document.get("name", "")),
        title=str(document.get("title", "")),
        version=str(document.get("version", "")),
        resources=tuple(_resource(entry, file) for entry in document["resources"]),
    )


def _has_form(entry: dict[str, Any]) -> bool:
    columns, key = entry.get("columns"), entry.get("key")
    return (
        isinstance(entry.get("name"), str)
        and isinstance(entry.get("path"), str)
        and isinstance(columns, dict)
        and all(isinstance(form, str) for form in columns.values())
        and (key is None or isinstance(key, list))
    )


def _resource(entry: dict[str, Any], file: str) -> Resource:
    columns: list[Column] = []
    references: list[tuple[str, str]] = []
    for name, form in entry["columns"].items():
        match = _COLUMN.match(form)
        if not match:
            raise InputError(Fault(f'{entry["name"]}.{name}: the column form "{form}" is not understood', file))
        needed = match["needed"] is not None
        columns.append(
            Column(
                name=name,
                kind=cast(Kind, match["kind"]),
                present=needed,
                nullable=not needed,
                options=tuple(match["options"].split("|")) if match["options"] else (),
                unit=match["unit"] or "",
                description=match["description"] or "",
            )
        )
        if match["reference"]:
            references.append((name, match["reference"]))
    return Resource(
        name=entry["name"],
        path=entry["path"],
        key=tuple(entry.get("key") or ()),
        description=entry.get("description") or "",
        columns=tuple(columns),
        references=tuple(references),
    )
