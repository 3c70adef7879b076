"""How is the method's paper assembled? (docstrings of `formulation`, `certificate`, schema -> docs/math/market.md)

The text lives beside the code it describes. `python -m polynya.market.paper` prints the document; a test compares it
with the file in docs/, so that neither can change alone.
"""

from __future__ import annotations

import inspect
import textwrap

from polynya.market import certificate, formulation
from polynya.market.schema import BY_NAME, TABLES

CHAPTERS = (
    ("What may be non-zero", ("prune",)),
    ("Variables", (
        "produced", "flows", "converted", "sold", "inframarginal", "offer_caps", "consumed", "in_transit", "stored",
        "joint_sales_of_groups", "invested",
    )),
    ("Constraints", (
        "balance_of_nodes", "balance_of_markets", "balance_in_transit", "sum_of_groups", "limit_production", "limit_arcs",
        "limit_conversions", "limit_storage", "limit_fleets", "limit_hubs", "limit_contracts",
    )),
)  # fmt: skip

# symbol, table, column, unit: Q quantity, M money, T ship-days, - none
SYMBOLS: tuple[tuple[str, str, str, str], ...] = (
    (r"D_m", "periods", "weight", "-"),
    (r"\theta_{tn}", "conduct", "theta", "-"),
    (r"a_{nm}", "demand", "intercept", "M/Q"),
    (r"b_{nm}", "demand", "slope", "M/Q²"),
    (r"\bar Q_{nm}", "demand", "fixed", "Q"),
    (r"v_{nm}", "demand", "value_of_lost_load", "M/Q"),
    (r"\bar x_{tnzm}", "production", "capacity", "Q"),
    (r"c_{tnzm}", "production", "cost", "M/Q"),
    (r"c'_{tnzm}", "production", "cost_slope", "M/Q²"),
    (r"K_{am}", "arcs", "capacity", "Q"),
    (r"c_{am}", "arcs", "cost", "M/Q"),
    (r"c'_{am}", "arcs", "cost_slope", "M/Q²"),
    (r"\lambda_a", "arcs", "loss", "-"),
    (r"g_{am}", "arcs", "tariff", "M/Q"),
    (r"h_{am}", "arcs", "tax", "M/Q"),
    (r"\sigma_{am}", "arcs", "ship_days", "T/Q"),
    (r"\ell_a", "arcs", "lag", "-"),
    (r"\eta_{cn}", "yields", "amount", "Q/Q"),
    (r"R_{cm}", "conversions", "capacity", "Q"),
    (r"c_{cm}", "conversions", "cost", "M/Q"),
    (r"g_{cm}", "conversions", "tariff", "M/Q"),
    (r"h_{cm}", "conversions", "tax", "M/Q"),
    (r"R_{Pm}", "plants", "capacity", "Q"),
    (r"W_{wm}", "storage", "working", "Q"),
    (r"I_{wm}", "storage", "injection", "Q"),
    (r"O_{wm}", "storage", "withdrawal", "Q"),
    (r"c_{wm}", "storage", "cost", "M/Q"),
    (r"\lambda_w", "storage", "loss", "-"),
    (r"l_{w0}", "storage", "initial", "Q"),
    (r"l_{wM}", "storage", "final", "Q"),
    (r"\underline l_{wm}", "storage", "minimum_fill", "Q"),
    (r"\underline V", "contracts", "minimum", "Q"),
    (r"\overline V", "contracts", "maximum", "Q"),
    (r"\kappa_{tnm}", "contracts", "inframarginal", "Q"),
    (r"\bar s_{tnm}", "caps", "maximum", "Q"),
    (r"\Sigma_{Fm}", "fleets", "ship_days", "T"),
    (r"\overline{T}_{Hm}", "hubs", "capacity", "T"),
    (r"\bar d_{im}", "investments", "maximum", "Q"),
    (r"I_{im}", "investments", "cost", "M/Q"),
)


def paper() -> str:
    """The whole document as Markdown."""
    parts = ["# The market", _text(formulation), _symbols()]
    for title, names in CHAPTERS:
        parts.append(f"## {title}")
        for name in names:
            parts.append(f"### {name.replace('_', ' ').capitalize()} (`{name}`)")
            parts.append(_text(getattr(formulation, name)))
    parts += ["## The certificate", _text(certificate)]
    return "\n\n".join(parts) + "\n"


def problem_folder() -> str:
    """The reference of the tables as Markdown, for docs/problem-folder.md."""
    parts = []
    for table in TABLES:
        needed = "required" if table.required else "optional"
        wild = f" `*` may stand in: {', '.join(table.expands)}." if table.expands else ""
        key = f" A row is named by {', '.join(table.key)}." if table.key else ""
        parts.append(
            f"### {table.name}.csv ({needed})\n\n{(key + wild).strip()}\n\n| column | | meaning |\n|---|---|---|"
        )
        rows = [
            f"| {c.name} | {'' if c.present else 'may be absent'}{'' if not c.present or c.nullable else 'never blank'} | {c.description} |"
            for c in table.columns
        ]
        parts[-1] += "\n" + "\n".join(rows)
    return "\n\n".join(parts) + "\n"


def _symbols() -> str:
    """Symbol -> column -> unit. Q, M and T are whatever units of quantity, money and ship-time the folder uses."""
    lines = ["## Symbols", "Q: quantity, M: money, T: ship-days, in whatever consistent units the folder uses.", ""]
    table = ["| symbol | column | unit | meaning |", "|---|---|---|---|"]
    for symbol, name, column, unit in SYMBOLS:
        meaning = next(c.description for c in BY_NAME[name].columns if c.name == column)
        table.append(f"| ${symbol}$ | `{name}.{column}` | {unit} | {meaning} |")
    return "\n".join([*lines[:2], "", *table])


def _text(thing: object) -> str:
    """A docstring without its indentation."""
    return textwrap.dedent(inspect.getdoc(thing) or "").strip()


if __name__ == "__main__":
    print(paper(), end="")
