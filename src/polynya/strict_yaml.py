"""How is a YAML file read so that nothing wrong gets through silently? (path -> data with positions -> pydantic model)

The file is read from libyaml's events, not through YAML's guessing of types: a scalar is text, whatever it looks like
(`NO` is Norway, `010` is "010", 2025-03-13 is text); only an unquoted `null`, `~` or nothing at all is null. The model
says which texts are numbers, and then only plain decimals are, and only `true` and `false` are booleans.
Refused: duplicate keys, anchors, aliases, tags, several documents, keys that are not text, bidirectional controls,
NUL, other encodings than UTF-8, deep nesting, large files. Accepted: BOM, CRLF.
Every node keeps its position, so every fault of the file is reported at once as file:line:column with a fix.
Not here: what the keys mean (see the models in `claims/` and `scenario/`), CSV (see `tables.py`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import PydanticCustomError, SchemaValidator, core_schema

from polynya.errors import Fault, InputError, did_you_mean
from polynya.tables import BIDI_CONTROLS, read_text

MAX_BYTES = 16 * 1024 * 1024
MAX_DEPTH = 32

Path_ = tuple[str | int, ...]
Model = TypeVar("Model", bound=BaseModel)

_Loader: Any = getattr(yaml, "CLoader", yaml.Loader)
_Dumper: Any = getattr(yaml, "CDumper", yaml.Dumper)
_NULLS = ("", "~", "null", "Null", "NULL")
_LINE_SEPARATORS = "\x85\u2028\u2029"
_DECIMAL = re.compile(r"[+-]?(?:0|[1-9][0-9]{0,39})(?:\.[0-9]{1,40})?")
_WHOLE = re.compile(r"[+-]?(?:0|[1-9][0-9]{0,17})")


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


def validate(document: Document, model: type[Model]) -> Model:
    """Read the document as `model`. Unknown keys are refused unless the model says otherwise.

    Raises InputError with every fault at once, sorted by line: file:line:column, and a did-you-mean where a known key
    or option is near.
    """
    known: dict[int, set[str]] = {}
    try:
        return _validator(model).validate_python(document.data, context=known)  # type: ignore[no-any-return]
    except ValidationError as error:
        faults = [_fault(document, path, e, known) for path, e in _selected(document.data, error.errors())]
        raise InputError(list(dict.fromkeys(faults))) from None


def dump(data: Any) -> str:
    """Write YAML that `parse` reads back to the same data.

    Takes dict, list, tuple, str, None, and bool, int, float and date, which come back as their text. Texts that other
    YAML readers would take for a number, date, boolean or null are quoted. Raises ValueError on what the reader refuses.
    """
    events: list[Any] = [yaml.StreamStartEvent(), yaml.DocumentStartEvent(explicit=False)]
    _emit_node(data, events, 1)
    events += [yaml.DocumentEndEvent(explicit=False), yaml.StreamEndEvent()]
    text: str = yaml.emit(events, Dumper=_Dumper, allow_unicode=True, width=110, indent=2)
    return text.removesuffix("...\n") if text.endswith("\n...\n") else text


# --- reading ---------------------------------------------------------------------------------------------------------


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
        return None if not event.style and text in _NULLS else text  # libyaml: '', Python: None for a plain one

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


# --- checking against a model ----------------------------------------------------------------------------------------


@lru_cache(maxsize=64)
def _validator(model: type[BaseModel]) -> SchemaValidator:
    """The model's own validator, made strict: scalars by our forms, unknown keys refused."""
    schema = _strict(model.__pydantic_core_schema__, None)
    return SchemaValidator(schema, _use_prebuilt=False)  # a nested model's own validator would read numbers laxly


def _strict(schema: Any, extra: str | None) -> Any:
    """A copy of a pydantic core schema in which numbers and booleans are read by our forms from text.

    pydantic itself would read "1_000", "nan" and " 7 " as numbers, and "on" and "t" as booleans.
    """
    if isinstance(schema, list | tuple):
        return type(schema)(_strict(part, extra) for part in schema)
    if not isinstance(schema, dict):
        return schema
    kind = schema.get("type")
    if kind == "model":
        config = schema.get("config") or {}
        extra = config.get("extra_fields_behavior")
    copy = {
        key: value if key in ("metadata", "serialization", "default", "expected", "cls") else _strict(value, extra)
        for key, value in schema.items()
    }
    if kind == "int":
        return core_schema.no_info_before_validator_function(_whole, copy)
    if kind == "float":
        return core_schema.no_info_before_validator_function(_decimal, copy)
    if kind == "bool":
        return core_schema.no_info_before_validator_function(_boolean, copy)
    if kind == "model-fields":
        if extra is None:
            copy["extra_behavior"] = "forbid"
        names = {n for name, f in schema["fields"].items() for n in _names(name, f)}

        def remember(value: Any, info: core_schema.ValidationInfo) -> Any:
            if isinstance(value, dict) and info.context is not None:
                info.context.setdefault(id(value), set()).update(names)
            return value

        return core_schema.with_info_before_validator_function(remember, copy)
    return copy


