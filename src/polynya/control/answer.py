"""What is the answer to "who is blocked?" as one document? (graph, listed, rules, regime -> JSON-ready mapping)"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from polynya.control.dealing import Standing, may_deal
from polynya.control.graph import Graph
from polynya.control.inputs import ControlInputs
from polynya.control.measures import UNKNOWN, measure_json
from polynya.control.owners import unrecorded
from polynya.control.rules import ALL_REGIMES, Rule, rule_on
from polynya.control.screen import Finding, Listing, edge_json, screen, strongest, test_text
from polynya.control.shares import WHOLE, format_share

Findings = Mapping[str, Finding]
PARTY_KINDS = (
    "company",
    "state",
    "person",
    "fund",
    "consortium",
    "authority",
    "outlet",
    "place",
    "bloc",
    "group",
    "other",
)


def screen_regimes(
    graph: Graph,
    listed: Mapping[str, Sequence[Listing]],
    rules: Iterable[Rule],
    regime: str,
    as_of: date,
    joint: Sequence[frozenset[str]] = (),
) -> dict[str, tuple[Rule, Findings]]:
    """Regime -> its rule and the findings. `listed` maps a regime to its list; key `*` serves every regime.

    Raises UsageError when the regime is unknown or had no rule on that day.
    """
    known = list(rules)
    asked = ALL_REGIMES if regime == "all" else (regime,)
    answers: dict[str, tuple[Rule, Findings]] = {}
    for name in asked:
        rule = rule_on(known, name, as_of)
        who = [*listed.get("*", ()), *listed.get(name, ())]
        answers[name] = (rule, screen(graph, who, rule, as_of, joint))
    return answers


def graph_document(answers: Mapping[str, tuple[Rule, Findings]], regime: str, as_of: date) -> dict[str, Any]:
    """The answer for a whole graph: every id once."""
    first = next(iter(answers.values()))[1]
    return {
        "regime": regime,
        "as_of": as_of.isoformat(),
        "entities": [entity_json(identity, answers, regime) for identity in first],
    }


def entity_json(identity: str, answers: Mapping[str, tuple[Rule, Findings]], regime: str) -> dict[str, Any]:
    """Verdict, proof and unknowns of one id. Under `all` the strongest verdict, and each regime's own beside it."""
    found = {name: findings[identity] for name, (_, findings) in answers.items()}
    document: dict[str, Any] = {"id": identity, "blocked": strongest(f.blocked for f in found.values())}
    if regime == "all":
        document["by_regime"] = {name: f.blocked for name, f in found.items()}
    tag = regime == "all"
    document["proof"] = [
        {"regime": name, **step} if tag else step for name, f in found.items() for step in f.proof_json()
    ]
    document["unknown"] = [
        {"regime": name, **edge_json(e)} if tag else edge_json(e) for name, f in found.items() for e in f.unknown
    ]
    return document


def tests_json(answers: Mapping[str, tuple[Rule, Findings]]) -> list[dict[str, Any]]:
    """The test of each regime in words, with where it is written."""
    return [
        {
            "regime": name,
            "test": test_text(rule),
            "since": rule.valid_from.isoformat(),
            "state": rule.state,
            "rebuttable": rule.rebuttable,
            "statement": rule.statement,
            "source": rule.source,
            "locator": rule.locator,
            "note": rule.note,
        }
        for name, (rule, _) in answers.items()
    ]


