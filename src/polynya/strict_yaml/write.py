"""How is data written so that it is read back the same? (data -> YAML text)"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import yaml

from polynya.strict_yaml.model import DECIMAL
from polynya.strict_yaml.read import MAX_DEPTH, NULLS
from polynya.tables import BIDI_CONTROLS

_Dumper: Any = getattr(yaml, "CDumper", yaml.Dumper)
_LOOKS_TYPED = re.compile(
    r"(?i:y|n|yes|no|on|off|true|false|null|~|\.nan|[+-]?\.inf)"
    r"|[+-]?[0-9.][0-9_.,:eExXoOa-fA-F+-]*"
    r"|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}.*"
    r"|<<|="
)


def dump(data: Any) -> str:
    """Write YAML that `parse` reads back to the same data.

    Takes dict, list, tuple, str, None, and bool, int, float and date, which come back as their text. Texts that other
    YAML readers would take for a number, date, boolean or null are quoted. Raises ValueError on what the reader refuses.
    """
    events: list[Any] = [yaml.StreamStartEvent(), yaml.DocumentStartEvent(explicit=False)]
    _emit_node(data, events, 1)
    events += [yaml.DocumentEndEvent(explicit=False), yaml.StreamEndEvent()]
    text: str = yaml.emit(events, Dumper=_Dumper, allow_unicode=True, width=110, indent=2)
    return text.removesuffix("...\n") if text.endswith("\n...\n") else text


def _emit_node(data: Any, events: list[Any], depth: int) -> None:
    if depth > MAX_DEPTH + 1:
        raise ValueError(f"nested more than {MAX_DEPTH} levels deep")
    if isinstance(data, dict):
        events.append(yaml.MappingStartEvent(None, None, True, flow_style=not data))
        for key, value in data.items():
            if not isinstance(key, str):
                raise ValueError(f"a key must be text, not {key!r}")
            events.append(_scalar_event(key, is_text=True))
            _emit_node(value, events, depth + 1)
        events.append(yaml.MappingEndEvent())
    elif isinstance(data, list | tuple):
        events.append(yaml.SequenceStartEvent(None, None, True, flow_style=_fits_a_line(data)))
        for value in data:
            _emit_node(value, events, depth + 1)
        events.append(yaml.SequenceEndEvent())
    elif data is None:
        events.append(_scalar_event("null", is_text=False))
    elif isinstance(data, bool):
        events.append(_scalar_event("true" if data else "false", is_text=False))
    elif isinstance(data, int):
        events.append(_scalar_event(str(data), is_text=False))
    elif isinstance(data, float):
        if not math.isfinite(data):
            raise ValueError(f"{data} cannot be written")
        events.append(_scalar_event(_plain_decimal(data), is_text=False))
    elif isinstance(data, date):
        events.append(_scalar_event(data.isoformat(), is_text=True))
    elif isinstance(data, str):
        events.append(_scalar_event(data, is_text=True))
    else:
        raise ValueError(f"{type(data).__name__} cannot be written")


def _fits_a_line(data: Sequence[Any]) -> bool:
    return all(isinstance(v, str | int | float) for v in data) and sum(len(str(v)) + 2 for v in data) < 90


def _plain_decimal(value: float) -> str:
    text = repr(value)
    if "e" in text or "E" in text:
        text = format(Decimal(text), "f")
        if not DECIMAL.fullmatch(text):
            raise ValueError(f"{value!r} cannot be written as a plain decimal")
    return text


def _scalar_event(text: str, *, is_text: bool) -> Any:
    for character in text:
        if character in BIDI_CONTROLS or character == "\x00" or "\ud800" <= character <= "\udfff":
            raise ValueError(f"the character U+{ord(character):04X} cannot be written")
    style: str | None = None
    if is_text and (text in NULLS or _LOOKS_TYPED.fullmatch(text)):
        style = "'"
    if any(c in "\r\x85\u2028\u2029\ufeff" or (ord(c) < 32 and c not in "\n") or 0x7F <= ord(c) < 0xA0 for c in text):
        style = '"'
    return yaml.ScalarEvent(None, None, (True, True), text, style=style)
