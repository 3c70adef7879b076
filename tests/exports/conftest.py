"""Two small runs: one whose answer is known by hand, one whose every text tries to do harm."""

from __future__ import annotations

from pathlib import Path

import pytest

from polynya.cli import main
from polynya.world.load import REFERENCE
from tests.results.test_run import FILES, SCENARIO

FORMULA = '=HYPERLINK("http://evil.example","x")'
HTML = "</script><img src=x onerror=alert(1)>"


def write_world(folder: Path, files: dict[str, str]) -> Path:
    (folder / "facts").mkdir(parents=True)
    for name in ("datapackage.yaml", "attributes.csv"):
        (folder / name).write_bytes((REFERENCE / name).read_bytes())
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The hand-made run of `tests/results/test_run.py`: AA sells to BB over one line that the scenario opens."""
    folder = write_world(tmp_path_factory.mktemp("exports") / "world", FILES)
    (folder / "s.yaml").write_text(SCENARIO)
    out = folder.parent / "run"
    assert main(["run", str(folder / "s.yaml"), "--world", str(folder), "--out", str(out), "-q"]) == 0
    return out


@pytest.fixture(scope="session")
def evil_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same run with a formula or an element in every text that a user may write."""
    quoted = '"' + FORMULA.replace('"', '""') + '"'
    files = dict(FILES)
    files["nodes.csv"] = files["nodes.csv"].replace("Aland", quoted).replace("Beland", f"@SUM(1+1)*cmd {HTML}")
    files["corridors.csv"] = files["corridors.csv"].replace("Line", quoted)
    files["traders.csv"] = files["traders.csv"].replace(",A,", f",{quoted},").replace(",B,", f',"+1+{HTML}",')
    files["gates.csv"] = files["gates.csv"].replace("broken", f"-1{HTML}")
    files["sources.csv"] = files["sources.csv"].replace("Page", quoted).replace("TSO", f"=1+1{HTML}")
    files["facts/f.csv"] = files["facts/f.csv"].replace("tso,t,", f"tso,{quoted},")
    folder = write_world(tmp_path_factory.mktemp("evil") / "world", files)
    text = "'" + FORMULA + HTML + "'"
    scenario = SCENARIO.replace("The line opens", text).replace("taken as given", text)
    scenario = scenario.replace("because: [a1]}", f"because: [a1], text: {text}}}")
    (folder / "s.yaml").write_text(scenario, encoding="utf-8")
    out = folder.parent / "run"
    assert main(["run", str(folder / "s.yaml"), "--world", str(folder), "--out", str(out), "-q"]) == 0
    return out
