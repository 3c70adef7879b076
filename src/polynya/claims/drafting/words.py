"""Which words attribute, weaken, condition, deny and date? (English word lists, and what each means)

Stance follows Karttunen's and Hyland's division of reporting verbs (factive, neutral, distancing, belief, intention);
factuality follows FactBank (Sauri and Pustejovsky 2009): CT certain, PR probable, PS possible, u unknown; + and -.
"""

from __future__ import annotations

import re

# lemma: (forms, stance)
_VERBS: dict[str, tuple[str, str]] = {
    "say": ("said says say saying", "neutral"),
    "tell": ("told tells tell", "neutral"),
    "report": ("reported reports report", "neutral"),
    "show": ("shows showed", "neutral"),
    "write": ("wrote writes", "neutral"),
    "announce": ("announced announces announce", "neutral"),
    "state": ("stated states", "neutral"),
    "add": ("added adds", "neutral"),
    "declare": ("declared declares", "neutral"),
    "comment": ("commented", "neutral"),
    "quote": ("quoted", "neutral"),
    "suggest": ("suggested suggests suggest", "neutral"),
    "indicate": ("indicated indicates indicate", "neutral"),
    "estimate": ("estimated estimates estimate", "neutral"),
    "warn": ("warned warns warn", "neutral"),
    "explain": ("explained explains", "factive"),
    "reveal": ("revealed reveals reveal", "factive"),
    "disclose": ("disclosed discloses", "factive"),
    "point out": ("pointed out|points out|point out", "factive"),
    "note": ("noted notes", "factive"),
    "confirm": ("confirmed confirms confirm", "factive"),
    "acknowledge": ("acknowledged acknowledges", "factive"),
    "admit": ("admitted admits", "factive"),
    "stress": ("stressed stresses", "factive"),
    "emphasise": ("emphasised emphasized", "factive"),
    "claim": ("claimed claims", "distancing"),
    "allege": ("alleged alleges", "distancing"),
    "insist": ("insisted insists", "distancing"),
    "argue": ("argued argues argue", "distancing"),
    "assert": ("asserted asserts", "distancing"),
    "believe": ("believed believes believe", "belief"),
    "think": ("thought thinks think", "belief"),
    "expect": ("expects expect", "belief"),
    "deny": ("denied denies deny", "neutral"),
    "rule out": ("ruled out|rules out", "neutral"),
    "promise": ("promised promises", "intention"),
    "pledge": ("pledged pledges", "intention"),
    "propose": ("proposed proposes", "intention"),
}
LEMMAS: dict[str, tuple[str, str]] = {}  # form -> (lemma, stance)
for _lemma, (_forms, _stance) in _VERBS.items():
    for _form in _forms.split("|") if "|" in _forms else _forms.split():
        LEMMAS[_form] = (_lemma, _stance)
VERB = "|".join(sorted((re.escape(f).replace(r"\ ", r"\s+") for f in LEMMAS), key=len, reverse=True))

HEDGES: list[tuple[re.Pattern[str], str, str]] = [  # pattern, type, strength: PS, PR, U, "" (marks only)
    (
        re.compile(
            r"(?i)\b(not\s+(?:yet\s+)?(?:clear|known|certain|confirmed)(?:\s+whether)?|unclear|unknown|uncertain)\b"
        ),
        "unknown",
        "U",
    ),
    (re.compile(r"\b([Cc]ould|may|May(?=\s+[a-z])|[Mm]ight)\b"), "epistemic", "PS"),
    (
        re.compile(r"(?i)\b(possibly|perhaps|maybe|potentially|potential|possible|possibility|preliminary)\b"),
        "epistemic",
        "",
    ),
    (re.compile(r"(?i)\b(probably|likely|expected to|is set to|are set to|presumably)\b"), "epistemic", "PR"),
    (re.compile(r"(?i)\b(would)\b"), "conditional", "U"),
    (re.compile(r"(?i)\b(can)\b"), "ability", "PS"),
    (re.compile(r"(?i)\b(will|future|plans? to|intends? to)\b"), "future", ""),
    (re.compile(r"(?i)\b(should|must|has to|have to)\b"), "deontic", ""),
    (re.compile(r"(?i)\b(reportedly|allegedly|apparently|purportedly)\b"), "evidential", ""),
]
ADVERB_OF_POSSIBILITY = re.compile(r"(?i)\b(possibly|perhaps|maybe)\b")
MODAL = re.compile(r"\b([Cc]ould|may|[Mm]ight|[Ww]ould|[Ww]ill|can|[Ss]hould|must|shall)\b")
NEGATION = re.compile(
    r"(?i)\b(not(?!\s+only)|never|no longer|no(?=\s+(?:plans?|agreement|deal|talks|intention|evidence|one))|nobody|nothing|none|neither|cannot|n't)\b|n['’]t\b"
)
UNCLEAR = re.compile(
    r"(?i)\b(?:it\s+(?:is|was|remains?)\s+(?:also\s+|still\s+)?(?:not\s+(?:yet\s+)?(?:clear|known|certain)|unclear|unknown|uncertain|an open question)"
    r"|(?:is|are|remains?|remained)\s+(?:still\s+)?(?:unclear|unknown|uncertain|an open question)"
    r"|no one knows|nobody knows)\b"
)
CONDITION = re.compile(
    r"(?i)\b(only\s+if|if|unless|once|after|as\s+soon\s+as|as\s+long\s+as|until|provided(?:\s+that)?|providing\s+that|on\s+(?:the\s+)?condition\s+that"
    r"|in\s+the\s+event\s+(?:of|that)|in\s+case|when|subject\s+to|depend(?:s|ing)\s+on|in\s+exchange\s+for|pending)\b"
)
ALWAYS_CONDITIONS = (
    "if",
    "unless",
    "provided",
    "providing",
    "condition",
    "event",
    "case",
    "subject",
    "pending",
    "depend",
)

