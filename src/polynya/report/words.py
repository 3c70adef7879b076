"""What do the codes of ledger and rules say in a reader's words? (the same words as web/src/data.js and rules.js)"""

from __future__ import annotations

FACTUAL = {
    "CT+": "stated as fact",
    "CT-": "stated not to be so",
    "PR+": "called probable",
    "PR-": "called improbable",
    "PS+": "called possible",
    "PS-": "called possibly not so",
    "CTu": "said to be known, not how",
    "Uu": "left open",
}
REGIME = {"ofac": "US (OFAC)", "eu": "EU", "uk": "UK", "seco": "Switzerland (SECO)"}
SAID = {
    " (named_person)": "",
    " (named_org)": "",
    "(outlet)": "(news outlet)",
    "(unnamed_single)": "(unnamed)",
    "(unnamed_group)": "(unnamed)",
    "unnamed_single": "one unnamed person",
    "unnamed_group": "several unnamed people",
}


def factual(code: str | None) -> str:
    """How firmly something is said, with its code."""
    return f"{FACTUAL[code]} ({code})" if code in FACTUAL else code or ""


def said_by(text: str | None) -> str:
    """Who says so, without the ledger's kinds."""
    if text == "author":
        return "the author of the article"
    for code, word in SAID.items():
        text = (text or "").replace(code, word)
    return text or ""


def plain(code: str | None) -> str:
    """A code of several words as words."""
    return (code or "").replace("_", " ")