def party_document(
    inputs: ControlInputs, word: str, regime: str, as_of: date, joint: Sequence[frozenset[str]] = ()
) -> dict[str, Any]:
    """The answer for one party or thing of the registry.

    Keys: id, regime, as_of, blocked, proof, measures, licences, unknown, sources; under `all` also by_regime; of a ship also
    ship (imo, owners, operator, note).
    Raises NotFoundError and UsageError for a word that names nothing or several things, or an unknown regime.
    """
    identity = inputs.parties.find(word)
    graph = inputs.graph(as_of)
    node = _node_for(inputs, graph, identity)
    answers = screen_regimes(graph, inputs.listed(as_of), inputs.rules, regime, as_of, joint)
    verdict = entity_json(node, answers, regime)
    found = {name: findings[node] for name, (_, findings) in answers.items()}
    standing = standing_of(inputs, graph, identity, regime, as_of, found)
    every = {m.id: m for m in inputs.measures}
    measures = [
        {
            **measure_json(m, as_of, every),
            "relieved_by": list(standing.relieved.get(m.id, ())),
            "eased_by": list(standing.eased.get(m.id, ())),
        }
        for m in standing.measures
    ]
    licences = [x.as_json(as_of) for x in standing.licences]
    unknown = verdict["unknown"] + _open_questions(inputs, graph, node, answers, measures, licences)
    document: dict[str, Any] = {
        "id": identity,
        "regime": regime,
        "as_of": as_of.isoformat(),
        "blocked": verdict["blocked"],
    }
    if inputs.parties.kinds.get(identity) == "ship":
        held = [e.owner for e in graph.holders_of.get(identity, ()) if e.kind == "title"]
        document["ship"] = {
            "imo": inputs.numbers.get(identity),
            "owners": held,
            "operator": inputs.parties.entity_of.get(identity),
            "note": inputs.parties.notes.get(identity, ""),
        }
    if regime == "all":
        document["by_regime"] = verdict["by_regime"]
    document |= {"proof": verdict["proof"], "measures": measures, "licences": licences, "unknown": unknown}
    cited = [step.get("source") for part in ("proof", "measures", "licences", "unknown") for step in document[part]]
    cited += [rule.source for rule, _ in answers.values()]
    document["sources"] = [
        {
            "id": i,
            "title": inputs.sources[i]["title"],
            "publisher": inputs.sources[i]["publisher"],
            "url": inputs.sources[i]["url"],
        }
        for i in sorted({c for c in cited if c})
        if i in inputs.sources
    ]
    return document


def standing_of(
    inputs: ControlInputs,
    graph: Graph,
    identity: str,
    regime: str,
    as_of: date,
    findings: Mapping[str, Finding] | None = None,
) -> Standing:
    """The overlay for a party or thing: measures on it, and on who holds it directly where it is a thing."""
    node = _node_for(inputs, graph, identity)
    also = {node}
    if inputs.parties.kinds.get(node) not in PARTY_KINDS:
        also |= {e.owner for e in graph.holders_of.get(node, ())}
    else:
        also |= {
            e.owned for e in graph.holdings_of.get(node, ()) if inputs.parties.kinds.get(e.owned) not in PARTY_KINDS
        }
    kind = inputs.parties.kinds.get(node, "")
    # A ship's country is its flag, and no measure on a country's companies reaches it by that.
    country = (
        inputs.parties.countries.get(node, "") if kind not in ("state", "person", "place", "outlet", "ship") else ""
    )
    return may_deal(
        identity,
        inputs.measures,
        inputs.licences,
        as_of,
        regimes=() if regime == "all" else (regime,),
        also=also,
        country=country,
        findings=findings,
    )


def _node_for(inputs: ControlInputs, graph: Graph, identity: str) -> str:
    """The id itself, or the party or thing behind a trader, corridor or asset without recorded holders."""
    seen = set()
    node = identity
    while node in inputs.parties.entity_of and not graph.holders_of.get(node) and node not in seen:
        seen.add(node)
        node = inputs.parties.entity_of[node]
    return node


def _open_questions(
    inputs: ControlInputs,
    graph: Graph,
    node: str,
    answers: Mapping[str, tuple[Rule, Findings]],
    measures: Sequence[Mapping[str, Any]],
    licences: Sequence[Mapping[str, Any]],
) -> list[dict[str, Any]]:
    """What the answer does not know, each with what kind of gap it is."""
    gaps: list[dict[str, Any]] = []
    left = unrecorded(graph, node)
    if 0 < left < WHOLE:
        gaps.append(
            {"what": "remainder", "id": node, "text": f"{format_share(left)} % of {node} have no recorded holder"}
        )
    for e in graph.pending:
        if node in (e.owned, e.owner):
            gaps.append(
                {
                    "what": "pending",
                    "text": f"{e.owner} -> {e.owned} {e.share_text()} %: {e.status}. {e.note}",
                    **edge_json(e),
                }
            )
    for name, (rule, _) in answers.items():
        if rule.state != "in_force" or rule.note:
            text = f"{name}: {rule.note or rule.statement}"
            gaps.append({"what": "rule", "regime": name, "text": text, "source": rule.source})
    for m in measures:
        if m["state"] == UNKNOWN:
            gaps.append(
                {
                    "what": "measure",
                    "id": m["id"],
                    "text": f"whether {m['id']} still holds was not seen"
                    + (f" (it rests on {m['rests_on']})" if m["rests_on"] else ""),
                    "source": m["source"],
                }
            )
    for x in licences:
        if x["state"] == UNKNOWN:
            gaps.append(
                {
                    "what": "licence",
                    "id": x["id"],
                    "text": f"whether {x['name']} was renewed after {x['valid_to']} was not seen",
                    "source": x["source"],
                }
            )
    return gaps
