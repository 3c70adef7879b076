"""Does a document fit a pydantic model? (document + model -> instance, or every fault at once)

pydantic's own validators are rebuilt so that numbers and booleans are read from text by our forms only, and unknown
keys are refused; its errors become faults with line, column and a fix.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import PydanticCustomError, SchemaValidator, core_schema

from polynya.errors import Fault, InputError, did_you_mean
from polynya.strict_yaml.read import Document, Path_

Model = TypeVar("Model", bound=BaseModel)

DECIMAL = re.compile(r"[+-]?(?:0|[1-9][0-9]{0,39})(?:\.[0-9]{1,40})?")
_WHOLE = re.compile(r"[+-]?(?:0|[1-9][0-9]{0,17})")


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
        if not DECIMAL.fullmatch(value) or not math.isfinite(float(value)):
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


_HOW = {
    "string": "Write words, in quotes if they hold signs of YAML.",
    "list": "Write [a, b], or a line with a hyphen for each item.",
    "tuple": "Write [a, b], or a line with a hyphen for each item.",
    "dict": 'Write keys and values, "key: value".',
    "model": 'Write keys and values, "key: value".',
    "int": "Write digits only: 27.",
    "float": "Write digits with a decimal point: 27.5.",
    "bool": "Write true or false.",
    "date": "Write YYYY-MM-DD.",
}
_FORMS = (
    (r"^\d{4}-\d{2}-\d{2}", "Write YYYY-MM-DD."),
    (r"^\d{4}-(0[1-9]|1[0-2])$", "Write YYYY-MM."),
    ("^[0-9a-f]{64}$", "64 hexadecimal digits are needed."),
    ("^https?://", "It begins with http:// or https://."),
    ("^[a-z0-9]+(-[a-z0-9]+)*$", "Small letters and digits, joined by single hyphens."),
)


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
        return f"{of}{_SHAPES[kind]} is needed, not {what}", _HOW[kind.split("_")[0]]
    if kind == "bad_number":
        return f"{of}{error['msg']}", "Write digits with a decimal point: 27.5."
    if kind == "bad_integer":
        return f"{of}{error['msg']}", "Write digits only: 27."
    if kind == "bad_boolean":
        return f"{of}{error['msg']}", "Write true or false."
    if kind.startswith("date_"):
        return f'{of}"{shown}" is not a date', "Write YYYY-MM-DD."
    if kind == "string_pattern_mismatch":
        pattern = str(error["ctx"]["pattern"])
        fix = next((words for start, words in _FORMS if pattern.startswith(start)), f"The form is {pattern}")
        return f'{of}"{shown}" does not have the right form', fix
    message = str(error["msg"]).removeprefix("Value error, ").removeprefix("Assertion failed, ")
    if kind in ("value_error", "assertion_error"):
        text, _, fix = message.partition(" | ")
        return f"{of}{text}", fix
    message = re.sub(r"^(Input|String|List|Value) should", "should", message)
    fix = (
        "A share lies between 0 and 1: 80 % is 0.8."
        if name.endswith("_share")
        else "Check sign and unit."
        if kind.startswith(("less_", "greater_"))
        else ""
    )
    return f'{of}"{shown}" {message}' if isinstance(given, str) else f"{of}{message}", fix


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
