"""Every number that a run prints can be asked about, and what its terms add up to is the number.

Walked: all numbers of summary.json and of the note, and rows of every table; of the founding question, of every example,
and of a question about oil. Short horizons by default; the founding run as it is published is marked slow.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from polynya.cli import main
from polynya.pipeline import EXAMPLES, FOUNDING, answer, publish
from polynya.results.addresses import asked, asked_text, numbers, of_row, of_summary
from polynya.results.answer import Question
from polynya.results.explain import FORMS, explain, explain_text
from polynya.results.explain_oil import OIL_FORMS
from polynya.results.folder import Run, open_run
from polynya.results.summary import summary_text

OIL = EXAMPLES / "refineries-2025" / "scenario.yaml"
SCENARIOS = sorted(p for p in EXAMPLES.rglob("*.yaml") if "claims" not in p.name)
MUSD = 0.5 + 1e-6  # money is printed in whole millions


def made(folder: Path, scenario: Path, months: int | None) -> Run:
    return open_run(publish(answer(Question(scenario=scenario, months=months)), folder / "run").folder)


@pytest.fixture(scope="module")
def founding(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return made(tmp_path_factory.mktemp("founding"), FOUNDING, 1)


@pytest.fixture(scope="module")
def oil(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return made(tmp_path_factory.mktemp("oil"), OIL, 1)


def printed_as(value: float, found: float) -> bool:
    """Whether a number of a trace is printed as a number of the summary: rounded to as many digits as it has, or as per cent."""
    digits = next((d for d in range(6) if round(value, d) == value), None)
    size = 1e-9 * abs(value) + (0.5 * 10**-digits if digits is not None else 0.0)
    return any(abs(x - value) <= size for x in (found, 100.0 * found))


def walk(run: Run) -> Iterator[tuple[tuple[str | int, ...], str, float, dict[str, Any]]]:
    traces: dict[str, dict[str, Any]] = {}
    for path, value in numbers(run.summary):
        address = of_summary(run.summary, path)
        assert address, f"{path} has no address"
        if address not in traces:
            traces[address] = explain(run, address)
            assert explain_text(traces[address]).startswith(address)
        yield path, address, value, traces[address]


def require_every_number(run: Run) -> None:
    for path, address, value, trace in walk(run):
        told = [v for _, v in numbers({"values": trace["values"], "document": trace.get("document")})]
        assert any(printed_as(value, v) for v in told), f"{path} is {value}, and {address} tells {told[:12]}"
        assert trace["equation"], address


def require_terms_add_up(run: Run) -> None:
    """The sum (or the weighted mean) of the terms is the value, term by term with an address of its own that agrees."""
    asked_of = {of_summary(run.summary, p) for p, _ in numbers(run.summary)}
    for address in sorted(asked_of):
        kind = address.split("/")[0]
        trace = explain(run, address)
        terms, [value] = trace["terms"], trace["values"][:1]
        if kind in ("gains", "owners"):
            assert terms, address
            for case in ("baseline", "scenario"):
                total = sum(t[f"musd_{case}"] for t in terms)
                assert total == pytest.approx(value[f"musd_{case}"], rel=1e-9, abs=1e-6), address
        elif kind == "supply":
            assert sum(t["bcm_scenario"] for t in terms) == pytest.approx(value["bcm_scenario"], rel=1e-9), address
        elif kind == "flows":
            assert sum(t["quantity_scenario"] for t in terms) == pytest.approx(value["quantity_scenario"], abs=1e-9)
        elif kind == "prices":
            weight = sum(t["weight_bcm"] for t in terms)
            mean = sum(t["weight_bcm"] * t["price_scenario"] for t in terms) / weight
            assert mean == pytest.approx(value["price_scenario"], rel=1e-9), address


def require_rows(run: Run) -> None:
    forms = OIL_FORMS if run.manifest.get("market") == "oil" else FORMS
    for table in run.tables():
        frame = run.table(table)
        for i in sorted({0, frame.height // 2, frame.height - 1}) if frame.height else ():
            address = of_row(table, frame.row(i, named=True), forms)
            trace = explain(run, address)
            assert trace["values"] or trace["gates"], address
            assert explain_text(trace)


def require_note(run: Run) -> None:
    """Each number of the note is one of the summary's, as it is printed there, or stands in one of its sentences or names."""
    known: set[str] = set()
    for _, value in numbers(run.summary):
        for shown in (value, abs(value)):
            known |= (
                {f"{shown:,.{d}f}" for d in range(4)}
                | {f"{shown:+,.{d}f}" for d in range(4)}
                | {f"{shown:.1e}", f"{shown:.0f}", f"{shown:.2f}"}
            )
        known |= {f"{100 * value:.0f}"}
    words = " ".join(strings(run.summary))
    note = summary_text(run.summary)
    for token in re.findall(r"(?<![\w.-])[+-]?\d[\d,]*(?:\.\d+)?(?:e-?\d+)?(?![\w])", note):
        token = token.rstrip(",")
        undone = run.summary["changes"]
        counted = {
            str(len(undone)),
            str(len(run.summary["conditions_assumed_met"])),
            str(len(run.summary["conditions_without_claim"])),
        }
        counted |= {
            str(len(run.summary.get("europe", ()))),
            *(str(n) for n in range(len(run.summary.get("deals", {}).get("objections", ())) + 5)),
        }
        assert token in known or token.lstrip("+-") in words or token in counted, (
            f"{token} of the note is nowhere in the summary"
        )


