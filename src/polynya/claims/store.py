"""How is a ledger written? (ledger -> YAML in one step that either happens or does not)

Comments at the head of an existing file are kept; others are not. What is written is read back before it replaces
anything, and the file on disk is always a whole ledger (`whole`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from polynya.claims.ledger import Ledger
from polynya.strict_yaml import dump, parse, validate
from polynya.whole import write_whole


def to_data(ledger: Ledger) -> dict[str, Any]:
    """The ledger as plain data, empty parts left out; `document.published` always shows."""
    data: dict[str, Any] = _without_empty(ledger.model_dump(by_alias=True, mode="json"))
    data["document"] = {"published": None, **data["document"]}
    order = ["id", "title", "outlet", "publisher", "url", "published"]
    about = data["document"]
    data["document"] = {k: about[k] for k in order if k in about} | {k: v for k, v in about.items() if k not in order}
    data.setdefault("claims", [])
    return data


def to_text(ledger: Ledger, head: str = "") -> str:
    """The ledger as YAML."""
    text = head + dump(to_data(ledger))
    if validate(parse(text), Ledger) != ledger:
        raise ValueError("the ledger does not survive writing")
    return text


def save(path: Path, ledger: Ledger, head: str | None = None) -> None:
    """Write the ledger; the head of an existing file is kept unless another one is given. Raises StorageError."""
    if head is None:
        head = _head(path.read_text(encoding="utf-8")) if path.exists() else ""
    text = to_text(ledger, head)
    write_whole(path, text)


def _head(text: str) -> str:
    lines = []
    for line in text.removeprefix("\ufeff").splitlines():
        if line.strip() and not line.startswith("#"):
            break
        lines.append(line)
    return "".join(f"{line}\n" for line in lines)


def _without_empty(value: Any) -> Any:
    if isinstance(value, dict):
        kept = {k: _without_empty(v) for k, v in value.items()}
        return {k: v for k, v in kept.items() if v is not None and v not in ([], {})}
    if isinstance(value, list):
        return [_without_empty(v) for v in value]
    return value
