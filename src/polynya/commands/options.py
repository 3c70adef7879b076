"""What several commands ask in the same way: dates and months."""

from __future__ import annotations

import re
from datetime import date

from polynya.errors import UsageError, did_you_mean


def day_or_today(text: str) -> date:
    """`YYYY-MM-DD` (or a month, or a year: its first day); blank means today. Raises UsageError."""
    if not text:
        return date.today()
    from polynya.tables import parse_date

    try:
        return parse_date(text)
    except ValueError as error:
        raise UsageError(f"{error}.", fix="For example 2025-03-27.") from None


def month(text: str) -> date:
    """`YYYY-MM` -> its first day. Raises UsageError."""
    match = re.fullmatch(r"(\d{4})-(\d{2})", text)
    if not match or not 1 <= int(match[2]) <= 12 or int(match[1]) < 1:
        raise UsageError(f'"{text}" is not a month.', fix="For example 2025-04.")
    return date(int(match[1]), int(match[2]), 1)


def year_list(text: str) -> tuple[int, ...]:
    """`2022,2023` -> the years, ascending, once each. Raises UsageError."""
    parts = [p.strip() for p in text.split(",") if p.strip()]
    if not parts or not all(re.fullmatch(r"(19|20)\d{2}", p) for p in parts):
        raise UsageError(f'"{text}" is not a list of years.', fix="For example 2022,2023.")
    return tuple(sorted({int(p) for p in parts}))


def one_of(option: str, value: str, allowed: tuple[str, ...]) -> str:
    """The value if it is allowed. Raises UsageError with the nearest one."""
    if value not in allowed:
        raise UsageError(f'{option}: "{value}" is not one of {", ".join(allowed)}.', fix=did_you_mean(value, allowed))
    return value
