"""Copy for a channel: its limits as it counts them, repair with what is too much, frameworks, sets of different angles."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from agents.writers.calls import Desk
from agents.writers.copy import require_copy, write_copy
from agents.writers.likeness import Likeness
from agents.writers.render import render
from domain.brand import BrandKit
from domain.context import StepContext
from domain.counting import CountingRule
from domain.documents import CopyDocument
from domain.errors import InputError, ModelMissing
from domain.finding import Severity
from domain.progress import Silent
from domain.recipe import ModelRef
from domain.specs import CopyField, CopySpec
from pipelines.devices import Devices
from pipelines.models.store import ModelStore
from pipelines.worker import InstalledEmbedder
from tests.agents.writers.desk_chat import Speaker, in_turn

MATERIAL = "Launch campaign for a cold-brew coffee called Northwind, for busy people who like slow mornings."


@pytest.fixture(scope="module")
def desk(assets: Path) -> Desk:
    return Desk(assets)


class Meanings:
    """An embedder that knows three meanings: texts of one line of its table mean the same."""

    def __init__(self, *same: Sequence[str]) -> None:
        self._same = same

    @property
    def model(self) -> ModelRef:
        return ModelRef(id="all-minilm-l6-v2")

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        return [[1.0 if text in group else 0.0 for group in self._same] for text in texts]


class Gone(Meanings):
    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        raise ModelMissing("The model was removed.")


def context(channel: str, fields: tuple[CopyField, ...] | None = None, brand: BrandKit | None = None, **more: Any) -> StepContext:
    given = {"about": "cold-brew coffee called Northwind, for busy people", "channel": channel, **more}
    if fields:
        given["fields"] = fields
    return StepContext(spec=CopySpec(**given), material=MATERIAL, brand=brand or BrandKit())


def lines(*texts: str) -> dict[str, list[str]]:
    return {"lines": list(texts)}


def written(desk: Desk, chat: Speaker, wanted: StepContext, embedder: Any = None) -> CopyDocument:
    return write_copy(wanted, chat, 7, Silent(), desk, embedder)


def headline(channel: str = "google_search_ads", count: int = 1, **more: Any) -> StepContext:
    return context(channel, (CopyField(name="headline", max_chars=30, count=count),), **more)


def test_a_limit_holds_as_the_channel_counts_and_the_repair_names_what_is_too_much(desk: Desk) -> None:
    long = "早起的人，先喝一口慢慢泡的冷萃咖啡吧"
    chat = Speaker(in_turn(lines(long), lines("慢慢泡，早早喝")))
    (slot,) = written(desk, chat, headline(about="给早起的人的冷萃咖啡", language="zh")).slots
    assert [line.text for line in slot.lines] == ["慢慢泡，早早喝"]
    assert (slot.counting, slot.hard_limit, slot.length(slot.lines[0])) == (CountingRule.WIDTH, 30, 14)
    assert f"“{long[15:]}”" in chat.asked[1], "the part over 30 single-width signs is named"
    assert "36 characters, a wide one as two; the limit is 30" in chat.asked[1]


def test_what_still_fails_is_delivered_whole_with_its_span(desk: Desk) -> None:
    long = "Slow Coffee for a City That Never Stops"
    (slot,) = written(desk, Speaker(in_turn(lines(long))), headline()).slots
    assert slot.lines[0].text == long
    (finding,) = [f for f in slot.lines[0].findings if f.rule == "length"]
    assert (finding.severity, finding.span) == (Severity.ERROR, (30, len(long)))


def test_a_line_within_the_hard_limit_is_delivered_before_one_that_is_over_it(desk: Desk) -> None:
    over, invented = "Slow Coffee for a City That Never Stops", "Organic Coffee Now"
    (slot,) = written(desk, Speaker(in_turn(lines(over, invented))), headline()).slots
    assert slot.lines[0].text == invented
    assert not slot.lines[0].passed


def test_a_text_over_the_truncation_point_passes_with_a_note_and_the_chat_is_not_asked_again(desk: Desk) -> None:
    text = (
        "Northwind waits overnight so that your morning does not have to hurry. The cup is cold, the kitchen is quiet, and nobody has "
        "asked for anything yet. Drink it by the window. Then go out and be as busy as you like."
    )
    chat = Speaker(in_turn(lines(text)))
    (slot,) = written(desk, chat, context("linkedin_post", (CopyField(name="post", max_chars=450),))).slots
    assert [(f.rule, f.severity) for f in slot.lines[0].findings] == [("truncation", Severity.NOTE)]
    assert slot.lines[0].passed
    assert len(chat.requests) == 1


def test_a_field_of_another_step_beside_the_channels_own_is_held_to_what_the_step_asks(desk: Desk) -> None:
    wanted = context("sms", (CopyField(name="text", max_chars=160), CopyField(name="cta", max_chars=20)))
    document = written(desk, Speaker(in_turn(lines("Northwind is ready. Try it today."), lines("Taste It"))), wanted)
    assert [slot.counting for slot in document.slots] == [CountingRule.SMS, CountingRule.CHARACTERS]
    assert [(f.rule, f.severity) for f in document.findings] == [("channel_field", Severity.NOTE)]


def test_too_many_hashtags_are_mended(desk: Desk) -> None:
    wanted = context("instagram_post", (CopyField(name="hashtags", max_chars=100),))
    chat = Speaker(in_turn(lines("#a #b #c #d #e #f"), lines("#Northwind #SlowMornings")))
    (slot,) = written(desk, chat, wanted).slots
    assert slot.lines[0].text == "#Northwind #SlowMornings"
    assert "6 hashtags; at most 5 are allowed." in chat.asked[1]


def test_the_framework_and_the_reading_level_are_asked_for_where_they_fit(desk: Desk) -> None:
    fields = (CopyField(name="headline", max_chars=30), CopyField(name="description", max_chars=90))
    chat = Speaker(in_turn(lines("Slow Coffee, Fast City"), lines("A calm cup for a full day.")))
    written(desk, chat, context("google_search_ads", fields, framework="pas", reading_level="plain"))
    assert "name the problem." in chat.asked[0]
    assert "name the problem, show what it costs, then offer the solution" in chat.asked[1]
    assert all("short sentences" in asked for asked in chat.asked)


@pytest.mark.parametrize(
    ("framework", "line"),
    [("aida", "Catch Attention"), ("aida", "Desire to see Northwind"), ("pas", "Problem: no time"), ("fab", "Benefit: calm"),
     ("bab", "Before: rush. After: calm"), ("4u", "Useful, very specific")],
)  # fmt: skip
def test_a_line_that_says_the_framework_instead_of_following_it_is_written_anew(desk: Desk, framework: str, line: str) -> None:
    chat = Speaker(in_turn(lines(line), lines("Slow Coffee, Fast City")))
    (slot,) = written(desk, chat, headline(framework=framework)).slots
    assert [one.text for one in slot.lines] == ["Slow Coffee, Fast City"]
    assert "says how the text is built" in chat.asked[1]


def test_words_that_a_framework_uses_too_are_no_leak(desk: Desk) -> None:
    chat = Speaker(in_turn(lines("Attention to Every Cup")))
    (slot,) = written(desk, chat, headline(framework="aida")).slots
    assert slot.lines[0].passed and len(chat.asked) == 1


@pytest.mark.parametrize("line", ["Stone Oven", "Folding Bicycle"])
def test_a_short_line_out_of_the_examples_is_refused(desk: Desk, line: str) -> None:
    chat = Speaker(in_turn(lines(line), lines("Slow Coffee, Fast City")))
    (slot,) = written(desk, chat, headline()).slots
    assert [one.text for one in slot.lines] == ["Slow Coffee, Fast City"]


def test_variants_take_different_angles_and_do_not_say_what_an_earlier_set_says(desk: Desk) -> None:
    again, other = "Slow Coffee, Fast City", "Unhurried Cups for Quick Towns"
    chat = Speaker(in_turn(lines(again), lines(again, other), lines("Who Woke the Beans?")))
    document = written(desk, chat, headline(variants=2), Meanings([again, other], ["Who Woke the Beans?"]))
    assert [one.label for one in document.sets] == ["A", "B"]
    assert len({one.angle for one in document.sets}) == 2
    assert all(f"Angle: {one.angle}." in asked for one, asked in zip(document.sets, (chat.asked[0], chat.asked[1]), strict=True))
    assert document.sets[1].slots[0].lines[0].text == "Who Woke the Beans?", "the same words and the same meaning were refused"
    assert "A headline: Slow Coffee, Fast City" in document.plain_text


def test_a_variant_that_only_repeats_is_shown_as_a_repeat(desk: Desk) -> None:
    document = written(desk, Speaker(in_turn(lines("Slow Coffee, Fast City"))), headline(variants=2))
    line = document.variants[0].slots[0].lines[0]
    assert {f.rule for f in line.findings} == {"near_duplicate"}


def test_without_an_embedder_or_when_it_is_removed_letters_decide() -> None:
    same = Meanings(["Slow coffee", "Unhurried cups"])
    known = {"all-minilm-l6-v2": 0.72}
    assert Likeness(same, known).repeats("Slow coffee", ["Unhurried cups"])
    for likeness in (Likeness(None, known), Likeness(Gone(["Slow coffee", "Unhurried cups"]), known), Likeness(same, {})):
        assert not likeness.repeats("Slow coffee", ["Unhurried cups"])
        assert likeness.repeats("Slow coffee", ["slow coffee!"])


def test_contradictions_stand_on_the_document_at_their_fields(desk: Desk) -> None:
    kit = BrandKit(name="Northwind", forbidden_words=("northwind",))
    wanted = context("google_search_ads", (CopyField(name="headline", max_chars=60),), kit)
    document = written(desk, Speaker(in_turn(lines("Slow Coffee, Fast City"))), wanted)
    found = {("brand_kit", "forbidden_words"), ("limit_conflict", "headline"), ("line_count", "headline")}
    assert {(f.rule, f.field) for f in document.findings} == found


@pytest.mark.parametrize(("values", "field"), [({"channel": "google_adz"}, "channel"), ({"framework": "aidaa"}, "framework")])
def test_an_unknown_channel_or_framework_is_refused_at_its_field(desk: Desk, values: dict[str, str], field: str) -> None:
    spec = CopySpec(about="tea", **values)
    with pytest.raises(InputError) as error:
        require_copy(spec, desk)
    assert error.value.field == field
    assert "Did you mean" in error.value.hint


def test_the_brand_kit_is_honoured_in_a_channel(desk: Desk) -> None:
    kit = BrandKit(name="Northwind", forbidden_words=("cheap",), required_words=("cold brew",))
    fields = (CopyField(name="headline", max_chars=30), CopyField(name="description", max_chars=90))
    chat = Speaker(
        in_turn(
            lines("Cheap Coffee, Slow City", "Slow Coffee, Fast City"), lines("Coffee at peace."), lines("A cold brew at peace with you.")
        )
    )
    one, two = written(desk, chat, context("google_search_ads", fields, kit)).slots
    assert one.lines[0].text == "Slow Coffee, Fast City"
    assert two.lines[0].text == "A cold brew at peace with you."


def test_the_markdown_names_the_channel_and_the_count_of_every_line(desk: Desk) -> None:
    document = written(desk, Speaker(in_turn(lines("Slow Coffee, Fast City"))), headline())
    text = render(document)
    assert "Channel: google_search_ads" in text
    assert "| headline | Slow Coffee, Fast City | 22/30 width | passed |" in text


@pytest.mark.models
def test_the_real_embedder_tells_other_words_from_another_angle(store: ModelStore, desk: Desk) -> None:
    likeness = Likeness(InstalledEmbedder(store, Devices(2 << 30)), desk.crafts.likeness)
    assert likeness.embeds
    assert likeness.repeats("Sleep better tonight", ["Get a better night's sleep"])
    assert not likeness.repeats("Sleep better tonight", ["Wool that breathes with you"])
