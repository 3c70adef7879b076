"""Do the tools of others accept what we write? Run by hand where they are installed: pytest -m peer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from polynya.cli import main

pytestmark = pytest.mark.peer


def exported(capsys, form: str) -> str:
    assert main(["control", "export", "--format", form, "--as-of", "2025-03-13"]) == 0
    return capsys.readouterr().out


def test_bods_schema(capsys, tmp_path: Path) -> None:
    """The published schema of BODS 0.4, as libcovebods carries it, finds no fault."""
    pytest.importorskip("libcovebods")
    from libcovebods.config import LibCoveBODSConfig
    from libcovebods.data_reader import DataReader
    from libcovebods.jsonschemavalidate import JSONSchemaValidator
    from libcovebods.schema import SchemaBODS

    file = tmp_path / "x.json"
    file.write_text(exported(capsys, "bods"))
    reader = DataReader(str(file))
    assert JSONSchemaValidator(SchemaBODS(reader, LibCoveBODSConfig())).validate(reader) == []


def test_followthemoney_keeps_every_property(capsys) -> None:
    """No value of ours is dropped when its model cleans it."""
    model = pytest.importorskip("followthemoney").model
    for line in exported(capsys, "ftm").splitlines():
        entity = json.loads(line)
        proxy = model.get_proxy(entity, cleaned=False)
        assert all(proxy.get(name) for name in entity["properties"])