def _names(name: str, schema: Mapping[str, Any]) -> list[str]:
    alias = schema.get("validation_alias")
    return [alias] if isinstance(alias, str) else [name]


def _whole(value: Any) -> Any:
    if isinstance(value, str):
        if not _WHOLE.fullmatch(value):
            raise PydanticCustomError("bad_integer", '"{value}" is not a whole number', {"value": _short(value)})
        return int(value)
    return value


def _decimal(value: Any) -> Any:
    if isinstance(value, str):
        if not _DECIMAL.fullmatch(value) or not math.isfinite(float(value)):
            raise PydanticCustomError("bad_number", '"{value}" is not a plain decimal number', {"value": _short(value)})
        return float(value)
    return value


def _boolean(value: Any) -> Any:
    if isinstance(value, str):
        if value not in ("true", "false"):
            raise PydanticCustomError("bad_boolean", '"{value}" is neither true nor false', {"value": _short(value)})
        return value == "true"
    return value


def _selected(data: Any, errors: list[Any]) -> list[tuple[Path_, Any]]:
    """Pydantic's errors with their paths into the data; of a union only the branch that came nearest."""
    placed: list[tuple[Path_, Path_, Path_, Any]] = []  # path, prefix of the union, branch, error
    for error in errors:
        path, union, branch = _into(data, error["loc"])
        placed.append((path, union, branch, error))
    branches: dict[Path_, dict[Path_, list[tuple[Path_, Any]]]] = {}
    chosen: list[tuple[Path_, Any]] = []
    for path, union, branch, error in placed:
        if branch:
            branches.setdefault(union, {}).setdefault(branch, []).append((path, error))
        else:
            chosen.append((path, error))
    for union, by_branch in branches.items():
        ranked = sorted(by_branch.values(), key=len)
        whole = [b for b in ranked if not any(path == union and _is_type_error(error) for path, error in b)]
        chosen += (whole or ranked)[0]
    return chosen


def _is_type_error(error: Mapping[str, Any]) -> bool:
    return str(error["type"]).endswith(("_type", "_attributes_type")) or error["type"].startswith("bad_")


def _into(data: Any, loc: Sequence[str | int]) -> tuple[Path_, Path_, Path_]:
    """Split pydantic's location into the path in the data, the place of the first union on it, and the branch taken."""
    path: list[str | int] = []
    union: Path_ = ()
    branch: list[str | int] = []
    node = data
    for i, step in enumerate(loc):
        if _has(node, step):
            node = node[step]
        elif isinstance(node, dict) and i == len(loc) - 1 and not _is_tag(step):
            node = None
        else:
            if not branch:
                union = tuple(path)
                branch.append(step)
            continue
        path.append(step)
    return tuple(path), union, tuple(branch)


def _has(node: Any, step: str | int) -> bool:
    return step in node if isinstance(node, dict) else isinstance(node, list) and step in range(len(node))


def _is_tag(step: str | int) -> bool:
    return (
        not isinstance(step, str)
        or "[" in step
        or step in ("str", "int", "float", "bool", "none")
        or step[:1].isupper()
    )


def _fault(document: Document, path: Path_, error: Mapping[str, Any], known: Mapping[int, set[str]]) -> Fault:
    kind = str(error["type"])
    context = error.get("ctx") or {}
    name = str(path[-1]) if path else ""
    given = _node(document.data, path)  # not the error's input, which a validator may have converted
    shown = _short(given)
    if kind == "missing":
        parent = path[:-1]
        return document.fault(parent, f'"{name}" is missing{_in(parent)}', fix=f'Add "{name}:".', code=kind, key=True)
    if kind == "extra_forbidden":
        names = sorted(known.get(id(_node(document.data, path[:-1])), set()))
        fix = did_you_mean(name, names) or (f"Known keys: {', '.join(names)}." if names else "Remove it.")
        return document.fault(path, f'unknown key "{name}"', fix=fix, code="unknown_key", key=True)
    if kind in ("literal_error", "enum", "union_tag_invalid"):
        options = _options(str(context.get("expected") or context.get("expected_tags") or ""))
        if kind == "union_tag_invalid":
            tag = str(context.get("tag", ""))
            key = str(context.get("discriminator", "")).strip("'")
            path, shown = ((*path, key) if key in (_node(document.data, path) or {}) else path), tag
            name = key
        fix = did_you_mean(shown, options) or f"One of: {', '.join(options)}."
        return document.fault(path, f'"{name}" cannot be "{shown}"', fix=fix, code="unknown_value")
    if kind == "union_tag_not_found":
        key = str(context.get("discriminator", "")).strip("'")
        return document.fault(path, f'"{key}" is missing{_in(path)}', fix=f'Add "{key}:".', code="missing", key=True)
    message, fix = _words(kind, error, name, given)
    return document.fault(path, message, fix=fix, code=kind)


_SHAPES = {
    "string_type": "a text",
    "list_type": "a list",
    "tuple_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "int_type": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "date_type": "a date",
}


