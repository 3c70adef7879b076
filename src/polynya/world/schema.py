"""Which tables and columns does a world have? (datapackage.yaml -> resources)

A column reads `kind [!] [{a|b}] [[unit]] [-> table.column] [-- description]`; `!` forbids blank cells and
`-> @registry` means an id of anything that the world knows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import yaml

from polynya.errors import Fault, InputError
from polynya.tables import Column, Kind, read_text

REGISTRY = "@registry"
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
    # BaseLoader keeps every scalar a string; the file is part of a package, not free text of a user.
    document = cast(dict[str, Any], yaml.load(read_text(path), Loader=yaml.BaseLoader))  # noqa: S506
    if not isinstance(document, dict) or not isinstance(document.get("resources"), list):
        raise InputError(Fault("a data package needs a list of resources", file, 1, 1))
    return Package(
        name=str(document.get("name", "")),
        title=str(document.get("title", "")),
        version=str(document.get("version", "")),
        resources=tuple(_resource(entry, file) for entry in document["resources"]),
    )


def _resource(entry: dict[str, Any], file: str) -> Resource:
    if Path(entry["path"]).is_absolute() or ".." in Path(entry["path"]).parts:
        raise InputError(Fault(f'the path "{entry["path"]}" leaves the package', file, code="path"))
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
        key=tuple(entry.get("key", ())),
        description=entry.get("description", ""),
        columns=tuple(columns),
        references=tuple(references),
    )
