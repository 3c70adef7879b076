"""Which voyages does a run keep? Those that carry something in either case, with the way they take."""

from __future__ import annotations

import polars as pl

from polynya.results.write import legs_table


def test_only_feasible_voyages_that_carry_gas_are_kept() -> None:
    months = ["2026-01", "2026-02", "2026-08"]
    legs = pl.DataFrame(
        {
            "from_node": ["AA"] * 3,
            "to_node": ["BB"] * 3,
            "fleet": ["arc7"] * 3,
            "hub": [""] * 3,
            "period": months,
            "via": [None, "suez", "nsr"],
            "days": [0.0, 40.0, 20.0],
            "distance_nm": [0.0, 12000.0, 5000.0],
            "cost_usd_per_mmbtu": [0.0, 3.0, 1.5],
            "boil_off_share": [0.0, 0.04, 0.02],
            "passages": ["", "suez", "vilkitsky"],
            "feasible": [False, True, True],
        }
    )
    flows = pl.DataFrame(
        {
            "arc": ["ship-AA-BB-arc7"] * 3,
            "period": months,
            "quantity_baseline": [1.0, 1e-9, 0.0],
            "quantity_scenario": [1.0, 0.0, 0.5],
        }
    )
    # January has no way, February carries nothing, August sails in the scenario alone
    kept = legs_table({"baseline": legs, "scenario": legs}, flows)
    assert kept.select("arc", "period", "via").rows() == [("ship-AA-BB-arc7", "2026-08", "nsr")]
    # where the scenario shuts the way, the baseline's stands for it, so that its passages can be traced
    shut = legs.with_columns(pl.lit(value=False).alias("feasible"))
    only = legs_table({"baseline": legs, "scenario": shut}, flows)
    assert only.select("via", "via_baseline", "passages").rows() == [("nsr", "nsr", "vilkitsky")]