def _words(kind: str, error: Mapping[str, Any], name: str, given: Any) -> tuple[str, str]:
    of = f'"{name}": ' if name else ""
    shown = _short(given)
    if kind in _SHAPES:
        what = (
            "nothing"
            if given is None
            else "a list"
            if isinstance(given, list)
            else "a mapping"
            if isinstance(given, dict)
            else f'"{shown}"'
        )
        return f"{of}{_SHAPES[kind]} is needed, not {what}", ""
    if kind == "bad_number":
        return f"{of}{error['msg']}", "Write digits with a decimal point: 27.5."
    if kind == "bad_integer":
        return f"{of}{error['msg']}", "Write digits only: 27."
    if kind == "bad_boolean":
        return f"{of}{error['msg']}", "Write true or false."
    if kind.startswith("date_"):
        return f'{of}"{shown}" is not a date', "Write YYYY-MM-DD."
    if kind == "string_pattern_mismatch":
        return f'{of}"{shown}" does not have the form {error["ctx"]["pattern"]}', ""
    message = str(error["msg"]).removeprefix("Value error, ").removeprefix("Assertion failed, ")
    if kind in ("value_error", "assertion_error"):
        text, _, fix = message.partition(" | ")
        return f"{of}{text}", fix
    message = re.sub(r"^(Input|String|List|Value) should", "should", message)
    return f'{of}"{shown}" {message}' if isinstance(given, str) else f"{of}{message}", ""


def _in(path: Path_) -> str:
    words = [f"item {p + 1}" if isinstance(p, int) else str(p) for p in path]
    return f" in {' / '.join(words)}" if words else ""


def _node(data: Any, path: Path_) -> Any:
    for step in path:
        try:
            data = data[step]
        except (KeyError, IndexError, TypeError):
            return None
    return data


def _options(expected: str) -> list[str]:
    quoted = re.findall(r"'([^']*)'", expected)
    return quoted or [part.strip() for part in re.split(r",| or ", expected) if part.strip()]


def _short(value: Any, limit: int = 60) -> str:
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= limit else text[: limit - 3] + "..."


# --- writing ---------------------------------------------------------------------------------------------------------

_LOOKS_TYPED = re.compile(
    r"(?i:y|n|yes|no|on|off|true|false|null|~|\.nan|[+-]?\.inf)"
    r"|[+-]?[0-9.][0-9_.,:eExXoOa-fA-F+-]*"
    r"|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}.*"
    r"|<<|="
)


def _emit_node(data: Any, events: list[Any], depth: int) -> None:
    if depth > MAX_DEPTH + 1:
        raise ValueError(f"nested more than {MAX_DEPTH} levels deep")
    if isinstance(data, dict):
        events.append(yaml.MappingStartEvent(None, None, True, flow_style=not data))
        for key, value in data.items():
            if not isinstance(key, str):
                raise ValueError(f"a key must be text, not {key!r}")
            events.append(_scalar_event(key, is_text=True))
            _emit_node(value, events, depth + 1)
        events.append(yaml.MappingEndEvent())
    elif isinstance(data, list | tuple):
        events.append(yaml.SequenceStartEvent(None, None, True, flow_style=_fits_a_line(data)))
        for value in data:
            _emit_node(value, events, depth + 1)
        events.append(yaml.SequenceEndEvent())
    elif data is None:
        events.append(_scalar_event("null", is_text=False))
    elif isinstance(data, bool):
        events.append(_scalar_event("true" if data else "false", is_text=False))
    elif isinstance(data, int):
        events.append(_scalar_event(str(data), is_text=False))
    elif isinstance(data, float):
        if not math.isfinite(data):
            raise ValueError(f"{data} cannot be written")
        events.append(_scalar_event(_plain_decimal(data), is_text=False))
    elif isinstance(data, date):
        events.append(_scalar_event(data.isoformat(), is_text=True))
    elif isinstance(data, str):
        events.append(_scalar_event(data, is_text=True))
    else:
        raise ValueError(f"{type(data).__name__} cannot be written")


def _fits_a_line(data: Sequence[Any]) -> bool:
    return all(isinstance(v, str | int | float) for v in data) and sum(len(str(v)) + 2 for v in data) < 90


def _plain_decimal(value: float) -> str:
    text = repr(value)
    if "e" in text or "E" in text:
        text = format(Decimal(text), "f")
        if not _DECIMAL.fullmatch(text):
            raise ValueError(f"{value!r} cannot be written as a plain decimal")
    return text


def _scalar_event(text: str, *, is_text: bool) -> Any:
    for character in text:
        if character in BIDI_CONTROLS or character == "\x00" or "\ud800" <= character <= "\udfff":
            raise ValueError(f"the character U+{ord(character):04X} cannot be written")
    style: str | None = None
    if is_text and (text in _NULLS or _LOOKS_TYPED.fullmatch(text)):
        style = "'"
    if any(c in "\r\x85\u2028\u2029\ufeff" or (ord(c) < 32 and c not in "\n") or 0x7F <= ord(c) < 0xA0 for c in text):
        style = '"'
    return yaml.ScalarEvent(None, None, (True, True), text, style=style)
