"""What kind of event, at which stage, how firmly and when? (words of a proposition -> coded values and doubts)

Key words in an order that puts the more specific first. What no word decides stays `other` or blank.
"""

from __future__ import annotations

import re
from datetime import date, timedelta

from polynya.claims.drafting import words
from polynya.claims.ledger import Modality, Time

_EVENTS: list[tuple[str, str]] = [
    ("destruction", r"destroy\w*|explosions?|blasts?|blown up|sabotag\w+|ruptur\w+|damaged"),
    ("repair", r"repair\w*"),
    (
        "peace_agreement",
        r"peace (?:agreement|deal|treaty|settlement|plan)|ceasefire|end(?:s|ed|ing)? (?:of )?the (?:war|conflict|fighting)|(?:war|conflict|fighting) (?:ends?|ended|is over|has ended)|armistice",
    ),
    (
        "sanction_lift",
        r"(?:sanctions?|ban|embargo|restrictions?)\b.{0,70}\b(?:lifted|eased?|easing|removed|relaxed|waived|lift|lifting)|(?:lift\w*|eas(?:e|es|ed|ing)|remov\w+|waiv\w+) (?:of )?(?:(?:the|its|their|all|any) )?(?:[\w-]+ )?(?:sanctions?|ban|embargo|restrictions?)",
    ),
    ("licence", r"licen[cs]e[sd]?|exemption|waiver"),
    ("sanction", r"sanction\w*|embargo|blacklist\w*|ban on|bans on"),
    ("nationalisation", r"nationali[sz]\w+|expropriat\w+|trusteeship"),
    ("new_pipeline", r"(?:new|build|building|construct\w*) .{0,25}pipeline|power of siberia 2"),
    (
        "ownership",
        r"owned|owns?\b|hold(?:s|ing)? (?:\w+ ){0,2}(?:stakes?|shares?|interests?)|shareholder\w*|belongs? to|controlled by",
    ),
    (
        "stake_sale",
        r"(?:buy\w*|bought|sell\w*|sold|sale|acquir\w+|acquisition|purchas\w+|transfer\w*|take over|takeover|bid(?:der)?s?)\b.{0,80}\b(?:stakes?|shares?|part of|interests?|assets|refiner\w+|pipelines?)",
    ),
    ("stake_sale", r"(?:stakes?|shares?) in"),
    (
        "flow_resumption",
        r"(?:resum\w+|restart\w*|restor\w+|reopen\w*|continu\w+|flow again|return of)\b.{0,60}\b(?:gas|oil|energy|exports?|flows?|deliver\w+|supplies|pipelines?)|gas .{0,30}flow (?:again|to)|restart of",
    ),
    (
        "flow_stop",
        r"(?:halt\w*|stop\w*|cut off|shut\w*|suspend\w*|ended)\b.{0,50}\b(?:gas|oil|energy|exports?|flows?|deliver\w+|supplies|pipelines?)",
    ),
    ("investment", r"invest\w*"),
    (
        "joint_project",
        r"joint (?:projects?|ventures?)|cooperat\w+|partner\w*|participat\w+|work(?:ing)? together|ventures?",
    ),
    ("negotiation_status", r"negotiat\w*|talks?\b|discuss\w*|contacts?\b|consultations?|leads? them|who leads"),
    (
        "deal_concluded",
        r"(?:reach\w*|sign\w*|conclud\w+|agree\w*)\b.{0,40}\b(?:deal|agreement|contract|accord|pact)?|agreement on|deal",
    ),
    (
        "route_attribute",
        r"(?:shortest|fastest|longest|quickest|cheapest) .{0,20}(?:route|passage|way|transit)|trade routes?",
    ),
    (
        "route_development",
        r"(?:develop\w*|moderni[sz]\w*|expand\w*|build\w*)\b.{0,50}\b(?:route|road|passage|corridor|lane)|(?:route|road|passage)\b.{0,60}\b(?:develop\w*|moderni[sz]\w*|expand\w*)",
    ),
    ("contract_volume", r"bcm\b|billion cubic met\w+|cargo(?:es)?\b|deliver\w+|suppl(?:y|ies)\b|receive\w*"),
    ("resource", r"reserves?|deposits?|minerals|resources?|unexploited"),
    ("infrastructure", r"built to|were built|was built|constructed|pipelines?|terminal"),
    ("approval", r"approv\w+|certif\w+"),
    ("diplomacy", r"relations|diplomat\w*|priority|summit|visit\w*"),
    ("economic_effect", r"boost\w*|business|profit\w*|opportunit\w+|econom\w+|prices?|demand"),
]
EVENTS = [(name, re.compile(rf"(?is)\b(?:{pattern})")) for name, pattern in _EVENTS]

