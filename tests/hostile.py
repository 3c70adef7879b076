"""From an article that means harm to a run: drafted by `polynya claims new`, accepted by a careless reader, run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from polynya.cli import main

FORMULA = '=HYPERLINK("http://evil.example","Gazprom may sell gas to Germany again")'
HTML = '"><img src=x onerror=alert(2)></script><svg onload=alert(3)>'
ARTICLE = f"""# Gas <script>alert(1)</script> report

{FORMULA}, said {HTML} Vladimir Putin on Monday.

+1+cmd|' /C calc'!A0 Gazprom plans to cut its exports through TurkStream by half, officials said. {HTML} The talks with
Washington are under way, according to @SUM(1+1)*evil Bloomberg.
"""


def hostile_run(folder: Path) -> Path:
    """The run folder. The draft keeps no sentence of the article; the reader here pastes each whole into its claim."""
    folder.mkdir(parents=True, exist_ok=True)
    article, ledger = folder / "article.md", folder / "claims.yaml"
    article.write_text(ARTICLE, encoding="utf-8")
    asked = ["claims", "new", str(article), "--out", str(ledger), "--outlet", f"=1+1{HTML}"]
    assert main([*asked, "--published", "2025-03-15", "--url", f"https://evil.example/{HTML.replace(' ', '%20')}"]) == 0
    document: dict[str, Any] = yaml.safe_load(ledger.read_text(encoding="utf-8"))
    for claim in document["claims"]:
        place = claim["selector"]
        claim["text"] = FORMULA + ARTICLE[place["start"] : place["end"]] + HTML
        claim["review"] = {"status": "accepted", "by": f"@{HTML}", "at": "2025-03-16"}
        for source in claim["attribution"]:
            source["name"] = f"-2+3{HTML}"
    ledger.write_text(yaml.safe_dump(document, sort_keys=False, allow_unicode=True), encoding="utf-8")
    scenario = {
        "schema": "polynya.scenario/1",
        "id": "hostile",
        "title": FORMULA + HTML,
        "question": f"+1{HTML}",
        "as_of": "2025-03-31",
        "horizon": {"from": "2025-04", "months": 1},
        "claims": "claims.yaml",
        "assumptions": [{"id": "a-harm", "text": f"@SUM(1+1){HTML}"}],
        "conditions": [
            {"id": "said", "text": f"={HTML}", "assume": "met", "on": "2025-04-01", "because": ["a-harm"]},
        ],
        "changes": [
            {
                "id": "cut",
                "type": "lose_capacity",
                "text": FORMULA + HTML,
                "subject": "langeled",
                "remaining_share": 0.5,
                "from": "2025-04-01",
                "when": ["said"],
                "because": ["c02", "a-harm"],
            }
        ],
    }
    (folder / "scenario.yaml").write_text(yaml.safe_dump(scenario, sort_keys=False), encoding="utf-8")
    out = folder / "hostile"
    assert main(["run", str(folder / "scenario.yaml"), "--out", str(out), "--quiet"]) == 0
    return out
