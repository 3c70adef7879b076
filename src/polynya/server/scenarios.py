"""Where do scenario files come from, and what would one do? (examples, saved ones, those of runs; drafts, checked)"""

from __future__ import annotations

import io
import os
import re
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from polynya.ensemble.draw import MAX_COINS
from polynya.ensemble.uncertain import uncertain
from polynya.errors import Fault, InputError, NotFoundError, PolynyaError, UsageError, did_you_mean
from polynya.pipeline import EXAMPLES, require_many
from polynya.scenario import Scenario, apply, load_scenario
from polynya.scenario.ledger import Claim, read_ledger
from polynya.scenario.schema import ScenarioFile
from polynya.scenario.template import TEMPLATE
from polynya.server.folders import NAME, RunsFolder
from polynya.server.variant import OFF, PLAIN_LEDGER, only_ledger_beside, read
from polynya.world import World
from polynya.world.capacity import CAPACITY

EXAMPLE, SAVED, RUN = "example", "saved", "run"
TEMPLATE_NAME = "template"
EPOCH = (1980, 1, 1, 0, 0, 0)


class ExistsError(PolynyaError):
    """The name is taken."""

    code = "exists"
    exit_code = 2


@dataclass(frozen=True)
class Draft:
    """A scenario file and its ledger as texts; `origin` says where they come from."""

    origin: str
    text: str
    ledger: str = ""

    def files(self) -> dict[str, str]:
        """File name -> text, as they lie in one folder. Raises InputError when the scenario points elsewhere."""
        name = only_ledger_beside(self.text, read(self.text))
        if name and not self.ledger:
            raise InputError(Fault(f'the scenario names the ledger "{name}", which was not given', "scenario.yaml"))
        return {"scenario.yaml": self.text, **({name: self.ledger} if name else {})}

    def zipped(self) -> bytes:
        """Both files in one archive; the same bytes for the same texts."""
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, text in sorted(self.files().items()):
                archive.writestr(zipfile.ZipInfo(name, EPOCH), text.encode("utf-8"), zipfile.ZIP_DEFLATED)
        return out.getvalue()


class Scenarios:
    """Scenario files by kind (example, saved, run) and name."""

    def __init__(self, folder: RunsFolder) -> None:
        self.folder = folder

    def listing(self) -> Iterator[dict[str, Any]]:
        """Examples and saved scenarios, each with title and question; a broken one with its fault."""
        for kind, names in ((EXAMPLE, [*self._examples(), TEMPLATE_NAME]), (SAVED, list(self.folder.saved()))):
            for name in names:
                entry: dict[str, Any] = {"kind": kind, "name": name, "title": name, "question": "", "fault": ""}
                try:
                    file = read(self.get(kind, name).text)
                    entry |= {"title": file.title, "question": file.question}
                except PolynyaError as error:
                    entry["fault"] = error.message
                yield entry

    def _examples(self) -> dict[str, Path]:
        """Name -> file: a folder's scenario.yaml has the folder's name, its other scenarios `folder.name`."""
        return {
            p.parent.name if p.stem == "scenario" else f"{p.parent.name}.{p.stem}": p
            for p in sorted(EXAMPLES.glob("*/*.yaml"))
            if "claims" not in p.name
        }

    def get(self, kind: str, name: str) -> Draft:
        """The files of one. Raises NotFoundError."""
        if kind == EXAMPLE:
            if name == TEMPLATE_NAME:
                return Draft(f"{kind} {name}", TEMPLATE)
            found = self._examples()
            if name not in found:
                raise NotFoundError(f'there is no example "{name[:120]}".', fix=did_you_mean(name, found))
            text = _text(found[name])
            named = read(text).claims
            neighbour = _text(found[name].parent / named) if named else ""  # our own file: it may point to a neighbour
            return Draft(f"{kind} {name}", _with_ledger_beside(text), neighbour)
        if kind == SAVED:
            return _beside(self.folder.saved_scenario(name) / "scenario.yaml", f"{kind} {name}")
        if kind == RUN:
            run = self.folder.run(name)
            text = _text(self.folder.file(run, "inputs/scenario.yaml"))
            ledger = run.folder / "inputs" / "claims.yaml"
            given = _text(self.folder.file(run, "inputs/claims.yaml")) if ledger.exists() else ""
            return Draft(f"{kind} {name}", _with_ledger_beside(text), given)  # a run keeps its ledger beside it
        raise NotFoundError(f'there are no scenarios of the kind "{kind[:40]}".', fix=f"{EXAMPLE}, {SAVED} or {RUN}.")

    def save(self, name: str, draft: Draft) -> Path:
        """Keep a draft under a name; it appears whole or not at all. Raises ExistsError."""
        if not NAME.fullmatch(name):
            raise InputError(f'"{name[:120]}" cannot be a name.', fix="Letters, digits, dots, dashes and underscores.")
        target = self.folder.scenarios / name
        files = draft.files()
        partial = Path(tempfile.mkdtemp(prefix=".", dir=self.folder.scenarios))
        try:
            for file, text in files.items():
                (partial / file).write_text(text, encoding="utf-8", newline="")
            partial.chmod(0o755)
            if target.exists():
                raise ExistsError(f'a scenario "{name}" is saved already.', fix="Choose another name.")
            partial.rename(target)
        except OSError as error:
            raise ExistsError(f'"{name}" cannot be saved: {error.strerror}.', fix="Choose another name.") from None
        finally:
            shutil.rmtree(partial, ignore_errors=True)
        return target


