"""A run folder that somebody spoilt: it is refused by name, never shown, and never a traceback."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from polynya.cli import main
from tests.ensemble.conftest import small as small


@pytest.fixture(scope="module")
def run(small: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("run") / "r"
    assert main(["run", str(small / "coins.yaml"), "--world", str(small), "--out", str(out), "-q"]) == 0
    return out


def _swapped(path: Path) -> None:
    """A whole file of the right kind that says something else."""
    if path.suffix == ".parquet":
        frame = pl.read_parquet(path)
        numbers = [c for c, kind in frame.schema.items() if kind.is_float()]
        frame.with_columns(
            pl.col(numbers) + 1.0 if numbers and frame.height else pl.lit(1).alias("more")
        ).write_parquet(path)
    else:
        path.write_text(path.read_text() + " ")


SPOILT: dict[str, Callable[[Path], object]] = {
    "swapped": _swapped,
    "half": lambda path: os.truncate(path, path.stat().st_size // 2),
    "empty": lambda path: os.truncate(path, 0),
    "noise": lambda path: path.write_bytes(bytes(range(128, 256)) * 40),
    "deep": lambda path: path.write_text("[" * 100_000),
    "gone": Path.unlink,
    "a device": lambda path: (path.unlink(), path.symlink_to("/dev/zero")),
}
COMMANDS: dict[str, Callable[[Path, Path], list[str]]] = {
    "verify": lambda run, out: ["verify", str(run)],
    "explain": lambda run, out: ["explain", str(run), "prices/BB/2021-01"],
    "export": lambda run, out: ["export", str(run), "--to", "csv", "--out", str(out)],
}


def test_a_run_of_which_one_file_is_spoilt_is_refused_whatever_file_and_whatever_way(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = sorted(p.relative_to(run) for p in run.rglob("*") if p.is_file() and p.name != "timings.json")
    assert len(files) > 60
    done = 0
    for i, name in enumerate(files):
        # the manifest and what is read as JSON meet every way, the many tables one way each
        ways = list(SPOILT) if name.suffix == ".json" else [list(SPOILT)[i % len(SPOILT)]]
        for way in ways:
            copy = tmp_path / f"{done}"
            shutil.copytree(run, copy, copy_function=os.link)
            content = (copy / name).read_bytes()
            (copy / name).unlink()
            (copy / name).write_bytes(content)  # a file of its own: the others are shared with the good run
            SPOILT[way](copy / name)
            command = list(COMMANDS)[done % len(COMMANDS)] if name.suffix != ".json" else ""
            for asked in [command] if command else COMMANDS:
                if name.name == "manifest.json" and way == "swapped":
                    continue  # a blank more: the same document
                code = main([*COMMANDS[asked](copy, tmp_path / "out"), "--json"])
                said = json.loads(capsys.readouterr().out)
                assert code in ((6,) if way in ("gone", "a device") and name.name == "manifest.json" else (3, 5)), (
                    asked,
                    name,
                    way,
                    said,
                )
                assert name.name in json.dumps(said)
                assert not (tmp_path / "out").exists()
            done += 1
    assert done > 80


@pytest.mark.parametrize(
    "edit", ["price", "hash", "both hashes", "answers", "problems", "schema", "files", "certificate"]
)
def test_a_manifest_that_was_made_to_fit_does_not_help_a_wrong_number(
    run: Path, tmp_path: Path, edit: str, capsys: pytest.CaptureFixture[str]
) -> None:
    import hashlib

    copy = tmp_path / "copy"
    shutil.copytree(run, copy)
    table = copy / "answer" / "scenario" / "prices.parquet"
    manifest = json.loads((copy / "manifest.json").read_text())
    name = "answer/scenario/prices.parquet"
    if edit in ("price", "both hashes"):
        pl.read_parquet(table).with_columns(pl.col("price") * 1.001).write_parquet(table)
    if edit == "both hashes":  # who may write the folder may write the hash: the certificate is what is left
        manifest["files"][name] = hashlib.sha256(table.read_bytes()).hexdigest()
    if edit in ("answers", "problems"):  # the other case's, whole and certified, with the hashes to match
        part = edit.removesuffix("s")
        for name, other in (("baseline", "x"), ("scenario", "baseline"), ("x", "scenario")):
            (copy / part / name).rename(copy / part / other)
        manifest["files"] = {
            n: hashlib.sha256((copy / n).read_bytes()).hexdigest() for n in manifest["files"] if (copy / n).is_file()
        }
    if edit == "hash":
        manifest["files"][name] = "0" * 64
    if edit == "schema":
        manifest["schema"] = "polynya.run/9"
    if edit == "files":
        manifest["files"] = {"../../../etc/passwd": "0" * 64}
    if edit == "certificate":
        manifest["certificate"]["passed"] = False
    (copy / "manifest.json").write_text(json.dumps(manifest))
    if edit == "certificate":
        assert main(["export", str(copy), "--to", "csv", "--out", str(tmp_path / "out")]) == 5
    else:
        assert main(["verify", str(copy)]) == 5 if edit != "schema" else main(["export", str(copy), "--to", "csv"]) == 3
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize(
    "address",
    [
        "/",
        "//",
        "../../../etc/passwd",
        "prices/../../x",
        "prices/BB/2021-13",
        "prices/BB/\x00",
        "prices/" + "B" * 5000 + "/2021-01",
        "prices/<script>/2021-01",
        "flows/aa-bb/9999-99",
        "rm -rf /",
    ],
)
def test_an_address_of_nothing_is_told_apart_from_a_number(run: Path, address: str) -> None:
    assert main(["explain", str(run), address]) in (2, 6)


def test_spelling_of_the_kind_does_not_matter_and_no_month_means_the_mean(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def values(address: str) -> object:
        assert main(["explain", str(run), address, "--json"]) == 0
        return json.loads(capsys.readouterr().out)["values"]

    assert values("PRICES/BB/2021-01") == values("prices/BB/2021-01")
    mean = values("prices/BB")
    assert isinstance(mean, list)
    assert (mean[0]["price_baseline"], mean[0]["price_scenario"]) == (
        8.0,
        5.0,
    )
