"""What does a YAML file say, and where does each node stand? (text -> data and positions)

Built from libyaml's events: nothing is resolved to another type than text and null.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from polynya.errors import Fault, InputError
from polynya.tables import BIDI_CONTROLS, read_text

MAX_BYTES = 16 * 1024 * 1024
MAX_DEPTH = 32
NULLS = ("", "~", "null", "Null", "NULL")

Path_ = tuple[str | int, ...]

_Loader: Any = getattr(yaml, "CLoader", yaml.Loader)
_LINE_SEPARATORS = "\x85\u2028\u2029"


@dataclass(frozen=True, slots=True)
class Document:
    """What one file says: nested dict, list, str and None, and where each node stands."""

    file: str
    data: Any
    values: Mapping[Path_, tuple[int, int]] = field(repr=False)
    keys: Mapping[Path_, tuple[int, int]] = field(repr=False)

    def position(self, path: Sequence[str | int] = ()) -> tuple[int, int]:
        """Line and column, from 1, of the value at `path`; of its nearest ancestor when there is no such value."""
        return self._nearest(path, self.values)

    def key_position(self, path: Sequence[str | int] = ()) -> tuple[int, int]:
        """Line and column, from 1, of the key that leads to `path`; of the item itself in a list."""
        return self._nearest(path, self.keys)

    def fault(
        self, path: Sequence[str | int], message: str, *, fix: str = "", code: str = "invalid", key: bool = False
    ) -> Fault:
        """A fault at the value (or, with `key`, at the key) of `path`."""
        line, column = self.key_position(path) if key else self.position(path)
        return Fault(message, self.file, line, column, fix=fix, code=code)

    def _nearest(self, path: Sequence[str | int], table: Mapping[Path_, tuple[int, int]]) -> tuple[int, int]:
        at = tuple(path)
        if at in table:
            return table[at]
        while at and at not in self.values:
            at = at[:-1]
        return self.keys.get(at) or self.values.get(at, (1, 1))


def load(path: Path | str, *, shown_as: str = "", max_bytes: int = MAX_BYTES) -> Document:
    """Read one YAML file. Raises NotFoundError when there is none, InputError when it is not strict YAML."""
    return parse(read_text(Path(path), max_bytes), shown_as or str(path))


def parse(text: str, file: str = "<text>") -> Document:
    """Read YAML from text. Raises InputError with the position of the first fault of form, or of all duplicate keys."""
    text = text.removeprefix("\ufeff")
    _refuse_characters(text, file)
    try:
        return _Reader(file).read(yaml.parse(text, Loader=_Loader))
    except yaml.reader.ReaderError as error:
        at = error.position if isinstance(error.position, int) else 0
        line, column = _line_column(text, at)
        message = f"the character U+{ord(text[at]):04X} is not allowed" if at < len(text) else "unreadable character"
        raise InputError(Fault(message, file, line, column, fix="Remove it.", code="control_character")) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        message = f"not valid YAML: {error.problem or error.context}"
        raise InputError(Fault(message, file, line, column, fix=_fix_of_form(error), code="yaml")) from error
    except yaml.YAMLError as error:
        raise InputError(Fault(f"not valid YAML: {error}", file, code="yaml")) from error


class _Reader:
    """Builds a Document from libyaml's events."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.values: dict[Path_, tuple[int, int]] = {}
        self.keys: dict[Path_, tuple[int, int]] = {}
        self.faults: list[Fault] = []

    def read(self, events: Iterable[Any]) -> Document:
        root: list[Any] = []
        stack: list[_Open] = []
        documents = 0
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise self._refuse(event, "a second document starts here", "Keep one document per file.")
            elif isinstance(event, yaml.AliasEvent):
                raise self._refuse(event, f"the alias *{event.anchor} is not allowed", "Write the value out.")
            elif isinstance(event, yaml.ScalarEvent | yaml.MappingStartEvent | yaml.SequenceStartEvent):
                self._refuse_decoration(event)
                top = stack[-1] if stack else None
                if top is not None and top.wants_key:
                    self._take_key(top, event)
                    continue
                path = top.child_path() if top else ()
                position = _at(event)
                self.values[path] = position
                if top is None or top.key is None:
                    self.keys[path] = position
                if isinstance(event, yaml.ScalarEvent):
                    value: Any = self._scalar(event)
                    _put(top, root, value)
                    continue
                if len(stack) >= MAX_DEPTH:
                    raise self._refuse(event, f"nested more than {MAX_DEPTH} levels deep", "Flatten it.", "too_deep")
                value = {} if isinstance(event, yaml.MappingStartEvent) else []
                _put(top, root, value)
                stack.append(_Open(value, path))
            elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
                stack.pop()
        if self.faults:
            raise InputError(self.faults)
        return Document(self.file, root[0] if root else None, self.values or {(): (1, 1)}, self.keys or {(): (1, 1)})

    def _take_key(self, top: _Open, event: Any) -> None:
        if not isinstance(event, yaml.ScalarEvent):
            raise self._refuse(event, "a key must be text, not a list or mapping", "Write a plain key.", "key")
        key = self._text(event)
        if not event.style and key in ("", "~"):
            raise self._refuse(event, "a key is missing", "Write a key before the colon.", "key")
        top.key, top.wants_key = key, False
        path = (*top.path, key)
        if path in self.keys:
            first_line = self.keys[path][0]
            line, column = _at(event)
            self.faults.append(
                Fault(
                    f'"{key}" stands twice; first in line {first_line}',
                    self.file,
                    line,
                    column,
                    fix="Keep one of them.",
                    code="duplicate_key",
                )
            )
        else:
            self.keys[path] = _at(event)

    def _scalar(self, event: Any) -> str | None:
        text = self._text(event)
        return None if not event.style and text in NULLS else text  # libyaml: '', Python: None for a plain one

    def _text(self, event: Any) -> str:
        text = str(event.value)
        for character in text:
            if character in BIDI_CONTROLS or character == "\x00" or "\ud800" <= character <= "\udfff":
                raise self._refuse(
                    event, f"the character U+{ord(character):04X} is not allowed", "Remove it.", "control_character"
                )
        return text

    def _refuse_decoration(self, event: Any) -> None:
        if event.anchor is not None:
            raise self._refuse(event, f"the anchor &{event.anchor} is not allowed", "Write the value out.")
        if event.tag is not None:
            raise self._refuse(event, f"the tag {event.tag} is not allowed", "Write the plain value.", "tag")

    def _refuse(self, event: Any, message: str, fix: str, code: str = "yaml") -> InputError:
        line, column = _at(event)
        return InputError([*self.faults, Fault(message, self.file, line, column, fix=fix, code=code)])


