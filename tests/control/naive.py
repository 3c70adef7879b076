"""A second implementation, written to be read: exact rationals, whole sweeps, no cleverness."""

from __future__ import annotations

from fractions import Fraction

Holding = tuple[str, str, str, Fraction, Fraction]  # owner, owned, kind, lower and upper end as shares of one

HALF = Fraction(1, 2)


def naive_closure(holdings: list[Holding], sources: set[str], title_needed, control: bool, upper: bool) -> set[str]:
    """Sweep over every id until nothing changes. `title_needed(sum)` says whether a sum of title meets the test."""
    inside = set(sources)
    ids = {h[0] for h in holdings} | {h[1] for h in holdings}
    changed = True
    while changed:
        changed = False
        for identity in ids - inside:
            for kind in ("title", "votes", "board", "contract", "trustee"):
                if kind != "title" and not control:
                    continue
                mine = [h for h in holdings if h[1] == identity and h[2] == kind]
                low = sum((h[3] for h in mine if h[0] in inside), Fraction(0))
                if upper:
                    others = sum((h[3] for h in mine if h[0] not in inside), Fraction(0))
                    held = min(sum((h[4] for h in mine if h[0] in inside), Fraction(0)), 1 - others)
                else:
                    held = low
                meets = title_needed(held) if kind == "title" else held > HALF
                if meets:
                    inside.add(identity)
                    changed = True
    return inside


def at_least_half(x: Fraction) -> bool:
    return x >= HALF


def more_than_half(x: Fraction) -> bool:
    return x > HALF


def naive_ofac(holdings: list[Holding], listed: set[str], upper: bool) -> set[str]:
    return naive_closure(holdings, listed, at_least_half, control=False, upper=upper)


def naive_eu(holdings: list[Holding], listed: set[str], upper: bool, before_july_2024: bool) -> set[str]:
    test = more_than_half if before_july_2024 else at_least_half
    return naive_closure(holdings, listed, test, control=True, upper=upper)


def naive_uk(holdings: list[Holding], listed: set[str], upper: bool) -> set[str]:
    reached: set[str] = set()
    for person in listed:
        reached |= naive_closure(holdings, {person}, more_than_half, control=True, upper=upper)
    return reached
