"""A tiny world, written by hand, that each test may bend."""

from __future__ import annotations

from pathlib import Path

import pytest

from polynya.world.load import REFERENCE

SOURCES = """id,title,publisher,url,published,accessed,licence,reliability,notice
tso,Transparency page,A network operator,https://example.org/tso,2021-01-01,2021-02-01,facts,company,
press,A newspaper,Press,https://example.org/press,2022-01-01,2022-02-01,facts,press,
law,A gazette,A state,https://example.org/law,2020-01-01,2020-02-01,facts,official,
"""
NODES = """id,name,region,country,lat,lon,note
AA,Aland,Europe,AA,60,10,
BB,Beland,Europe,BB,50,10,
"""
CORRIDORS = """id,name,asset,from_node,to_node,length_km,note,source,locator
aa-bb,Aland to Beland,,AA,BB,100,,tso,map
"""
FACTS_HEAD = "subject,attribute,value,unit,valid_from,valid_to,source,locator,original_value,kind,note\n"


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    (tmp_path / "facts").mkdir()
    for name in ("datapackage.yaml", "attributes.csv"):
        (tmp_path / name).write_bytes((REFERENCE / name).read_bytes())
    (tmp_path / "sources.csv").write_text(SOURCES)
    (tmp_path / "nodes.csv").write_text(NODES)
    (tmp_path / "corridors.csv").write_text(CORRIDORS)
    return tmp_path


def facts(folder: Path, *rows: str, name: str = "a.csv") -> None:
    (folder / "facts" / name).write_text(FACTS_HEAD + "\n".join(rows) + "\n")