_STAGES: list[tuple[str, str]] = [
    ("cancelled", r"cancel\w*|withdr[ae]w\w*|collapsed|called off|fell through|abandoned"),
    ("revoked", r"revok\w+|annul\w+|rescind\w*"),
    (
        "preliminary_contact",
        r"preliminary|early stage|first contacts?|initial contacts?|informal contacts?|explor\w+|sounding out",
    ),
    ("negotiating", r"negotiat\w+|talks?|discuss\w+|in discussions?"),
    ("signed", r"signed|signature"),
    ("agreed", r"(?<!not )(?:agreed|agreement was reached|heads of agreement)"),
    ("approved", r"approved|cleared by|authori[sz]ed"),
    ("in_force", r"in force|owned by|are in place|remain in place|has been under|have been under"),
    (
        "implementing",
        r"is (?:developing|building|expanding|modernizing)|are (?:developing|building|expanding)|under construction|being built",
    ),
    (
        "done",
        r"were destroyed|was destroyed|has been|have been|were built|was built|completed|closed the (?:deal|sale)|bought|sold|delivered|hold(?:s|ing)? (?:\w+ ){0,2}(?:stakes?|shares?)",
    ),
]
STAGES = [(name, re.compile(rf"(?i)\b(?:{pattern})\b")) for name, pattern in _STAGES]

PHRASES = {
    "stake_sale": "Purchase or sale of a stake",
    "ownership": "Ownership",
    "joint_project": "Cooperation in projects",
    "investment": "Investment",
    "negotiation_status": "State of talks",
    "deal_concluded": "Conclusion of an agreement",
    "peace_agreement": "Peace agreement",
    "sanction": "Sanctions in force",
    "sanction_lift": "Lifting of sanctions",
    "licence": "Licence or exemption",
    "flow_resumption": "Energy flows again or on",
    "flow_stop": "Energy flow stops",
    "contract_volume": "Volume of deliveries",
    "new_pipeline": "New pipeline",
    "infrastructure": "Infrastructure",
    "destruction": "Destruction or damage",
    "repair": "Repair",
    "nationalisation": "State takes over",
    "route_development": "Development of a route",
    "route_attribute": "Property of a route",
    "resource": "Resources",
    "diplomacy": "Relations between states",
    "economic_effect": "Economic effect",
    "approval": "Approval",
    "settlement": "Settlement",
    "debt_composition": "Composition with creditors",
    "denial": "Denial",
    "other": "Statement",
}

_ODD_CAUSE = re.compile(r"(?i)\b(?:destroyed|damaged|ruptured|blown up)\s+(?:in|by|during)\s+(?:an?|the)\s+([a-z]+)\b")
_CAUSES = frozenset(
    "explosion blast attack sabotage bombing fire storm war strike incident series accident collision earthquake flood raid operation drone missile anchor ship act night shelling".split()
)
_UNDERSEA = re.compile(r"(?i)\bunderground\s+(?:gas\s+)?pipelines?\b")


def event_type(text: str) -> str:
    """The first kind of event whose words occur."""
    return next((name for name, pattern in EVENTS if pattern.search(text)), "other")


def stage(text: str, factuality: str) -> str | None:
    """The stage that the words show; a mere possibility is an idea."""
    for name, pattern in STAGES:
        if pattern.search(text):
            if name in ("done", "in_force", "agreed", "signed", "approved") and factuality != "CT+":
                continue
            return name
    return "idea" if factuality in ("PS+", "PR+") else None


def modality(text: str, start: int, end: int) -> tuple[list[Modality], str, str]:
    """Hedges in text[start:end], the factuality they add up to, and the polarity."""
    marks: list[Modality] = []
    strength = "CT"
    order = {"CT": 0, "PR": 1, "PS": 2, "U": 3}
    for pattern, kind, value in words.HEDGES:
        for match in pattern.finditer(text, start, end):
            if (
                value == "U"
                and kind == "conditional"
                and re.match(r"(?i)\s+(?:not\s+)?be\s+surprised", text[match.end() : match.end() + 25])
            ):
                continue
            marks.append(Modality.model_validate({"text": match[0], "type": kind, "span": list(match.span())}))
            if value and order[value] > order[strength]:
                strength = value
    if strength == "CT" and words.ADVERB_OF_POSSIBILITY.search(text, start, end):
        strength = "PS"
    negative = None
    for match in words.NEGATION.finditer(text, start, end):
        if any(m.type == "unknown" and m.span and m.span[0] <= match.start() < m.span[1] for m in marks):
            continue
        negative = match
        marks.append(Modality.model_validate({"text": match[0], "type": "negation", "span": list(match.span())}))
    marks.sort(key=lambda m: m.span or [0, 0])
    if strength == "U":
        return marks, "Uu", "unknown" if words.HEDGES[0][0].search(text, start, end) else "positive"
    sign = "-" if negative else "+"
    return marks, strength + sign, "negative" if negative else "positive"