def strings(document: Any) -> Iterator[str]:
    if isinstance(document, dict):
        for value in document.values():
            yield from strings(value)
    elif isinstance(document, list):
        for value in document:
            yield from strings(value)
    elif isinstance(document, str):
        yield document


def require_all(run: Run) -> None:
    require_every_number(run)
    require_terms_add_up(run)
    require_rows(run)
    require_note(run)


def test_every_number_of_the_founding_question_has_an_address(founding: Run) -> None:
    require_all(founding)


def test_every_number_of_a_question_about_oil_has_an_address(oil: Run) -> None:
    require_every_number(oil)
    require_terms_add_up(oil)
    require_rows(oil)


@pytest.mark.slow
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_every_number_of_every_example_as_published(scenario: Path, tmp_path: Path) -> None:
    run = made(tmp_path, scenario, None)
    require_every_number(run)
    require_terms_add_up(run)
    require_rows(run)
    if run.manifest.get("market") != "oil":
        require_note(run)


def test_a_sum_leads_on_to_its_terms_and_to_facts(founding: Run) -> None:
    europe = explain(founding, "supply/RU/EU")
    assert {t["node"] for t in europe["terms"]} <= set(founding.summary["european_union"])
    assert europe["facts"]
    for term in europe["terms"][:3]:
        assert explain(founding, term["ask"])["values"][0]["bcm_scenario"] == pytest.approx(term["bcm_scenario"])
    gains = explain(founding, "gains/Asia")
    assert explain(founding, gains["terms"][0]["ask"])["terms"]


def test_what_all_gain_together_is_the_sum_of_four_groups(founding: Run) -> None:
    total = explain(founding, "gains/total")
    assert {t["group"] for t in total["terms"]} == {"consumers", "producers", "operators", "states"}
    assert total["values"][0]["musd_change"] == pytest.approx(founding.summary["gains"]["total_musd"], abs=MUSD)


@pytest.mark.parametrize(
    ("address", "hint"),
    [
        ("prices/Eurpe", "Did you mean Europe?"),
        ("prise/Europe", "Did you mean prices"),
        ("supply/RU/EUU", "Did you mean"),
        ("gains/gazpron", "Did you mean gazprom?"),
        ("gates/nord-stream-9", "polynya explain"),
        ("storage/storage-dx/2025-11", "Did you mean"),
    ],
)
def test_an_address_that_is_not_known_is_answered_with_what_it_may_have_meant(
    founding: Run, address: str, hint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", str(founding.folder), address]) in (2, 6)
    assert hint in capsys.readouterr().err


@pytest.mark.parametrize(
    ("one", "other"),
    [("price/europe", "prices/Europe"), ("prices/TTF", "prices/NL"), ("gain/Middle East", "gains/middle-east")],
)
def test_two_ways_to_ask_are_one_question(founding: Run, one: str, other: str) -> None:
    assert explain(founding, one)["values"] == explain(founding, other)["values"]


def test_without_an_address_it_says_what_can_be_asked(founding: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", str(founding.folder)]) == 0
    text = capsys.readouterr().out
    found = asked(founding, FORMS)
    assert text.strip() == asked_text(found).strip()
    assert {"prices/Europe", "gains/total", "world/full-share"} <= {n["address"] for n in found["note"]}
    for form in found["forms"]:
        assert not form["example"] or explain(founding, form["example"])
