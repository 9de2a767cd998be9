"""Turns a JSON schema into the grammar that bounds decoding (llguidance's %json, https://github.com/guidance-ai/llguidance).

The engine decodes without bounds, and says nothing, when it cannot compile a grammar. So what it cannot hold to is refused
here, by name, before it is asked.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Final

from domain.chat import ChatReply
from domain.errors import EngineFailed
from domain.value import JsonValue

_TYPES: Final = frozenset({"object", "array", "string", "integer", "number", "boolean", "null"})

#: Keywords that bound decoding (llguidance, docs/json_schema.md).
_BOUNDS: Final = frozenset(
    {"type", "enum", "const", "anyOf", "oneOf", "allOf", "$ref", "$defs", "definitions"}
    | {"properties", "required", "additionalProperties", "items", "prefixItems", "minItems", "maxItems"}
    | {"minLength", "maxLength", "pattern", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"}
)

#: Keywords that say something to people or to other programs; they never bounded anything.
_NOTES: Final = frozenset(
    {"title", "description", "default", "examples", "$schema", "$id", "$comment", "deprecated", "readOnly", "writeOnly", "discriminator"}
)

_OPTIONS: Final[dict[str, JsonValue]] = {
    "whitespace_flexible": False,
    "item_separator": ", ",
    "key_separator": ": ",
    "coerce_one_of": True,
}


def json_grammar(schema: Mapping[str, JsonValue]) -> str:
    """A grammar for replies that are one JSON value of `schema`, on one line.

    Objects are closed unless the schema opens them: a small model that may add properties never stops adding them. One
    line, because indentation costs a third of the tokens of a short reply. Raises EngineFailed naming what cannot be held to.
    """
    root = dict(schema)
    bounded = _bounded(root, root, "reply")
    text = json.dumps({**bounded, "x-guidance": _OPTIONS}, ensure_ascii=False)
    return f"%llguidance {{}}\nstart: %json {text}\n"


def check_json(reply: ChatReply, max_tokens: int, who: str) -> None:
    """Raise EngineFailed when a reply that was bounded by a schema is not whole JSON. It is never repaired."""
    if reply.finish == "length":
        raise EngineFailed(
            f"The reply did not fit in {max_tokens} tokens: its JSON is cut.", hint="Ask for less at once, or allow a longer reply."
        )
    try:
        json.loads(reply.text)
    except ValueError as error:
        raise EngineFailed(
            f"{who} was asked for JSON and answered {reply.text[:80]!r}.",
            hint="Try again, or choose a chat model that supports structured output.",
        ) from error


def _bounded(schema: dict[str, JsonValue], root: dict[str, JsonValue], where: str) -> dict[str, JsonValue]:
    result: dict[str, JsonValue] = {}
    for key, value in schema.items():
        if key in _NOTES:
            continue
        if key not in _BOUNDS:
            raise _refused(where, f"uses {key!r}, which decoding cannot hold to")
        result[key] = _walked(key, value, root, f"{where}.{key}")
    _check(schema, root, where)
    if "properties" in schema and "additionalProperties" not in schema:
        result["additionalProperties"] = False
    return result


def _walked(key: str, value: JsonValue, root: dict[str, JsonValue], where: str) -> JsonValue:
    if key in ("enum", "const", "required", "type"):
        return value
    if key in ("properties", "$defs", "definitions") and isinstance(value, dict):
        return {name: _schema(item, root, f"{where}.{name}") for name, item in value.items()}
    if isinstance(value, list):
        return [_schema(item, root, f"{where}[{number}]") for number, item in enumerate(value)]
    return _schema(value, root, where)


def _schema(value: JsonValue, root: dict[str, JsonValue], where: str) -> JsonValue:
    return _bounded(value, root, where) if isinstance(value, dict) else value


def _check(schema: dict[str, JsonValue], root: dict[str, JsonValue], where: str) -> None:
    kinds = schema.get("type", [])
    for kind in kinds if isinstance(kinds, list) else [kinds]:
        if kind not in _TYPES:
            raise _refused(where, f"has the type {kind!r}")
    pattern = schema.get("pattern")
    if isinstance(pattern, str):
        try:
            re.compile(pattern)
        except re.error as error:
            raise _refused(where, f"has a pattern that does not compile ({error})") from error
    for low, high in (("minLength", "maxLength"), ("minItems", "maxItems"), ("minimum", "maximum")):
        least, most = schema.get(low), schema.get(high)
        if isinstance(least, int | float) and isinstance(most, int | float) and least > most:
            raise _refused(where, f"asks for {low} {least} and {high} {most}")
    reference = schema.get("$ref")
    if reference is not None and not _resolves(reference, root):
        raise _refused(where, f"refers to {reference!r}, which is not in it")


def _resolves(reference: JsonValue, root: dict[str, JsonValue]) -> bool:
    if not isinstance(reference, str) or not reference.startswith("#"):
        return False
    here: JsonValue = root
    for part in reference.lstrip("#/").split("/") if reference.lstrip("#/") else ():
        if not isinstance(here, dict) or part not in here:
            return False
        here = here[part]
    return True


def _refused(where: str, what: str) -> EngineFailed:
    return EngineFailed(f"The schema of a reply cannot be used: {where} {what}.")
