"""What does a first scenario look like? (a small file that passes `polynya scenario check`)"""

TEMPLATE = """\
# A what-if. Every change says because: (a claim of the ledger, or an assumption stated here).
# Check it with: polynya scenario check FILE      Run it with: polynya run FILE
schema: polynya.scenario/1
id: my-scenario
title: A colder winter in Europe
question: What would a colder winter do to prices?
as_of: 2025-10-01
horizon: {from: 2025-10, months: 12}

assumptions:
  - id: a-cold
    text: Demand in Europe is a tenth higher than usual from December to February.

conditions: []

changes:
  - id: cold-winter
    type: shift_demand
    text: Cold winter in Europe
    nodes: ["region:Europe"]
    factor: 1.1
    from: 2025-12-01
    to: 2026-02-28
    because: [a-cold]
"""
