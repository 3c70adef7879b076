"""A small world with the things that publishers' files name, and a command runner."""

from __future__ import annotations

from pathlib import Path

import pytest

from polynya.world import World, load_world
from polynya.world.load import REFERENCE

SOURCES = """id,title,publisher,url,published,accessed,licence,reliability,notice
own,Test,Test,,2024-01-01,2024-01-01,facts,own,
"""
NODES = """id,name,region,country,lat,lon,note
BE,Belgium and Luxembourg,Europe,BE,50.8,4.4,
DE,Germany,Europe,DE,51.2,10.4,
GB,United Kingdom,Europe,GB,52.9,-1.5,
JP,Japan,Asia,JP,36.2,138.3,
TR,Turkey,Europe,TR,39.0,35.2,
RU-EUR,Russia: European part,CIS,RU,55.7,45.0,
RU-WSIB,Russia: West Siberia,CIS,RU,66.5,76.0,
"""
ASSETS = """id,kind,name,node,operator,part_of,country,lat,lon,note,source,locator
grain-lng,lng-import,Isle of Grain LNG,GB,,,GB,51.4,0.7,,own,map
dragon-lng,lng-import,Dragon LNG,GB,,,GB,51.7,-5.0,,own,map
lng-import-japan,lng-import,Japan: import terminals,JP,,,JP,35.4,139.6,,own,map
storage-de,gas-storage,Germany: gas storage,DE,,,DE,52,9,,own,map
storage-gb,gas-storage,United Kingdom: gas storage,GB,,,GB,53,0,,own,map
"""
CORRIDORS = """id,name,asset,from_node,to_node,length_km,note,source,locator
iuk-gb-be,"Interconnector, Bacton to Zeebrugge",,GB,BE,,,own,map
nord-stream-1-a,"Nord Stream 1, string A",,RU-EUR,DE,,,own,map
"""
ALIASES = """id,alias,kind,language,valid_from,valid_to,source,locator
grain-lng,Grain LNG,alias,en,,,own,map
"""
FACTS = """subject,attribute,value,unit,valid_from,valid_to,source,locator,original_value,kind,note
RU-EUR,consumption_bcm,300,bcm,2021-01-01,2021-12-31,own,a,,assumption,
RU-WSIB,consumption_bcm,100,bcm,2021-01-01,2021-12-31,own,a,,assumption,
"""


@pytest.fixture
def small(tmp_path: Path) -> Path:
    base = tmp_path / "small"
    (base / "facts").mkdir(parents=True)
    for name in ("datapackage.yaml", "attributes.csv"):
        (base / name).write_bytes((REFERENCE / name).read_bytes())
    tables = {
        "sources.csv": SOURCES,
        "nodes.csv": NODES,
        "assets.csv": ASSETS,
        "corridors.csv": CORRIDORS,
        "aliases.csv": ALIASES,
        "facts/a.csv": FACTS,
    }
    for name, text in tables.items():
        (base / name).write_text(text)
    return base


@pytest.fixture
def world(small: Path) -> World:
    return load_world(small)


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path
