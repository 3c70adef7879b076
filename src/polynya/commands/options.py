"""What several commands ask in the same way: dates and months."""

from __future__ import annotations

import re
from datetime import date

from polynya.errors import UsageError


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
