"""How does a user's own file become an overlay? (file of a known publisher + world -> facts, one source, what was left out)

One small module per publisher, each with `read(document, world, names) -> Imported`:

    gem      Global Energy Monitor: LNG terminals and gas pipelines (workbook or CSV)
    ei       Energy Institute Statistical Review: gas production and consumption (workbook or narrow CSV)
    entsog   ENTSOG Transparency Platform: technical capacity and physical flow by day (CSV or JSON)
    gie      GIE AGSI: gas in storage by country and day (CSV or JSON)

Names are matched only when they are equal after spelling is evened out, or by the user's own map; nothing is merged on
similarity, and every row that found no place is listed with the reason. Not here: fetching, and any judgement of the file.
"""

from __future__ import annotations

from polynya.world.importers.document import Document, Sheet, read_document
from polynya.world.importers.imported import Imported, ImportedFact, LeftOut, write_overlay
from polynya.world.importers.names import Names

PUBLISHERS = ("gem", "ei", "entsog", "gie")

__all__ = [
    "PUBLISHERS",
    "Document",
    "Imported",
    "ImportedFact",
    "LeftOut",
    "Names",
    "Sheet",
    "read_document",
    "write_overlay",
]
