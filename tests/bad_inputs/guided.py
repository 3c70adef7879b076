"""Fuzz one reader guided by what its code has not run yet (Atheris, libFuzzer): `python -m tests.bad_inputs.guided READER -runs=N`.

Only an exception that is not one of ours ends it. Not part of the default tests: see test_guided.py.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["polynya"]):
    from polynya.errors import PolynyaError
    from polynya.world import load_world
    from tests.bad_inputs import test_bad_inputs as readers
    from tests.ensemble.conftest import make_world


def main() -> None:
    """Start with the reader's good file; libFuzzer's own options follow the reader's name."""
    name, *options = sys.argv[1:]
    good, suffix, read = readers.FUZZED[name]
    folder = Path(tempfile.mkdtemp())
    world = load_world(make_world(folder / "world"))
    corpus = folder / "corpus"
    corpus.mkdir()
    (corpus / "good").write_text(good)
    path = folder / f"x{suffix}"
    importlib.import_module("polars")

    def one(data: bytes) -> None:
        path.write_bytes(data)
        with contextlib.suppress(PolynyaError):
            read(path, world)

    atheris.Setup([sys.argv[0], str(corpus), *options, f"-artifact_prefix={folder}{os.sep}"], one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
