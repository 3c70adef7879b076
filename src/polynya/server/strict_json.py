"""Is a request's body plain JSON? (bytes -> value, or an error that says what is wrong)

Beyond the grammar: no NaN, no infinities (also as 1e999), no key twice, no lone surrogates, no bottomless nesting.
"""

from __future__ import annotations

import json
import math
from typing import Any

from polynya.errors import InputError

MAX_DEPTH = 40


def parse(body: bytes) -> Any:
    """The value. Raises InputError."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"the body is not UTF-8: byte {error.start}") from None
    try:
        value = json.loads(text, parse_constant=_constant, parse_float=_float, object_pairs_hook=_object)
    except RecursionError:
        raise InputError("the body is nested too deep") from None
    except json.JSONDecodeError as error:
        raise InputError(f"the body is not JSON: {error.msg}", where=f"{error.lineno}:{error.colno}") from None
    except ValueError as error:  # a whole number of thousands of digits
        raise InputError(f"the body holds a number that cannot be used: {error}") from None
    _look_through(value, 1)
    return value


def _constant(name: str) -> float:
    raise InputError(f"{name} is not a number", fix="Leave the value out, or write null.")


def _float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise InputError(f"{text[:40]} is too large for a number")
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise InputError(f'the key "{key[:80]}" stands twice in one object')
        found[key] = value
    return found


def _look_through(value: Any, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise InputError(f"the body is nested more than {MAX_DEPTH} levels deep")
    if isinstance(value, str):
        if any("\ud800" <= c <= "\udfff" for c in value):
            raise InputError("the body holds half a character (a lone surrogate)")
    elif isinstance(value, dict):
        for key, inner in value.items():
            _look_through(key, depth)
            _look_through(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            _look_through(inner, depth + 1)
