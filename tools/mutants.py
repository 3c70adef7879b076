"""Would the tests notice a bug in the model? (bugs planted one at a time -> which the tests kill, which survive)

    python tools/mutants.py            every mutant
    python tools/mutants.py 12 40      only these, by number

Each row of MUTANTS is one slip of the pen in the code that poses or writes the market. It is planted in the running program by
exchanging the code of the functions that it touches; then the tests of `TESTS` run until one fails. A mutant that every test
passes has survived: a test is missing, and the exit code is 1. What is known to change nothing stands in EQUAL with the reason.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import signal
import sys
import types
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TESTS = (
    "tests/market/test_by_hand.py",
    "tests/market/test_closed_forms.py",
    "tests/market/test_conversions.py",
    "tests/results/test_run.py",
    "tests/market/test_exactness.py",
    "tests/market/test_inputs.py",
    "tests/market/test_certificate.py",
    "tests/market/test_interval.py",
)
LONGEST_S = 300


@dataclass(frozen=True)
class Mutant:
    """`new` instead of `old` (the `nth` of them) in a module."""

    module: str
    old: str
    new: str
    nth: int = 0


F, IN, C, W, P, S = (
    f"polynya.{m}"
    for m in (
        "market.formulation",
        "market.inputs",
        "market.classes",
        "market.welfare",
        "world.capacity",
        "market.stocks",
    )
)
MUTANTS = (
    # the program: what a column costs and how far it may go
    Mutant(F, "linear=D * p.cost[e], quadratic=D * p.slope[e]", "linear=p.cost[e], quadratic=D * p.slope[e]"),
    Mutant(F, "linear=D * p.cost[e], quadratic=D * p.slope[e]", "linear=D * p.cost[e], quadratic=2 * D * p.slope[e]"),
    Mutant(F, "np.where(p.grows[e], np.inf, p.capacity[e])", "np.where(p.grows[e], np.inf, np.inf)"),
    Mutant(F, "unit = a.cost[e] + a.tariff[e] + a.tax[e]", "unit = a.cost[e] + a.tariff[e]"),
    Mutant(F, "unit = a.cost[e] + a.tariff[e] + a.tax[e]", "unit = a.cost[e] - a.tariff[e] + a.tax[e]"),
    Mutant(F, "quadratic=coded.weight[a.m[e]] * a.slope[e]", "quadratic=0 * a.slope[e]"),
    Mutant(F, "(users == 1) & ~a.grows[e], a.capacity[e], np.inf", "(users == 1) & ~a.grows[e], np.inf, np.inf"),
    Mutant(F, "unit = c.cost[e] + c.tariff[e] + c.tax[e]", "unit = c.cost[e] + c.tax[e]"),
    Mutant(F, "np.where(classes.group[k] >= 0, 0.0, classes.theta[k, d.n[e]]", "np.where(classes.group[k] >= 0, 0.0, 2 * classes.theta[k, d.n[e]]"),
    Mutant(F, "np.where(classes.group[k] >= 0, 0.0, classes.theta[k, d.n[e]]", "np.where(classes.group[k] >= 9, 0.0, classes.theta[k, d.n[e]]"),
    Mutant(F, "linear=-steep * volumes[k, e]", "linear=steep * volumes[k, e]"),
    Mutant(F, "upper=caps[k, e]", "upper=np.inf"),
    Mutant(F, "linear=-D * worth", "linear=-worth"),
    Mutant(F, "quadratic=D * np.where(d.elastic[e], d.b[e], 0.0)", "quadratic=2 * D * np.where(d.elastic[e], d.b[e], 0.0)"),
    Mutant(F, "upper=np.where(d.elastic[e], np.inf, d.fixed[e])", "upper=np.where(d.elastic[e], np.inf, 2 * d.fixed[e])"),
    Mutant(F, "cost = coded.weight[m] * s.cost[e]", "cost = 0 * s.cost[e]"),
    Mutant(F, "np.where(bounded, s.injection[e], np.inf)", "np.where(bounded, s.withdrawal[e], np.inf)"),
    Mutant(F, "np.where(bounded, s.working[e], np.inf)", "np.where(bounded, 2 * s.working[e], np.inf)"),
    Mutant(F, "linear=-steep * ahead, quadratic=steep", "linear=0 * ahead, quadratic=steep"),
    Mutant(F, "linear=coded.weight[m] * table[\"cost\"].to_numpy()", "linear=table[\"cost\"].to_numpy()"),
    # the program: rows
    Mutant(F, "-((1 - a.loss[use]) * (1 - a.lag[use]))[prompt]", "-(1 - a.lag[use])[prompt]"),
    Mutant(F, "-((1 - a.loss[use]) * (1 - a.lag[use]))[prompt]", "-(1 - a.loss[use])[prompt]"),
    Mutant(F, "-((1 - a.loss[use]) * (1 - a.lag[use]))[prompt]", "-((1 + a.loss[use]) * (1 - a.lag[use]))[prompt]"),
    Mutant(F, "activity.ids[run], -c.amount[leg]", "activity.ids[run], c.amount[leg]"),
    Mutant(F, "[own_out], withdrawal.ids[own_out], -1.0", "[own_out], withdrawal.ids[own_out], -0.9"),
    Mutant(F, "must = np.where(d.elastic | np.isfinite(d.voll), 0.0, -np.nan_to_num(d.fixed))", "must = np.zeros(d.m.size)"),
    Mutant(F, "((injection, 1.0), (withdrawal, -1.0))", "((injection, 1.0), (withdrawal, 1.0))"),
    Mutant(F, "-((1 - a.loss[e]) * a.lag[e])[late]", "-a.lag[e][late]"),
    Mutant(F, "coded.following[a.m[e]])[late]", "a.m[e])[late]"),
    Mutant(F, "upper=p.capacity[e[grows]]", "upper=0 * p.capacity[e[grows]]"),
    Mutant(F, "& ((users > 1) | a.grows))", "& (users > 1))"),
    Mutant(F, "span = program.rows(e.size, upper=a.capacity[e], e=e)", "span = program.rows(e.size, upper=2 * a.capacity[e], e=e)"),
    Mutant(F, "own = program.rows(e.size, upper=c.capacity[e], e=e)", "own = program.rows(e.size, upper=np.inf * np.ones(e.size), e=e)"),
    Mutant(F, "plant = program.rows(rows.size, upper=most[rows]", "plant = program.rows(rows.size, upper=2 * most[rows]"),
    Mutant(F, "injection.ids, -(1 - s.loss[injection[\"e\"]])", "injection.ids, -1.0"),
    Mutant(F, "closes = coded.cyclic &", "closes = ~coded.cyclic &"),
    Mutant(F, "np.where(s.grows, -np.inf, s.minimum)", "np.where(s.grows, -np.inf, 0 * s.minimum)"),
    Mutant(F, "lower=s.initial[given], upper=s.initial[given]", "lower=0 * s.initial[given], upper=s.initial[given]"),
    Mutant(F, "lower=s.final[asked], e=asked", "lower=0 * s.final[asked], e=asked"),
    Mutant(F, "program.enter(place, flow.ids, a.ship_days[e])", "program.enter(place, flow.ids, 1.0)"),
    Mutant(F, "span = program.rows(rows.size, upper=most[rows], hub", "span = program.rows(rows.size, upper=2 * most[rows], hub"),
    Mutant(F, "span = program.rows(table.height, lower=low, upper=high", "span = program.rows(table.height, lower=0 * low, upper=high"),
    Mutant(F, "span = program.rows(table.height, lower=low, upper=high", "span = program.rows(table.height, lower=low, upper=np.inf + 0 * low"),
    Mutant(F, "m > investment[\"m\"][i]", "m >= investment[\"m\"][i]"),
    Mutant(F, "volumes[k, here] += volume * share[d.m[here] - first]", "volumes[k, here] += volume"),
    Mutant(F, "np.minimum.at(", "np.add.at("),
    # who is merged with whom
    Mutant(C, "alone = (~taker) |", "alone = taker |"),
    Mutant(C, "law = np.packbits(coded.no_sale[t]).tobytes() +", "law = b\"\" +"),
    Mutant(C, "b\"|\" + np.packbits(coded.no_arc[t]).tobytes()", "b\"|\""),
    # from the world to the problem
    Mutant(IN, "weight=(1.0 + rate) ** (-i / 12.0)", "weight=(1.0 + rate) ** (-i)"),
    Mutant(IN, "days=float((last - first).days + 1)", "days=float((last - first).days)"),
    Mutant(IN, "slope = price / (-elasticity * quantity)", "slope = price / (-elasticity)"),
    Mutant(IN, "intercept=price + slope * quantity", "intercept=price - slope * quantity"),
    Mutant(IN, "grown *= 1.0 + found.value", "grown *= 1.0 - found.value"),
    Mutant(IN, "range(known + 1, month.year + 1)", "range(known, month.year + 1)"),
    Mutant(IN, "quantity *= self.maybe(node, \"demand_factor\"", "quantity += 0 * self.maybe(node, \"demand_factor\""),
    Mutant(IN, "level = price.value + self.maybe(", "level = price.value + 0 * self.maybe("),
    Mutant(IN, "base = low + (high - low) * start + tax", "base = low + (high - low) * start"),
    Mutant(IN, "base = low + (high - low) * start + tax", "base = low + tax"),
    Mutant(IN, "cost_slope=max(high - low, 0.0) * (end - start) / size", "cost_slope=max(high - low, 0.0) * (end - start)"),
    Mutant(IN, "total += days * found.value / (366 if isleap(month.year) else 365)", "total += days * found.value / 360"),
    Mutant(IN, "return 0.0 if shut else (total * shares if known else None)", "return total * shares if known else None"),
    Mutant(IN, "return 0.0 if shut else (total * shares if known else None)", "return 0.0 if shut else (total if known else None)"),
    Mutant(IN, "\"loss\": self.maybe(identity, \"loss_share\"", "\"loss\": 0 * self.maybe(identity, \"loss_share\""),
    Mutant(IN, "\"tariff\": self.maybe(identity, \"tariff_usd_per_mmbtu\"", "\"tariff\": self.maybe(identity, \"tax_usd_per_mmbtu\""),
    Mutant(IN, "return {\"cost\": cost + friction", "return {\"cost\": cost - friction"),
    Mutant(IN, "\"cost_slope\": slope * year / ((last - first).days + 1)", "\"cost_slope\": slope * 12"),
    Mutant(IN, "capacity /= 1.0 - self.maybe(plant[\"id\"], \"loss_share\"", "capacity *= 1.0 - self.maybe(plant[\"id\"], \"loss_share\""),
    Mutant(IN, "start, end = (node, f\"{node}@FOB\") if exports", "start, end = (node, f\"{node}@FOB\") if not exports"),
    Mutant(IN, "thousand_nm = detour * self._great_circle_nm(start, end) / 1000.0", "thousand_nm = self._great_circle_nm(start, end) / 1000.0"),
    Mutant(IN, "loss=min(boil_off * thousand_nm, 0.2)", "loss=0.0"),
    Mutant(IN, "injection = days * self.need(", "injection = 30 * self.need("),
    Mutant(IN, "withdrawal=days * self.need(identity, \"withdrawal_bcm_per_day\"", "withdrawal=days * self.need(identity, \"injection_bcm_per_day\""),
    Mutant(IN, "initial=min(level, size) if i == 0 else None", "initial=0.0 if i == 0 else None"),
    Mutant(IN, "final=min(self._closing(identity, node, level, month), reach) if ends else None", "final=None"),
    Mutant(IN, "or f.valid_from == add_months(month, 1))", ")"),
    Mutant(IN, "return min(best.value * size, cap)", "return best.value * size"),
    Mutant(IN, "annual = c[\"annual_bcm\"] * len(live) / 12.0", "annual = c[\"annual_bcm\"]"),
    Mutant(IN, "minimum=annual * c[\"minimum_share\"]", "minimum=annual"),
    Mutant(IN, "owed += days * found.value / year", "owed += found.value / 12"),
    Mutant(IN, "<= rank:", "< rank:"),
    Mutant(IN, "if theta > 0.0 and node in selling:", "if theta > 1.0 and node in selling:"),
    Mutant(IN, "if trader not in allowed:", "if trader in allowed:"),
    Mutant(IN, "row[\"maximum_bcm_per_year\"] * days, reason", "row[\"maximum_bcm_per_year\"], reason"),
    Mutant(IN, "if dated and gates <= shut(middle):", "if dated:"),
    Mutant(IN, "if maximum < row[\"maximum\"]:", "if maximum > row[\"maximum\"]:"),
    # months in which something changes
    Mutant(P, "rate = min(rate, limit.value)", "rate = max(rate, limit.value)"),
    Mutant(P, "rate *= share.value", "rate += 0 * share.value"),
    Mutant(P, "total += rate * ((end - start).days + 1)", "total += rate * (end - start).days"),
    Mutant(P, "if end and first <= end < last:", "if end and first <= end > last:"),
    Mutant(S, "if any(a + timedelta(TURN_DAYS) < turn", "if not any(a + timedelta(TURN_DAYS) < turn"),
    Mutant(S, "return min(target, level + max([0.0, *gains(known, first, end)]))", "return target"),
    # who gains
    Mutant(W, "pl.col(\"cost_slope\") * Q**2 / 2", "pl.col(\"cost_slope\") * Q**2"),
    Mutant(W, "post(sent, \"states\", \"tax\", \"arc\", pl.col(\"tax\") * Q)", "post(sent, \"states\", \"tax\", \"arc\", 0 * Q)"),
    Mutant(W, "post(run, \"operators\", \"tariff\", \"_plant\", pl.col(\"tariff\") * Q)", "post(run, \"operators\", \"tariff\", \"_plant\", 0 * Q)"),
    Mutant(W, "pl.col(\"_at\") * out - cost)", "pl.col(\"_at\") * out)"),
    Mutant(W, "rows.append((\"producers\", \"contract\", r[\"trader\"], periods[m], -saved))", "rows.append((\"producers\", \"contract\", r[\"trader\"], periods[m], saved))"),
)  # fmt: skip


def _codes(owner: object, found: dict[str, types.FunctionType], path: str = "") -> dict[str, types.FunctionType]:
    """Every function of a module and of its classes, by name."""
    for name, thing in vars(owner).items():
        plain = thing.__func__ if isinstance(thing, staticmethod | classmethod) else thing
        if isinstance(plain, types.FunctionType):
            found[path + name] = plain
        elif isinstance(thing, type) and not path:
            _codes(thing, found, f"{name}.")
    return found


@contextlib.contextmanager
def planted(mutant: Mutant) -> Iterator[None]:
    """The program with one bug in it."""
    module = importlib.import_module(mutant.module)
    path = Path(str(module.__file__))
    text = path.read_text(encoding="utf-8")
    parts = text.split(mutant.old)
    assert len(parts) > mutant.nth + 1, f"not found in {mutant.module}: {mutant.old}"
    at = mutant.nth + 1
    text = mutant.old.join(parts[:at]) + mutant.new + mutant.old.join(parts[at:])
    wrong = types.ModuleType(mutant.module)
    wrong.__dict__["__file__"] = module.__file__
    sys.modules["_mutant"] = wrong
    wrong.__dict__["__name__"] = "_mutant"
    exec(compile(text, str(path), "exec"), wrong.__dict__)
    mine, theirs = _codes(module, {}), _codes(wrong, {})
    changed = [
        n for n, f in theirs.items() if f.__module__ == "_mutant" and n in mine and mine[n].__code__ != f.__code__
    ]
    assert changed, f"nothing changed: {mutant.old}"
    before = {n: mine[n].__code__ for n in changed}
    for n in changed:
        mine[n].__code__ = theirs[n].__code__
    try:
        yield
    finally:
        for n, code in before.items():
            mine[n].__code__ = code


def killed(mutant: Mutant) -> str:
    """The test that failed; empty when all passed. Raises nothing."""
    import pytest

    first: list[str] = []

    class Watch:
        def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
            if report.failed:
                first.append(report.nodeid)

        def pytest_collectreport(self, report: pytest.CollectReport) -> None:
            if report.failed:
                first.append(report.nodeid)

    def late(*_: object) -> None:
        raise TimeoutError

    signal.signal(signal.SIGALRM, late)
    signal.alarm(LONGEST_S)
    try:
        with planted(mutant), contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            code = pytest.main(
                ["-x", "-q", "-p", "no:cacheprovider", "--rootdir", str(ROOT), *TESTS], plugins=[Watch()]
            )
    except TimeoutError:
        return "too long"
    finally:
        signal.alarm(0)
    return first[0] if first else "" if code == 0 else f"pytest ended with {code}"


def main(numbers: list[str]) -> int:
    """Plant, run, tell. Returns 1 when a mutant survives."""
    import os

    os.chdir(ROOT)
    survived = []
    chosen = [int(n) for n in numbers] or list(range(len(MUTANTS)))
    for i in chosen:
        mutant = MUTANTS[i]
        by = killed(mutant)
        print(f"{i:3d} {'killed' if by else 'SURVIVED'} {mutant.module}: {mutant.new}   {by}", flush=True)
        if not by:
            survived.append(i)
    print(f"{len(chosen) - len(survived)} of {len(chosen)} killed; survivors: {survived or 'none'}")
    return 1 if survived else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
