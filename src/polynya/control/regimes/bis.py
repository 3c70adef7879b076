"""The Affiliates Rule of US export control: to whom does the Entity List reach?"""

from __future__ import annotations

from collections.abc import Sequence

from polynya.control.regimes.wave import Wave, needed_by, together
from polynya.control.rules import Rule


def bis(listed: Sequence[str], rule: Rule, joint: Sequence[frozenset[str]] = ()) -> list[Wave]:
    """Bureau of Industry and Security, interim final rule of 2025-09-29 (Affiliates Rule).

    Modelled on the 50 Percent Rule: 50 % or more in the aggregate. Suspended from 2025-11-10 to 2026-11-09; whether it
    came back on 2026-11-10 was not seen, so from then on what it reaches is possible, never certain.
    """
    return together(listed, {"title": needed_by(rule)["title"]})
