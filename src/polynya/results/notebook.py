"""How does a run show itself in a notebook? (Run -> HTML; Run -> Altair charts)

The HTML is plain tables with every text escaped, no script and no style. The charts need the extra `plot`; each shows both
cases of a table of the run, and keeps its numbers (`chart.data`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

import polars as pl

from polynya.errors import NotFoundError, UsageError, did_you_mean
from polynya.market.seasons import first_day
from polynya.results.case import BASELINE, SCENARIO

if TYPE_CHECKING:
    from polynya.results.folder import Run

HUBS = ("NL", "DE", "US-GULF", "JP", "KR", "CN-COAST")
LARGEST = 12


def summary_html(summary: Mapping[str, Any], where: str = "") -> str:
    """Question, headline, prices by hub, gates, gains and what the numbers rest on."""
    trust = summary["trust"]
    hubs = [[h["hub"], *(_number(h[k]) for k in (BASELINE, SCENARIO, "change"))] for h in summary["hubs"]]
    gates = [[g["subject"], f"{g['opened']} of {g['gates']}"] for g in summary["gates"]]
    gains = [["consumers", c["region"], _number(c["musd"], 0)] for c in summary["gains"]["consumers"]]
    gains += [
        [g["group"], g["id"], _number(g["musd"], 0)]
        for k in ("largest_gains", "largest_losses")
        for g in summary["gains"][k][:3]
    ]
    parts = [
        f"<p><b>{_text(summary['title'])}</b><br>{_text(summary['question'])}</p>",
        f"<p>{_text(summary['headline'])}</p>",
        f"<p><i>{_text(trust['banner'])}</i></p>" if trust["banner"] else "",
        _table(f"Prices [{summary.get('price_unit', 'USD/MMBtu')}]", ["hub", BASELINE, SCENARIO, "change"], hubs),
        _table("Gates opened", ["what", "opened"], gates) if gates else "",
        _table("Who gains [million USD, discounted]", ["group", "who", "change"], gains),
        f"<p>Certificate {'passed' if trust['certificate_passed'] else 'FAILED'}. Facts behind it: "
        f"{_text(', '.join(f'{v} % {k}' for k, v in trust['facts_percent'].items()))}. {_text(where)}</p>",
    ]
    return "<div>" + "".join(parts) + "</div>"


def _text(value: object) -> str:
    return escape(str(value))


def _number(value: float | None, digits: int = 2) -> str:
    return "not determined" if value is None else f"{value:,.{digits}f}"


def _table(title: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    def line(cells: Sequence[str], tag: str) -> str:
        return "<tr>" + "".join(f"<{tag}>{_text(c)}</{tag}>" for c in cells) + "</tr>"

    body = "".join(line(r, "td") for r in rows)
    return f"<table><caption>{_text(title)}</caption><thead>{line(head, 'th')}</thead><tbody>{body}</tbody></table>"


class Plots:
    """`run.plot.prices()`, `.flow("nord-stream-2-b")`, `.supply("DE")`, `.gains()`: Altair charts of a run's tables."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def __call__(self) -> Any:
        """Prices at the hubs."""
        return self.prices()

    def prices(self, nodes: Sequence[str] = ()) -> Any:
        """Price by month at some nodes, the hubs by default [USD/MMBtu; oil: USD/bbl]; dashed: baseline. Raises NotFoundError."""
        frame = self._run.table("prices").filter(pl.col("determined"))
        wanted = list(nodes) or [h for h in HUBS if h in set(frame["node"])] or frame["node"].unique().to_list()[:6]
        long = _long(_only(frame, "node", wanted), "price", ["node", "period"])
        return _lines(long, "node", self._run.summary.get("price_unit", "USD/MMBtu"), "Prices")

    def flow(self, *arcs: str) -> Any:
        """Flow by month on some arcs [bcm in the month; oil: million barrels]; dashed: baseline. Raises NotFoundError."""
        if not arcs:
            raise UsageError("which flow?", fix='For example run.plot.flow("nord-stream-2-b").')
        long = _long(_only(self._run.table("flows"), "arc", list(arcs)), "quantity", ["arc", "period"])
        oil = self._run.manifest.get("market") == "oil"
        return _lines(long, "arc", "million barrels in the month" if oil else "bcm in the month", "Flows")

    def supply(self, *nodes: str) -> Any:
        """Who supplies some nodes, all by default: bcm over all months in both cases, the largest suppliers."""
        frame = self._run.table("supply")
        frame = _only(frame, "node", list(nodes)) if nodes else frame
        total = frame.group_by("supplier").agg(pl.col(f"bcm_{c}").sum() for c in (BASELINE, SCENARIO))
        top = total.sort(pl.max_horizontal(f"bcm_{BASELINE}", f"bcm_{SCENARIO}"), descending=True).head(LARGEST)
        chart = _altair().Chart(_long(top, "bcm", ["supplier"]), title="Who supplies")
        return chart.mark_bar().encode(
            x="bcm:Q",
            y=_altair().Y("supplier:N", sort="-x"),
            yOffset="case:N",
            color="case:N",
            tooltip=["supplier", "case", "bcm"],
        )

    def gains(self, group: str = "") -> Any:
        """Largest changes of discounted income [million USD]: all groups but consumers, or one group."""
        frame = self._run.table("gains")
        frame = _only(frame, "group", [group]) if group else frame.filter(pl.col("group") != "consumers")
        top = (
            frame.sort(pl.col("musd_change").abs(), descending=True).head(LARGEST).select("group", "id", "musd_change")
        )
        chart = _altair().Chart(top, title="Who gains [million USD, discounted]")
        return chart.mark_bar().encode(
            x="musd_change:Q", y=_altair().Y("id:N", sort="-x"), color="group:N", tooltip=["group", "id", "musd_change"]
        )


def _altair() -> Any:
    try:
        import altair
    except ImportError:
        raise UsageError("plots need the extra `plot`", fix="pip install polynya[plot]") from None
    return altair


def _only(frame: pl.DataFrame, column: str, wanted: list[str]) -> pl.DataFrame:
    known = frame[column].unique().to_list()
    for name in wanted:
        if name not in known:
            raise NotFoundError(f'the run has no {column} "{name}".', fix=did_you_mean(name, known))
    return frame.filter(pl.col(column).is_in(wanted))


def _long(frame: pl.DataFrame, value: str, keys: list[str]) -> pl.DataFrame:
    """keys, case, value."""
    cases = [
        frame.select(*keys, pl.lit(c).alias("case"), pl.col(f"{value}_{c}").alias(value)) for c in (BASELINE, SCENARIO)
    ]
    return pl.concat(cases)


def _lines(long: pl.DataFrame, item: str, unit: str, title: str) -> Any:
    value = long.columns[-1]
    alt = _altair()
    long = long.with_columns(pl.col("period").map_elements(first_day, return_dtype=pl.Date).alias("month"))
    dash = alt.StrokeDash("case:N", scale=alt.Scale(domain=[SCENARIO, BASELINE], range=[[1, 0], [5, 4]]))
    return (
        alt.Chart(long, title=f"{title} [{unit}]")
        .mark_line()
        .encode(
            x=alt.X("month:T", title=None),
            y=alt.Y(f"{value}:Q", title=unit),
            color=f"{item}:N",
            strokeDash=dash,
            tooltip=[item, "period", "case", alt.Tooltip(f"{value}:Q", format=".3f")],
        )
    )
