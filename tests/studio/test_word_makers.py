"""A text says which library ran its model, and names none when a server elsewhere did."""

from __future__ import annotations

from domain.recipe import ModelRef
from studio.word_makers import versions_of


def test_only_a_local_model_names_the_engine_of_this_machine() -> None:
    assert set(versions_of(ModelRef(id="qwen2.5-coder-1.5b-instruct-q4"))) == {"xllamacpp"}
    assert versions_of(ModelRef(id="openai:gpt-oss")) == {}