# What a state must be for it to be changed: `are lifted` presupposes that it is in force.
CHANGE_OF_STATE = re.compile(
    r"(?i)^\s*(?P<what>.{3,90}?)\s+(?:is|are|was|were|be|being|been|get|gets)\s+(?:fully\s+|partly\s+|finally\s+)?"
    r"(?:lifted|eased|removed|relaxed|suspended|waived|ended|scrapped|withdrawn|dropped|loosened|revoked)\b"
)

UNNAMED = re.compile(
    r"(?i)\b(sources?|officials?|persons?|people|insiders?|diplomats?|executives?|traders?|analysts?|experts?|representatives?|ministers?"
    r"|lawmakers?|aides?|advis[eo]rs?|negotiators?|envoys?|bankers?|lawyers?|employees?|observers?|industry figures?|those familiar)\b"
)
INVERTED = re.compile(
    r"(?i)\b(should|were|had)\s+(?=(?:the|a|an|its|their|this|that|any|no|(?-i:[A-Z])\w*)\b[^,.;]{3,90},)"
)

SINGULAR = re.compile(
    r"(?i)^(?:an?|one|another|the|this|that)\s+(?:[\w-]+\s+){0,6}?(?:source|official|person|insider|diplomat|executive|trader|analyst|expert"
    r"|representative|minister|lawmaker|aide|advis[eo]r|negotiator|envoy|banker|lawyer|employee|observer)\b"
)
COUNT = re.compile(
    r"(?i)\b(many|several|some|few|two|three|four|five|six|seven|eight|nine|ten|dozens|multiple|numerous)\b"
)
DOCUMENTS = re.compile(
    r"(?i)\b(decree|statement|document|draft|memo|memorandum|letter|filing|ruling|court papers|contract|press release|law|regulation|order|minutes|report|study|data|figures|records|documents?|papers|estimates|communiqu[eé])\b"
)
PRONOUN = re.compile(r"(?i)^(he|she|they|it|the latter|the former)$")

# Nouns that take up what was said before, so that its source goes on.
TAKES_UP = re.compile(
    r"^(?:The|This|That|These|Those|Such|Both)\s+(?:[\w-]+\s+){0,3}?(?:talks?|discussions?|negotiations?|deals?|agreements?|plans?|proposals?|moves?|"
    r"projects?|cooperation|offer|idea|scheme|package|sale|purchase|settlement|arrangement|parties|sides)\b"
    r"|^(?:It|They|He|She|This|That)\b"
)

MONTHS = "January February March April May June July August September October November December".split()
_MONTH = "(?:" + "|".join(MONTHS) + ")"
DATES: list[tuple[re.Pattern[str], str]] = [
    (re.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b"), "iso"),
    (re.compile(rf"\b(\d{{1,2}})(?:st|nd|rd|th)?\s+({_MONTH}),?\s+(\d{{4}})\b"), "dmy"),
    (re.compile(rf"\b({_MONTH})\s+(\d{{1,2}})(?:st|nd|rd|th)?,\s+(\d{{4}})\b"), "mdy"),
    (re.compile(rf"\b({_MONTH})\s+(\d{{4}})\b"), "my"),
    (re.compile(rf"\b({_MONTH})\s+(\d{{1,2}})(?:st|nd|rd|th)?\b(?!\s*,?\s*\d{{4}})"), "md"),
    (re.compile(rf"\b(\d{{1,2}})(?:st|nd|rd|th)?\s+({_MONTH})\b(?!\s*,?\s*\d{{4}})"), "dm"),
    (re.compile(r"(?i)\b(?:in|since|by|until|from)\s+(20\d{2}|19\d{2})\b"), "y"),
    (re.compile(r"(?i)\b(?:earlier|later|late|early)\s+(?:this|last|next)\s+(?:week|month|year)\b"), "relative"),
    (
        re.compile(
            r"(?i)\b(?:this|last|next|past|coming)\s+(?:week|month|year|spring|summer|autumn|fall|winter|quarter)\b"
        ),
        "relative",
    ),
    (re.compile(r"(?i)\b(?:yesterday|today|tomorrow|tonight)\b"), "relative"),
    (
        re.compile(r"\b(?:[Oo]n|[Ll]ast|[Nn]ext)\s+(?:Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)\b"),
        "relative",
    ),
    (re.compile(r"(?i)\b(?:\w+)\s+(?:days|weeks|months|years)\s+ago\b"), "relative"),
    (re.compile(r"(?i)\bin recent (?:days|weeks|months|years)\b|\brecently\b"), "vague"),
    (re.compile(r"(?i)\b(?:\w+-)(?:day|week|month|year)\b"), "duration"),
]
