"""What makes a channel's data contradictory, and what a copy step gets of it."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from domain.channel import Channel, ChannelField

SOURCE = {"publisher": "Somebody", "title": "A page", "read": "2026-11-25", "confidence": "secondary"}


def field(**values: Any) -> ChannelField:
    return ChannelField(**{"name": "title", "source": "page", "hard_limit": 30, **values})


def channel(*fields: ChannelField, **values: Any) -> Channel:
    given = {
        "id": "place",
        "name": {"en": "Place", "zh": "地方"},
        "group": "web",
        "sources": {"page": SOURCE},
        "fields": fields or (field(),),
    }
    return Channel(**{**given, **values})


@pytest.mark.parametrize("name", ["recommended", "truncation", "aim"])
def test_a_limit_over_the_hard_limit_is_refused_and_named(name: str) -> None:
    with pytest.raises(ValidationError, match=f"title: {name} 40 is over its hard limit 30"):
        field(**{name: 40})


def test_at_least_more_than_at_most_is_refused() -> None:
    with pytest.raises(ValidationError, match="contradict"):
        field(least=5, most=3)


def test_a_field_without_a_hard_limit_must_say_why() -> None:
    with pytest.raises(ValidationError, match="does not say why"):
        field(hard_limit=None)
    assert field(hard_limit=None, note="No page states one.").hard_limit is None


def test_a_field_must_name_a_listed_source_and_stand_once() -> None:
    with pytest.raises(ValidationError, match="not listed"):
        channel(field(source="elsewhere"))
    with pytest.raises(ValidationError, match="twice"):
        channel(field(), field())
    with pytest.raises(ValidationError, match="no field is written"):
        channel(field(written=False))


def test_a_copy_step_writes_to_the_tightest_limit_unless_there_is_an_aim() -> None:
    assert field(truncation=20, recommended=25).target == 20
    assert field(truncation=20, aim=28).target == 28
    assert field(hard_limit=5000).target == 400


def test_a_copy_step_asks_for_no_more_than_the_place_takes_of_several() -> None:
    assert field(count=4, most=3).copy_field().count == 3
    assert field(count=3, most=1).copy_field().count == 3, "where one is taken, alternatives to choose from are written"
    assert field().copy_field(count=40).count == 12


def test_a_channel_finds_its_fields_however_they_are_spelt_and_knows_its_languages() -> None:
    place = channel(field(name="primary_text"), languages=("zh",))
    assert place.field("Primary Text") is place.fields[0]
    assert place.field("body") is None
    assert place.serves("zh-CN")
    assert not place.serves("en")
