"""Which changes set a number that nothing read? (Answer -> sentences for what does not move)

A fact that no row of the market rests on cannot have moved it: another year, an attribute that only pages show, a thing
that no flow passes. Accepted without a word, such a change would look as if it had been computed.
"""

from __future__ import annotations

from polynya.results.answer import Answer
from polynya.results.case import SCENARIO
from polynya.scenario.changes import SOURCE


def unread(answer: Answer) -> list[str]:
    """A sentence for the facts of each applied change that stand behind no number of the scenario's market."""
    read = {f.key for f in answer.cases[SCENARIO].inputs.facts.values() if f.source == SOURCE}
    behind = {f.key: f for facts in answer.applied.world.facts.values() for f in facts if f.source == SOURCE}
    silent: dict[tuple[str, str], list[str]] = {}
    for key, fact in behind.items():
        # passages act through the voyages, whose legs the market gets
        if key not in read and fact.attribute != "passage_open":
            silent.setdefault((fact.locator.removeprefix("change "), fact.attribute), []).append(fact.subject)
    return [
        f"{change}: applied, but no number of this market rests on {attribute} of {', '.join(sorted(subjects))} then"
        for (change, attribute), subjects in sorted(silent.items())
    ]
