"""How does an exact percentage survive JSON? (numbers are read and written digit by digit, never through floats)"""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

LONGEST = 40  # digits before or behind the point
_MARK = "\u0001"
_MARKED = re.compile(rf'"{_MARK}([0-9.]+){_MARK}"')


def exact_number(text: str) -> str:
    """A decimal text marked so that `dumps` writes it as a bare number."""
    return f"{_MARK}{text}{_MARK}"


def dumps(document: Any, *, indent: int | None = None) -> str:
    """JSON text in which marked texts are numbers."""
    raw = json.dumps(document, ensure_ascii=False, allow_nan=False, indent=indent)
    return _MARKED.sub(r"\1", raw.replace("\\u0001", _MARK))


def loads(text: str) -> Any:
    """JSON with numbers as Decimal, so that no digit is lost."""
    return json.loads(text, parse_float=Decimal, parse_int=Decimal)


def number_text(value: object) -> str:
    """A JSON number or numeric text as plain decimal text. Raises ValueError."""
    if isinstance(value, Decimal):
        if abs(value.adjusted()) > LONGEST:  # 1e999999999 would be written out
            raise ValueError(f"{value} is not a share")
        return format(value, "f")
    if isinstance(value, str):
        return value.strip()
    raise ValueError(f"{value!r} is not a number")
