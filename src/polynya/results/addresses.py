"""Which address has a number? (path in summary.json, or row of a table -> address that `explain` answers; what can be asked)

Every number that a run prints has one: in the note and in summary.json by `of_summary`, in the tables by `of_row`. Tables
that need no sum are answered row by row: TABLE/KEY/KEY. `tests/results/test_addresses.py` walks all of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from polynya.results.folder import Run

Path = tuple[str | int, ...]
# Tables whose rows are answered as they stand, and the columns that name one.
ROWS = {
    "storage": ("storage", "period"),
    "rents": ("kind", "id", "period"),
    "markups": ("trader", "node", "period"),
    "legs": ("arc", "period"),
    "fleets": ("fleet", "period"),
    "ownership": ("owned", "owner", "kind"),
    "owner_terms": ("holder", "of"),
    "gain_terms": ("group", "id", "kind"),
    "findings": ("id", "regime"),
    "standing": ("id", "measure"),
    "flips": ("what", "id", "regime"),
    "measures": ("id",),
    "sources": ("id",),
    "changes": ("id",),
    "conditions": ("id",),
    "claims": ("id",),
    "periods": ("period",),
    "nodes": ("id",),
    "facts": ("subject", "attribute"),
    "bans": ("trader",),
    "trace": ("table", "id"),
}
COUNTED = {
    "claims_used": "claims",
    "months": "periods",
    "from": "periods",
    "conditions_assumed_met": "conditions",
    "conditions_without_claim": "conditions",
    "conditions_not_met": "conditions",
}


def of_summary(summary: Mapping[str, Any], path: Path) -> str:
    """The address of what stands at a path of summary.json; blank for what is no number of a run (its own title)."""
    head, rest = str(path[0]), path[1:]
    entry = summary[head]
    row = entry[rest[0]] if rest and isinstance(entry, list) and isinstance(rest[0], int) else None
    if head in COUNTED:
        return COUNTED[head]
    if head == "europe_price":
        return "prices/Europe"
    if head == "hubs" and row is not None:
        return f"prices/{row['nodes'][0]}" if "nodes" in row else _of_good(summary, row)
    if head == "corridors" and row is not None:
        return f"flows/{row['corridor']}"
    if head == "suppliers_of_europe" and row is not None:
        return f"supply/{row['supplier']}/{'EU' if str(rest[1]).startswith('eu_') else 'Europe'}"
    if head == "world_balance":
        return "world/full-share" if rest[0] == "full_share" else f"world/{rest[1]}"
    if head == "gains":
        return _of_gain(entry, rest)
    if head == "owners" and row is not None:
        return f"owners/{row['holder']}"
    if head == "gates" and row is not None:
        return f"gates/{row['subject']}"
    if head == "trust":
        return _of_trust(rest)
    if head in ("refineries", "below_least_load") and row is not None:
        return f"utilisation/{row['refinery']}"
    if head == "crude" and row is not None:
        return f"crude/{row['refinery']}/{row['route']}"
    if head == "regions" and row is not None:
        return f"balance/{row['region']}/{row['product']}"
    if head == "margins" and row is not None:
        return f"margins/{row['refinery']}/{row['holder']}"
    if head == "stakes" and row is not None:
        return f"stakes/{row['refinery']}/{row['holder']}"
    if head == "deals":
        return (
            "deals"
            if row is None and rest[:1] != ("objections",)
            else f"changes/{entry['objections'][rest[1]]['change']}"
        )
    if head == "changes" and row is not None:
        return f"changes/{row['id']}"
    return ""


def _of_good(summary: Mapping[str, Any], hub: Mapping[str, Any]) -> str:
    region = next(r for r in summary["regions"] if r["name"] == hub["hub"])
    return f"balance/{region['region']}/{region['product']}"


def _of_gain(gains: Mapping[str, Any], rest: Path) -> str:
    if rest[0] == "total_musd":
        return "gains/total"
    row = gains[str(rest[0])][rest[1]]
    return f"gains/consumers/{row['region']}" if "region" in row else f"gains/{row['group']}/{row['id']}"


def _of_trust(rest: Path) -> str:
    part = {
        "worst_residual": "certificate",
        "certificate_passed": "certificate",
        "facts_percent": "facts",
        "calibration": "calibration",
        "last_calibrated_year": "calibration",
        "banner": "notes",
        "notes": "notes",
        "anchored": "notes",
    }.get(str(rest[0]), str(rest[0]))
    return f"trust/{part}"


def numbers(document: Any, path: Path = ()) -> Iterator[tuple[Path, float]]:
    """Every number of a JSON document, with its path."""
    if isinstance(document, Mapping):
        for key, value in document.items():
            yield from numbers(value, (*path, str(key)))
    elif isinstance(document, list):
        for i, value in enumerate(document):
            yield from numbers(value, (*path, i))
    elif isinstance(document, int | float) and not isinstance(document, bool):
        yield path, document


def of_row(table: str, row: Mapping[str, Any], forms: Mapping[str, Sequence[str]]) -> str:
    """The address of a row of a table; the keys of `forms` where it has one, else those of ROWS."""
    if table == "gains":
        return f"gains/{row['group']}/{row['id']}"
    if table == "gates":
        return f"gates/{row['subject']}"
    keys = forms.get(table) or ROWS[table]
    return "/".join([table, *(str(row[k]) for k in keys)])


def asked(run: Run, forms: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """What can be asked of a run: addresses of the note's numbers, forms of addresses with an example each, places."""
    from polynya.results.sums import places

    summary = run.summary
    note: dict[str, list[float]] = {}
    for path, value in numbers(summary):
        address = of_summary(summary, path)
        if address:
            note.setdefault(address, []).append(value)
    shown = []
    for table in run.tables():
        names = forms.get(table) or ROWS.get(table)
        if names:
            first = run.table(table).head(1).to_dicts()
            example = of_row(table, first[0], forms) if first else ""
            shown.append({"form": "/".join([table, *(n.upper() for n in names)]), "example": example})
    return {
        "note": [{"address": a, "numbers": v} for a, v in note.items()],
        "forms": shown,
        "places": places(run) if run.manifest.get("market") != "oil" else [],
    }


def asked_text(found: Mapping[str, Any]) -> str:
    """The same as text."""
    from polynya.console import table

    def few(values: Sequence[float]) -> str:
        text = ", ".join(f"{v:,.4g}" if abs(v) < 1000 else f"{v:,.0f}" for v in values[:5])
        return text + (f" and {len(values) - 5} more" if len(values) > 5 else "")

    lines = [
        "Numbers of the note",
        table(["address", "numbers"], [[n["address"], few(n["numbers"])] for n in found["note"]]),
    ]
    lines += [
        "",
        "Everything else, row by row",
        table(["form", "example"], [[f["form"], f["example"]] for f in found["forms"]]),
    ]
    if found["places"]:
        lines += [
            "",
            f"A node may also be a place: {', '.join(found['places'])}, a country, or a hub (TTF, NBP, THE, PSV, HH, JKM). Leave out the",
        ]
        lines += [
            "period for the whole horizon: prices/Europe, supply/RU/EU, flows/nord-stream-2-b, gains/Asia, production/NO, gains/producers."
        ]
    return "\n".join(lines)
