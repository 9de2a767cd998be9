"""Schemas become grammars, or are refused by name. That decoding keeps to them is tested in test_llamacpp.py."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field

from domain.chat import ChatReply
from domain.errors import EngineFailed
from domain.value import JsonValue
from pipelines.text.grammar import check_json, json_grammar


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int = Field(ge=1, le=9)


class Dog(BaseModel):
    kind: Literal["dog"]
    name: str | None = Field(default=None, max_length=9, description="what it answers to")


class Zoo(BaseModel):
    animals: tuple[Annotated[Cat | Dog, Field(discriminator="kind")], ...] = Field(min_length=1, max_length=3)


def schema_in(grammar: str) -> dict[str, Any]:
    head, _, body = grammar.partition("start: %json ")
    assert head == "%llguidance {}\n"
    value: dict[str, Any] = json.loads(body)
    return value


def test_a_pydantic_schema_is_taken_and_its_objects_are_closed() -> None:
    schema = schema_in(json_grammar(Zoo.model_json_schema()))
    assert schema["additionalProperties"] is False
    assert schema["$defs"]["Cat"]["additionalProperties"] is False
    assert schema["$defs"]["Cat"]["properties"]["lives"] == {"type": "integer", "minimum": 1, "maximum": 9}


def test_an_object_that_is_open_on_purpose_stays_open() -> None:
    schema = schema_in(json_grammar({"type": "object", "properties": {}, "additionalProperties": {"type": "integer"}}))
    assert schema["additionalProperties"] == {"type": "integer"}


def test_properties_may_be_called_like_keywords() -> None:
    schema = schema_in(json_grammar({"type": "object", "properties": {"title": {"type": "string"}, "format": {"type": "string"}}}))
    assert list(schema["properties"]) == ["title", "format"]


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({"type": "text"}, "reply has the type 'text'"),
        ({"$ref": "#/$defs/Nobody"}, "refers to '#/\\$defs/Nobody'"),
        ({"$ref": "https://example.org/schema"}, "refers to"),
        ({"type": "string", "pattern": "("}, "pattern that does not compile"),
        ({"type": "string", "minLength": 5, "maxLength": 2}, "minLength 5 and maxLength 2"),
        ({"type": "array", "items": {"type": "string", "format": "date"}}, "reply.items uses 'format'"),
        ({"not": {"type": "string"}}, "uses 'not'"),
    ],
)
def test_what_decoding_cannot_hold_to_is_refused_by_name(schema: dict[str, JsonValue], said: str) -> None:
    with pytest.raises(EngineFailed, match=said):
        json_grammar(schema)


def test_a_reply_that_is_not_json_is_refused_with_its_beginning() -> None:
    check_json(ChatReply(text="[1]", finish="stop"), 10, "it")
    with pytest.raises(EngineFailed, match="answered 'Sure"):
        check_json(ChatReply(text="Sure: [1]", finish="stop"), 10, "it")
    with pytest.raises(EngineFailed, match="did not fit in 10 tokens"):
        check_json(ChatReply(text="[1", finish="length"), 10, "it")
