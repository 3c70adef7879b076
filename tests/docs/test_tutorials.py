"""Every command of a tutorial works, from top to bottom, in an empty folder, and prints what the page says it prints.

A fenced block with `file=NAME` is written to NAME. In a `console` block lines after `$ ` are run; the lines below one are
what it prints: `...` alone stands for any lines, inside a line for any text.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

TUTORIALS = Path(__file__).resolve().parents[2] / "docs" / "tutorials"
NAMES = sorted(p.stem for p in TUTORIALS.glob("*.md")) if TUTORIALS.is_dir() else []
QUICK = ("your-own-ice",)
FENCE = re.compile(r"^```(?P<info>[^\n]*)\n(?P<body>.*?)^```$", re.S | re.M)
pytestmark = pytest.mark.skipif(not NAMES, reason="a wheel has no docs/")


def steps(text: str) -> list[tuple[str, str, str]]:
    """(kind, what, content): ("file", name, text) or ("run", command, expected output)."""
    out = []
    for block in FENCE.finditer(text):
        named = re.search(r"file=(\S+)", block["info"])
        if named:
            out.append(("file", named[1], block["body"]))
        elif block["info"].strip() == "console":
            for part in re.split(r"^\$ ", block["body"], flags=re.M)[1:]:
                command, _, expected = part.partition("\n")
                out.append(("run", command, expected))
    return out


def pattern(expected: str) -> re.Pattern[str]:
    """Lines as a pattern: `...` alone is any lines, inside a line any text."""
    parts = []
    for line in expected.splitlines():
        inside = r"[^\n]*".join(re.escape(p) for p in line.rstrip().split("..."))
        parts.append(r"(?:[^\n]*\n)*?" if line.strip() == "..." else inside + r"[ ]*\n")
    return re.compile("".join(parts))


def test_a_pattern_is_strict_about_what_is_written_and_free_about_the_rest() -> None:
    page = pattern("a\n...\nb ... c\n")
    assert page.fullmatch("a\nb x c\n")
    assert page.fullmatch("a\nanything\nmore\nb 1 2 c\n")
    assert not page.fullmatch("a\nb x d\n")
    assert not page.fullmatch("b x c\n")


@pytest.mark.parametrize("name", [n if n in QUICK else pytest.param(n, marks=pytest.mark.slow) for n in NAMES])
def test_the_tutorial_works(name: str, tmp_path: Path) -> None:
    found = steps((TUTORIALS / f"{name}.md").read_text(encoding="utf-8"))
    assert any(kind == "run" for kind, _, _ in found)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    for kind, what, content in found:
        if kind == "file":
            target = tmp_path / what
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(content, encoding="utf-8")
            continue
        run = subprocess.run(
            ["bash", "-c", what],
            cwd=tmp_path,
            env={**os.environ, "PATH": path},
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode == 0, f"{what}\n{run.stderr}"
        assert pattern(content).fullmatch(run.stdout), f"{what} printed\n{run.stdout[:3000]}\nnot\n{content}"


@pytest.mark.slow
def test_the_ban_of_the_tutorial_ends_what_it_bans(tmp_path: Path) -> None:
    """What the tutorial about a sanction is for: the flows themselves, not only that commands work."""
    import polars as pl

    from polynya.world import load_world

    test_the_tutorial_works("your-own-sanction", tmp_path)
    bloc = (
        load_world().table("blocs").filter((pl.col("bloc") == "EU") & pl.col("valid_to").is_null())["country"].to_list()
    )
    supply = pl.read_parquet(tmp_path / "my-ban" / "tables" / "supply.parquet").filter(pl.col("supplier") == "NG")
    inside = supply.filter(pl.col("node").is_in(bloc))
    assert inside["bcm_baseline"].sum() > 0.5
    assert inside["bcm_scenario"].sum() == pytest.approx(0.0, abs=1e-6)
    assert supply["bcm_scenario"].sum() > 0.5  # it is sold elsewhere