def _beside(path: Path, origin: str) -> Draft:
    text = _text(path)
    name = only_ledger_beside(text, read(text))
    ledger = path.with_name(name) if name else None
    if ledger is not None and ledger.is_symlink():
        raise NotFoundError(f"the ledger {name} is a link.")
    return Draft(origin, text, _text(ledger) if ledger is not None and ledger.is_file() else "")


def _with_ledger_beside(text: str) -> str:
    """The scenario with its ledger named as it lies in a folder of its own; unchanged where it is so already."""
    named = read(text).claims
    if named is None or re.fullmatch(PLAIN_LEDGER, named):
        return text
    return re.sub(r"(?m)^claims:.*$", "claims: claims.yaml", text, count=1)


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        raise InputError("the file is not UTF-8", where=path.name) from None


def require_own_capacity(world: World, subject: str) -> None:
    """Raises UsageError unless the market reads a capacity of this very thing: set elsewhere it would do nothing."""
    own = {s for s, attribute in world.facts if attribute == CAPACITY}
    if subject in own:
        return
    corridors = world.table("corridors").filter(pl.col("asset") == subject)["id"].to_list()
    parts = sorted(own.intersection(corridors))
    fix = f"Set it on {' or '.join(parts)}." if parts else did_you_mean(subject, own)
    raise UsageError(f'"{subject[:120]}" has no capacity of its own.', fix=fix)


def check(draft: Draft, world: World) -> dict[str, Any]:
    """What the scenario would do: every change with what becomes of it. Raises InputError with every fault."""
    with tempfile.TemporaryDirectory(prefix="polynya-") as folder:
        for name, text in draft.files().items():
            Path(folder, name).write_bytes(text.encode("utf-8"))
        try:
            scenario = load_scenario(Path(folder, "scenario.yaml"), world)
            applied = apply(scenario, world)
        except InputError as error:
            raise InputError(
                [
                    Fault(_bare(f.message, folder), _bare(f.file, folder), f.line, f.column, f.fix, f.code)
                    for f in error.faults
                ]
            ) from None
    return {
        "sha256": scenario.sha256,
        "changes": [
            {
                "id": c.id,
                "status": "switched_off" if OFF in c.when and c.status == "condition_not_met" else c.status,
                "from": c.from_day.isoformat() if c.from_day else None,
                "effect": c.effect,
            }
            for c in applied.changes
        ],
        "conditions_not_met": list(applied.not_met),
        "likely": _likely(scenario),
    }


def _likely(scenario: Scenario) -> dict[str, Any]:
    """What an ensemble would draw over: the uncertain things, in how many ways they can fall; or why there is none."""
    try:
        require_many(scenario)
        what = uncertain(scenario)
    except PolynyaError as error:
        return {"why_not": error.message, "fix": error.fix, "things": [], "ways": None}
    things = [{"id": c.id, "kind": c.kind, "text": c.text, "low": c.low, "high": c.high} for c in what.coins]
    things += [{"id": d.id, "kind": "range", "text": d.text, "low": d.low, "high": d.high} for d in what.dials]
    ways = 2 ** len(what.coins) if not what.dials and len(what.coins) <= MAX_COINS else None
    return {"why_not": "", "fix": "", "things": things, "ways": ways}


def _bare(text: str, folder: str) -> str:
    return text.replace(f"{folder}{os.sep}", "")


def claims_of(draft: Draft) -> list[Claim]:
    """The claims of the draft's ledger."""
    if not draft.ledger:
        return []
    with tempfile.TemporaryDirectory(prefix="polynya-") as folder:
        path = Path(folder, "claims.yaml")
        path.write_bytes(draft.ledger.encode("utf-8"))
        return list(read_ledger(path).values())


def shown(draft: Draft) -> dict[str, Any]:
    """The scenario as the editor shows it."""
    file = read(draft.text)
    return {
        "origin": draft.origin,
        "text": draft.text,
        "has_ledger": bool(draft.ledger),
        "file": _document(file),
        "claims": [
            {
                "id": c.id,
                "text": c.text,
                "attribution": c.attribution,
                "factuality": c.factuality,
                "stage": c.stage,
                "pending": list(c.pending),
                "review": c.review,
            }
            for c in claims_of(draft)
        ],
    }


def _document(file: ScenarioFile) -> dict[str, Any]:
    return file.model_dump(mode="json", by_alias=True)
