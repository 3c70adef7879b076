"""How is a YAML file read so that nothing wrong gets through silently? (path -> data with positions -> pydantic model)

The file is read from libyaml's events, not through YAML's guessing of types: a scalar is text, whatever it looks like
(`NO` is Norway, `010` is "010", 2025-03-13 is text); only an unquoted `null`, `~` or nothing at all is null. The model
says which texts are numbers, and then only plain decimals are, and only `true` and `false` are booleans.
Refused: duplicate keys, anchors, aliases, tags, several documents, keys that are not text, bidirectional controls,
NUL, other encodings than UTF-8, deep nesting, large files. Accepted: BOM, CRLF.
Every node keeps its position, so every fault of the file is reported at once as file:line:column with a fix.
Not here: what the keys mean (see the models in `claims/` and `scenario/`), CSV (see `tables.py`).
"""

from polynya.strict_yaml.model import validate
from polynya.strict_yaml.read import MAX_BYTES, MAX_DEPTH, Document, load, parse
from polynya.strict_yaml.write import dump

__all__ = ["MAX_BYTES", "MAX_DEPTH", "Document", "dump", "load", "parse", "validate"]
