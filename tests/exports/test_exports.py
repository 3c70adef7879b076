"""What is exported is what the run says; each format is read here without the tool that it is made for."""

from __future__ import annotations

import csv
import json
import shutil
from itertools import pairwise
from pathlib import Path

import netCDF4
import polars as pl
import pytest

from polynya.cli import main
from polynya.market.problem import read_problem
from polynya.results.exports import FORMATS, export
from polynya.results.exports.geojson import great_circle
from polynya.results.exports.sheet import csv_text
from polynya.results.folder import Run, hashes
from polynya.tables import plain_cell
from tests.report.test_html import read


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def out(run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("out")
    for name in FORMATS:
        assert main(["export", str(run), "--to", name, "--out", str(folder / name)]) == 0
    return folder


@pytest.mark.parametrize("name", FORMATS)
def test_attributions_travel_along(out: Path, name: str) -> None:
    text = (out / name / "NOTICE.txt").read_text()
    assert "[facts]" in text
    assert "conditional answer, not a forecast" in text
    assert "neither calibrated nor anchored" in text
    assert [r["id"] for r in rows(out / name / "sources.csv")] == ["tso"]


def test_iamc_has_both_cases_of_the_hand_solved_price(out: Path) -> None:
    found = {(r["Scenario"], r["Region"], r["Variable"]): r for r in rows(out / "iamc" / "iamc.csv")}
    price = "Price|Primary Energy|Gas"
    assert float(found["hand baseline", "Beland", price]["2021-01-01"]) == pytest.approx(8.0, abs=1e-6)
    assert float(found["hand scenario", "Beland", price]["2021-02-01"]) == pytest.approx(5.0, abs=1e-6)
    line = found["hand scenario", "Aland>Beland", "Trade|Primary Energy|Gas|Volume|Pipeline"]
    assert float(line["2021-01-01"]) == pytest.approx(1.25, rel=1e-6)
    assert {r["Unit"] for r in found.values()} == {"USD/MMBtu", "bcm"}


def test_iamc_leaves_out_a_price_that_nothing_pins(run: Path, out: Path) -> None:
    loose = Run(run).table("prices").filter(~pl.col("determined"))["node"].unique().to_list()
    shown = {r["Region"] for r in rows(out / "iamc" / "iamc.csv") if r["Variable"].startswith("Price")}
    assert loose == ["AA"]  # nobody consumes there
    assert shown == {"Beland"}


@pytest.mark.parametrize("case", ["baseline", "scenario"])
def test_every_node_balances_in_the_pypsa_folder(out: Path, case: str) -> None:
    folder = out / "pypsa" / case
    balance: dict[tuple[str, str], float] = {}

    def add(table: str, series: str, bus: str, sign: float) -> None:
        at = {r["name"]: r[bus] for r in rows(folder / f"{table}.csv")}
        for row in rows(folder / f"{table}-{series}.csv"):
            for name, value in row.items():
                if name != "snapshot":
                    key = (row["snapshot"], at[name])
                    balance[key] = balance.get(key, 0.0) + sign * float(value)

    add("generators", "p", "bus", 1.0)
    add("loads", "p_set", "bus", -1.0)
    if (folder / "links.csv").exists():  # without capacity the problem has no line in the baseline
        add("links", "p0", "bus0", -1.0)
        add("links", "p1", "bus1", -1.0)
    assert len(balance) == (2 if case == "baseline" else 4)  # two months; Aland does nothing while the line is shut
    assert max(map(abs, balance.values())) < 1e-9


def test_geojson_draws_the_line_between_its_ends(out: Path) -> None:
    document = json.loads((out / "geojson" / "flows.geojson").read_text())
    (feature,) = document["features"]
    assert feature["geometry"] == {
        "type": "LineString",
        "coordinates": [[10.0, 60.0], [10.0, 56.66667], [10.0, 53.33333], [10.0, 50.0]],
    }  # a meridian
    assert feature["properties"]["scenario"] == pytest.approx(15.0, rel=1e-6)  # 2.5 bcm in two months
    assert feature["properties"]["scenario_by_month"] == pytest.approx([1.25, 1.25], rel=1e-6)


def test_a_line_over_the_date_line_is_cut_there() -> None:
    west, east = great_circle((170.0, 0.0), (-170.0, 0.0))
    assert west[-1] == [180.0, 0.0]
    assert east[0] == [-180.0, 0.0]
    assert all(abs(p[0]) <= 180.0 for p in west + east)
    # over the pole neighbours lie half a turn apart, and no piece jumps
    for part in great_circle((20.0, 80.0), (-160.0, 80.0)):
        assert all(abs(p[0] - q[0]) <= 180.0 for p, q in pairwise(part))


def test_netcdf_holds_the_arrays_with_their_units(out: Path) -> None:
    with netCDF4.Dataset(str(out / "netcdf" / "run.nc")) as file:
        assert list(file["case"][:]) == ["baseline", "scenario"]
        assert [str(d)[:10] for d in netCDF4.num2date(file["time"][:], file["time"].units)] == [
            "2021-01-01",
            "2021-02-01",
        ]
        at = list(file["node"][:]).index("BB")
        assert file["price"][:, at, :].tolist() == [
            pytest.approx([8.0, 8.0], abs=1e-6),
            pytest.approx([5.0, 5.0], abs=1e-6),
        ]
        assert file["price"].units == "USD/MMBtu"
        assert file["consumption"][1, at, 0] == pytest.approx(1.25, rel=1e-6)
        assert file["lat"][at] == 50.0
        assert "[facts]" in file.comment


def test_csv_is_every_table_and_the_package_describes_it(run: Path, out: Path) -> None:
    package = json.loads((out / "csv" / "datapackage.json").read_text())
    assert {r["name"] for r in package["resources"]} | {"sources"} == set(Run(run).tables())
    for resource in package["resources"]:
        with (out / "csv" / resource["path"]).open(encoding="utf-8", newline="") as file:
            header = next(csv.reader(file))
        assert [f["name"] for f in resource["schema"]["fields"]] == header


def test_a_season_counts_with_its_months(run: Path, tmp_path: Path) -> None:
    """The second month of the run taken for a season of six: 2.5 bcm in seven months, not in two."""
    copy = tmp_path / "copy"
    shutil.copytree(run, copy)
    spans = {"first_month": ["2021-01", "2021-02"], "last_month": ["2021-01", "2021-07"], "months": [1, 6]}
    pl.DataFrame({"period": ["2021-01", "2021-02"], **spans}).write_parquet(copy / "tables" / "periods.parquet")
    manifest = json.loads((copy / "manifest.json").read_text())
    manifest["files"], manifest["months"] = hashes(copy), 7
    (copy / "manifest.json").write_text(json.dumps(manifest))
    export(Run(copy), "geojson", tmp_path / "g")
    (flow,) = json.loads((tmp_path / "g" / "flows.geojson").read_text())["features"]
    assert flow["properties"]["scenario"] == pytest.approx(12 * 2.5 / 7, rel=1e-5)
    assert [r["months"] for r in rows(tmp_path / "g" / "periods.csv")] == ["1", "6"]
    export(Run(copy), "netcdf", tmp_path / "n")
    with netCDF4.Dataset(str(tmp_path / "n" / "run.nc")) as file:
        assert list(file["months"][:]) == [1, 6]
        assert (file["flow"].units, file["flow"].cell_methods) == ("bcm", "time: sum")


def test_an_oil_run_says_barrels(run: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(run, copy)
    manifest = json.loads((copy / "manifest.json").read_text())
    (copy / "manifest.json").write_text(json.dumps({**manifest, "market": "oil"}))
    export(Run(copy), "csv", tmp_path / "x")
    fields = json.loads((tmp_path / "x" / "datapackage.json").read_text())["resources"]
    prices = next(r for r in fields if r["name"] == "prices")["schema"]["fields"]
    assert next(f for f in prices if f["name"] == "price_scenario")["description"] == "USD/bbl"
    assert "USD/MMBtu" not in (tmp_path / "x" / "NOTICE.txt").read_text().split("Attributions")[0].split("barrels")[1]
    assert Run(copy).plot.flow("aa-bb").to_dict()["title"] == "Flows [million barrels in the month]"


def test_the_problem_is_the_same_problem(run: Path, out: Path) -> None:
    for case in ("baseline", "scenario"):
        mine, theirs = read_problem(out / "problem" / case), read_problem(run / "problem" / case)
        assert all(mine.tables()[n].equals(f) for n, f in theirs.tables().items())


def test_the_exported_problem_solves(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["market", "solve", str(out / "problem" / "scenario"), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert [p["price"] for p in answer["prices"] if p["node"] == "BB"] == pytest.approx([5.0, 5.0], abs=1e-6)


@pytest.mark.parametrize(
    "sign", ["=1+1", "+1+1", "-1+1", "@SUM(1)", "\t=1", "\r=1", "\n=1", "＝1", "＋1", "－1", "＠x"]
)
def test_a_cell_that_would_run_gets_an_apostrophe(sign: str) -> None:
    assert plain_cell(sign) == "'" + sign
    (row,) = csv.DictReader(csv_text(pl.DataFrame({"t": [sign], "n": [-1.5]})).splitlines(keepends=True))
    assert row == {"t": "'" + sign, "n": "-1.5"}  # a number stays a number


@pytest.mark.parametrize("text", ["plain", "a=b", "", "Düsseldorf", "'=1"])
def test_a_cell_that_does_not_run_stays_as_it_is(text: str) -> None:
    assert plain_cell(text) == text


@pytest.mark.parametrize("name", [n for n in FORMATS if n not in ("netcdf", "geojson")])
def test_no_exported_cell_is_a_formula(evil_run: Path, tmp_path: Path, name: str) -> None:
    export(Run(evil_run), name, tmp_path / name)
    seen = ""
    for path in (tmp_path / name).rglob("*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.reader(file):
                for cell in row:
                    seen += cell
                    if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n")):
                        float(cell)  # only a number may begin so
    assert "'=HYPERLINK" in seen  # the harm was there to be stopped


@pytest.mark.parametrize("name", ["iamc", "pypsa", "csv"])
def test_a_harmful_name_still_leaves_tables_that_join(evil_run: Path, tmp_path: Path, name: str) -> None:
    export(Run(evil_run), name, tmp_path / name)
    for path in (tmp_path / name).rglob("*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            widths = {len(r) for r in csv.reader(file)}
        assert len(widths) == 1, path


def test_geojson_carries_harmful_text_as_text(evil_run: Path, tmp_path: Path) -> None:
    export(Run(evil_run), "geojson", tmp_path / "g")
    names = {f["properties"]["name"] for f in json.loads((tmp_path / "g" / "nodes.geojson").read_text())["features"]}
    assert '=HYPERLINK("http://evil.example","x")' in names


def test_an_altered_run_is_not_exported(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(run, copy)
    path = copy / "tables" / "prices.parquet"
    pl.read_parquet(path).with_columns(pl.col("price_scenario") * 0.9).write_parquet(path)
    assert main(["export", str(copy), "--to", "csv", "--out", str(tmp_path / "out")]) == 3
    assert "tables/prices.parquet" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_failed_certificate_is_not_exported(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(run, copy)
    manifest = json.loads((copy / "manifest.json").read_text())
    manifest["certificate"]["passed"] = False
    (copy / "manifest.json").write_text(json.dumps(manifest))
    assert main(["export", str(copy), "--to", "csv", "--out", str(tmp_path / "out")]) == 5


def test_nothing_is_overwritten(run: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep")
    assert main(["export", str(run), "--to", "csv", "--out", str(tmp_path)]) == 2
    assert [p.name for p in tmp_path.iterdir()] == ["mine.txt"]


def test_a_mistyped_format_is_answered_with_the_nearest(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", str(run), "--to", "geojon"]) == 2
    assert "Did you mean geojson?" in capsys.readouterr().err


def test_json_lists_what_was_written(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", str(run), "--to", "iamc", "--out", str(tmp_path / "x"), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [f["file"] for f in document["files"]] == ["NOTICE.txt", "iamc.csv", "sources.csv"]
    assert all(f["bytes"] == (tmp_path / "x" / f["file"]).stat().st_size for f in document["files"])


def test_the_same_run_gives_the_same_bytes(run: Path, tmp_path: Path) -> None:
    for name in ("csv", "geojson", "iamc", "pypsa", "problem"):
        one, two = (export(Run(run), name, tmp_path / f"{name}{k}") for k in (1, 2))
        assert [p.read_bytes() for p in one] == [p.read_bytes() for p in two]


def test_harmful_names_do_nothing_in_the_report_of_their_run(evil_run: Path) -> None:
    html = (evil_run / "report.html").read_text(encoding="utf-8")
    found = read(html).found
    assert [tag for tag, _ in found].count("script") == 2  # the data and the bundle
    assert not {"img", "iframe", "object", "embed", "form"} & {tag for tag, _ in found}
    assert not any(name.startswith("on") or name == "style" for _, attributes in found for name in attributes)
    assert "&lt;img src=x" in html  # the harm was there, as text
    assert "HYPERLINK" in html


def test_harmful_names_do_nothing_in_a_notebook(evil_run: Path) -> None:
    html = Run(evil_run)._repr_html_()
    assert "<img" not in html
    assert "&lt;img src=x" in html
