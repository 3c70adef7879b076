"""What must travel with exported numbers? (run -> NOTICE.txt, sources.csv)

What question the numbers answer and under which conditions, whether levels may be read, what made them, and the
attributions that the licences of the sources ask for.
"""

from __future__ import annotations

from collections.abc import Iterator

from polynya.results.exports.sheet import csv_text
from polynya.results.folder import Run
from polynya.world.notices import notices

UNITS = "Quantities in bcm at 40 MJ/m3 gross, prices in USD/MMBtu, money in million USD, as each file says."
OIL_UNITS = (
    "Quantities in million barrels or million tonnes, prices in USD/bbl, money in million USD, as each file says."
)
GUARD = "Text that a spreadsheet would run as a formula has an apostrophe before it."


def notice_files(run: Run, to: str) -> Iterator[tuple[str, str]]:
    """NOTICE.txt and sources.csv of an export; periods.csv where some periods are seasons."""
    yield "NOTICE.txt", notice_text(run, to)
    yield "sources.csv", csv_text(run.table("sources"))
    if "periods" in run.tables() and run.table("periods")["months"].max() != 1 and to != "csv":
        yield "periods.csv", csv_text(run.table("periods"))


def notice_text(run: Run, to: str) -> str:
    """The notice as text."""
    m, s = run.manifest, run.summary
    trust = s["trust"]
    lines = [
        s["title"],
        f"Exported as {to} from a run of Polynya {m['polynya']}: a conditional answer, not a forecast.",
        "",
        s["question"],
        s["headline"],
        f"Months: {m['months']} from {m['from']}. Scenario {m['scenario']['id']} (sha256 {m['scenario']['sha256']}) as of {m['as_of']}; world {' + '.join(m['world']['layers'])} ({m['world']['digest']}).",
        f"Conditions assumed met: {', '.join(s['conditions_assumed_met']) or 'none'}; taken as not met: {', '.join(s['conditions_not_met']) or 'none'}.",
        f"Certificate passed; worst residual {trust['worst_residual']:.1e}. Facts behind it: {', '.join(f'{v} % {k}' for k, v in trust['facts_percent'].items())}.",
        *([trust["banner"]] if trust["banner"] else []),
        *trust["notes"],
        "",
        OIL_UNITS if m.get("market") == "oil" else UNITS,
        GUARD,
        "",
        "Attributions of the sources (each source by itself in sources.csv)",
    ]
    for n in notices(run.table("sources").iter_rows(named=True)):
        who = ", ".join(n["sources"]) if len(n["sources"]) <= 3 else f"{len(n['sources'])} sources"
        lines.append(f"  [{n['licence']}] {n['notice']} ({who})")
    return "\n".join(str(line) for line in lines) + "\n"