@dataclass(slots=True)
class _Open:
    """A mapping or list whose end has not been read."""

    value: Any
    path: Path_
    key: str | None = None
    wants_key: bool = field(init=False)

    def __post_init__(self) -> None:
        self.wants_key = isinstance(self.value, dict)

    def child_path(self) -> Path_:
        return (*self.path, self.key if self.key is not None else len(self.value))


def _put(top: _Open | None, root: list[Any], value: Any) -> None:
    if top is None:
        root.append(value)
    elif isinstance(top.value, dict):
        top.value.setdefault(top.key, value)
        top.key, top.wants_key = None, True
    else:
        top.value.append(value)


def _at(event: Any) -> tuple[int, int]:
    return event.start_mark.line + 1, event.start_mark.column + 1


def _line_column(text: str, index: int) -> tuple[int, int]:
    return text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index)


def _refuse_characters(text: str, file: str) -> None:
    for character in BIDI_CONTROLS + _LINE_SEPARATORS + "\x00":
        index = text.find(character)
        if index >= 0:
            line, column = _line_column(text, index)
            message = f"the character U+{ord(character):04X} is not allowed"
            raise InputError(Fault(message, file, line, column, fix="Remove it.", code="control_character"))


def _fix_of_form(error: yaml.MarkedYAMLError) -> str:
    problem = f"{error.context or ''} {error.problem or ''}"
    if "\\t" in problem or "cannot start any token" in problem:
        return "Indent with spaces, and quote a value that starts with a special character."
    if "mapping values are not allowed" in problem:
        return "Quote a value that contains a colon followed by a space."
    return "Check quotes, brackets and indentation."
