"""Does a stored run still hold? (run folder -> hashes and certificates computed again, from its files alone)"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from polynya.errors import InputError
from polynya.market.answer import Solution
from polynya.market.certificate import certify
from polynya.market.problem import read_problem
from polynya.results.case import BASELINE, SCENARIO
from polynya.results.folder import AGAIN, SCHEMA, Run, altered, read_manifest, stored_json, stored_table


@dataclass(frozen=True)
class Verdict:
    """What was found: files that are not as written, and the certificate of each case."""

    altered: tuple[str, ...]
    certificates: dict[str, dict[str, Any]]

    @property
    def passed(self) -> bool:
        """Whether every file is as written and every certificate passes."""
        return not self.altered and all(c["passed"] for c in self.certificates.values())


def verify(run: Run) -> Verdict:
    """Hash every file again, read problems and answers back, and certify each answer outside the solver.

    Raises InputError when a stored file cannot be read.
    """
    altered = run.altered()
    certificates = {}
    for case in (BASELINE, SCENARIO):
        problem = read_problem(run.folder / "problem" / case)
        certificates[case] = dict(certify(problem, read_solution(run, case)))
    return Verdict(tuple(altered), certificates)


def hashes_only(folder: Path) -> Verdict | None:
    """The verdict on a folder that holds no market of its own (an ensemble); None for a run."""
    manifest = read_manifest(folder)
    if manifest.get("schema") == SCHEMA:
        return None
    return Verdict(tuple(altered(folder, manifest)), {})


def read_solution(run: Run, case: str) -> Solution:
    """The stored answer of a case. Raises InputError when a file is missing or damaged."""
    folder = run.folder / "answer" / case
    document = stored_json(folder / "solution.json")
    frames: dict[str, Any] = {p.stem: stored_table(p) for p in sorted(folder.glob("*.parquet"))}
    try:
        return Solution(
            status=document["status"], welfare=document["welfare"], certificate=document["certificate"], **frames
        )
    except (KeyError, TypeError) as error:
        raise InputError(
            f"the stored answer of {case} is not complete: {error}", where=str(folder), fix=AGAIN
        ) from None