def oddities(text: str) -> list[str]:
    """Words that look mistranslated: a reader should check them against the original."""
    found = []
    for match in _ODD_CAUSE.finditer(text):
        if match[1].lower() not in _CAUSES:
            found.append(f'"{match[1]}" is an odd cause of destruction; perhaps a mistranslation')
    if _UNDERSEA.search(text):
        found.append('"underground pipeline": perhaps an undersea one is meant; perhaps a mistranslation')
    return found


def times(text: str, start: int, end: int, published: str | None) -> tuple[Time | None, list[str]]:
    """The first date in text[start:end], resolved only as far as the day of publication allows."""
    hits: list[tuple[int, re.Match[str], str]] = []
    for pattern, kind in words.DATES:
        match = pattern.search(text, start, end)
        if match:
            hits.append((match.start(), match, kind))
    if not hits:
        return None, []
    hits.sort(key=lambda h: (h[0], -len(h[1][0])))
    _, match, kind = hits[0]
    doubts: list[str] = []
    value, inferred, precision = _value(match, kind, published)
    if kind in ("md", "dm") and not published:
        doubts.append(f'"{match[0]}" names no year, and the day of publication is not known')
    elif kind in ("md", "dm"):
        doubts.append(f'"{match[0]}" is read as {inferred}, the last one before publication')
    elif kind == "relative" and not published:
        doubts.append(f'"{match[0]}" cannot be resolved: the day of publication is not known')
    return (
        Time.model_validate(
            {"text": match[0], "value": value, "inferred": inferred, "precision": precision, "span": list(match.span())}
        ),
        doubts,
    )


def _value(match: re.Match[str], kind: str, published: str | None) -> tuple[str | None, str | None, str]:
    number = {name: i for i, name in enumerate(words.MONTHS, 1)}
    if kind == "iso":
        return match[0], None, "day"
    if kind == "dmy":
        return f"{match[3]}-{number[match[2]]:02d}-{int(match[1]):02d}", None, "day"
    if kind == "mdy":
        return f"{match[3]}-{number[match[1]]:02d}-{int(match[2]):02d}", None, "day"
    if kind == "my":
        return f"{match[2]}-{number[match[1]]:02d}", None, "month"
    if kind == "y":
        return match[1], None, "year"
    if kind in ("md", "dm"):
        month, day = (match[1], match[2]) if kind == "md" else (match[2], match[1])
        value = f"XXXX-{number[month]:02d}-{int(day):02d}"
        return value, _last_before(number[month], int(day), published), "day"
    if kind == "relative":
        return _relative(match[0], published)
    return ("PAST_REF" if kind == "vague" else None), None, kind


def _last_before(month: int, day: int, published: str | None) -> str | None:
    if not published:
        return None
    known = date.fromisoformat(published)
    for year in (known.year, known.year - 1):
        try:
            candidate = date(year, month, day)
        except ValueError:
            continue
        if candidate <= known:
            return candidate.isoformat()
    return None


def _relative(words_: str, published: str | None) -> tuple[str | None, str | None, str]:
    text = words_.lower()
    unit = next((u for u in ("week", "month", "year") if u in text), "day")
    if unit == "day" and not any(w in text for w in ("yesterday", "today", "tomorrow", "tonight", "day")):
        return "DCT", None, "vague"
    sign = "+" if any(w in text for w in ("next", "coming", "tomorrow")) else "-"
    if "today" in text or "tonight" in text:
        return "DCT", published, "day"
    if unit == "day" and published and any(w in text for w in ("yesterday", "tomorrow")):
        moved = date.fromisoformat(published) + timedelta(days=1 if sign == "+" else -1)
        return f"DCT{sign}P1D", moved.isoformat(), "day"
    if unit == "day" and published:
        names = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
        weekday = next((i for i, n in enumerate(names) if n in text), None)
        if weekday is not None and sign == "-":
            known = date.fromisoformat(published)
            back = (known.weekday() - weekday) % 7 or 7
            return "DCT", (known - timedelta(days=back)).isoformat(), "day"
    return f"DCT{sign}P1{unit[0].upper()}" if unit != "day" else "DCT", None, unit
