"""How does each regime read its ownership rule? One module a regime, each with its citation."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from polynya.control.regimes.bis import bis
from polynya.control.regimes.eu import eu
from polynya.control.regimes.ofac import ofac
from polynya.control.regimes.seco import seco
from polynya.control.regimes.ssi import ssi
from polynya.control.regimes.uk import uk
from polynya.control.regimes.wave import Wave

READERS: Mapping[str, Callable[..., list[Wave]]] = {
    "ofac": ofac,
    "eu": eu,
    "uk": uk,
    "seco": seco,
    "ssi-2": ssi,
    "ssi-4": ssi,
    "bis-affiliates": bis,
}

__all__ = ["READERS", "Wave", "bis", "eu", "ofac", "seco", "ssi", "uk"]
