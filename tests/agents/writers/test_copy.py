from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agents.checks.text import characters, cjk
from agents.writers.calls import Desk
from agents.writers.copy import write_copy
from domain.brand import BrandKit
from domain.chat import ChatModel
from domain.context import StepContext
from domain.documents import CopyDocument
from domain.errors import Cancelled, InputError, InvalidOutput
from domain.progress import CancelToken, Silent
from domain.specs import ArticleSpec, CopyField, CopySpec
from pipelines.devices import Devices
from pipelines.models.store import ModelStore
from pipelines.text.llamacpp import LlamaCppChat
from tests.agents.writers.desk_chat import Speaker, in_turn

MATERIAL = "Launch campaign for a cold-brew coffee called Northwind, for busy people who like slow mornings."
HEADLINE = CopyField(name="headline", max_chars=30, count=2)


@pytest.fixture(scope="module")
def desk(assets: Path) -> Desk:
    return Desk(assets)


def context(*fields: CopyField, brand: BrandKit | None = None, **more: Any) -> StepContext:
    spec = CopySpec(about="cold-brew coffee called Northwind, for busy people", fields=fields or (HEADLINE,))
    return StepContext(**{"spec": spec, "material": MATERIAL, "brand": brand or BrandKit(), **more})


def lines(*texts: str) -> dict[str, list[str]]:
    return {"lines": list(texts)}


def written(desk: Desk, chat: Speaker, wanted: StepContext) -> CopyDocument:
    return write_copy(wanted, chat, 7, Silent(), desk)


def test_good_candidates_are_kept_after_one_call(desk: Desk) -> None:
    chat = Speaker(in_turn(lines("Slow Coffee, Fast City", "Busy? Brew Anyway", "Northwind Waits for You")))
    (slot,) = written(desk, chat, context()).slots
    assert [line.text for line in slot.lines] == ["Slow Coffee, Fast City", "Busy? Brew Anyway"]
    assert not any(line.findings for line in slot.lines)
    assert len(chat.requests) == 1


def test_a_line_over_the_limit_is_repaired_with_its_fault_named(desk: Desk) -> None:
    long = "Slow Coffee for a City That Never Stops Running"
    chat = Speaker(in_turn(lines(long, "Busy? Brew Anyway"), lines("Coffee, Unhurried")))
    (slot,) = written(desk, chat, context()).slots
    assert [line.text for line in slot.lines] == ["Busy? Brew Anyway", "Coffee, Unhurried"]
    assert not any(line.findings for line in slot.lines)
    assert long in chat.asked[1]
    assert "the limit is 30" in chat.asked[1]


def test_a_line_that_cannot_be_repaired_is_shown_whole_with_its_finding(desk: Desk) -> None:
    long = "Slow Coffee for a City That Never Stops"
    chat = Speaker(in_turn(lines(long)))
    (slot,) = written(desk, chat, context(CopyField(name="headline", max_chars=30))).slots
    assert slot.lines[0].text == long
    assert slot.lines[0].findings[0].rule == "length"
    assert slot.lines[0].findings[0].span == (30, len(long))
    assert len(chat.requests) == 3


def test_a_candidate_cut_by_the_schema_is_never_delivered(desk: Desk) -> None:
    cut = "Coffee " + "x" * 54
    chat = Speaker(in_turn(lines(cut, "Slow Coffee, Fast City", "Busy? Brew Anyway")))
    assert all(line.text != cut for slot in written(desk, chat, context()).slots for line in slot.lines)


def test_a_forbidden_word_never_passes(desk: Desk) -> None:
    chat = Speaker(in_turn(lines("Cheap Coffee, Slow City", "Slow and cheap coffee")))
    (slot,) = written(desk, chat, context(brand=BrandKit(forbidden_words=("cheap",)))).slots
    assert all("forbidden_word" in {f.rule for f in line.findings} for line in slot.lines)


@pytest.mark.parametrize(
    "invented", ["Coffee, Now 30% Off", "Organic Coffee Mornings", "Coffee from New Jersey", "The Best Coffee in Town"]
)
def test_an_invented_fact_is_replaced_when_there_is_better(desk: Desk, invented: str) -> None:
    chat = Speaker(in_turn(lines(invented, "Slow Coffee, Fast City"), lines("Busy? Brew Anyway")))
    (slot,) = written(desk, chat, context()).slots
    assert {line.text for line in slot.lines} == {"Slow Coffee, Fast City", "Busy? Brew Anyway"}


def test_two_lines_that_say_the_same_are_not_both_passed(desk: Desk) -> None:
    chat = Speaker(in_turn(lines("Slow Coffee, Fast City", "Slow coffee, fast city!")))
    (slot,) = written(desk, chat, context()).slots
    assert not slot.lines[0].findings
    assert {f.rule for f in slot.lines[1].findings} == {"near_duplicate"}


def test_required_words_are_carried_by_the_longest_field(desk: Desk) -> None:
    wanted = context(
        CopyField(name="headline", max_chars=30), CopyField(name="body", max_chars=90), brand=BrandKit(required_words=("cold brew",))
    )
    chat = Speaker(
        in_turn(lines("Slow Coffee, Fast City"), lines("Coffee that is never in a hurry."), lines("A cold brew that is never in a hurry."))
    )
    headline, body = written(desk, chat, wanted).slots
    assert not headline.lines[0].findings
    assert body.lines[0].text == "A cold brew that is never in a hurry."
    assert not body.lines[0].findings


def test_a_redo_does_not_repeat_earlier_takes_and_hears_the_note(desk: Desk) -> None:
    chat = Speaker(in_turn(lines("Slow Coffee, Fast City", "Busy? Brew Anyway", "Northwind Waits")))
    (slot,) = written(desk, chat, context(CopyField(name="headline", max_chars=30), avoid=("Slow Coffee, Fast City",), note="warmer")).slots
    assert slot.lines[0].text != "Slow Coffee, Fast City"
    assert "warmer" in chat.asked[0]


def test_every_call_begins_with_the_same_messages(desk: Desk) -> None:
    chat = Speaker(in_turn(lines("Slow Coffee, Fast City", "Busy? Brew Anyway"), lines("Brew It Slow")))
    written(desk, chat, context(HEADLINE, CopyField(name="cta", max_chars=20)))
    first = {request.messages[:3] for request in chat.requests}
    assert len(chat.requests) > 1
    assert len(first) == 1
    assert MATERIAL in next(iter(first))[1].content


def test_the_same_seed_asks_the_same_and_another_seed_does_not(desk: Desk) -> None:
    def seeds(seed: int) -> list[int]:
        chat = Speaker(in_turn(lines("Slow Coffee, Fast City", "Busy? Brew Anyway")))
        write_copy(context(HEADLINE, CopyField(name="cta", max_chars=20)), chat, seed, Silent(), desk)
        return [request.sampling.seed for request in chat.requests]

    assert seeds(1) == seeds(1)
    assert len(set(seeds(1))) == len(seeds(1))
    assert not set(seeds(1)) & set(seeds(2))


def test_fiction_may_invent_names(desk: Desk) -> None:
    chat = Speaker(in_turn(lines("Forged by Eldrin for the drowned king.")))
    (slot,) = written(desk, chat, context(CopyField(name="item_text", max_chars=60))).slots
    assert slot.lines[0].findings == ()


def test_a_row_of_hashtags_must_be_hashtags(desk: Desk) -> None:
    chat = Speaker(in_turn(lines("Northwind coffee"), lines("#Northwind #ColdBrew")))
    (slot,) = written(desk, chat, context(CopyField(name="hashtags", max_chars=60))).slots
    assert slot.lines[0].text == "#Northwind #ColdBrew"


def test_a_field_that_comes_back_empty_is_an_error_that_names_it(desk: Desk) -> None:
    with pytest.raises(InvalidOutput) as error:
        written(desk, Speaker(in_turn(lines("", " "))), context())
    assert error.value.field == "headline"


def test_a_reply_that_is_no_json_is_an_error(desk: Desk) -> None:
    with pytest.raises(InvalidOutput):
        written(desk, Speaker(in_turn("Sure! Here you go")), context())


def test_cancelling_stops_before_the_next_call(desk: Desk) -> None:
    token = CancelToken()

    def say(_request: object) -> Any:
        token.cancel()
        return lines("Slow Coffee, Fast City", "Busy? Brew Anyway")

    chat = Speaker(say)
    with pytest.raises(Cancelled):
        write_copy(context(HEADLINE, CopyField(name="cta", max_chars=20)), chat, 1, Silent(token), desk)
    assert len(chat.requests) == 1


def test_a_step_of_another_kind_is_refused(desk: Desk) -> None:
    with pytest.raises(InputError):
        write_copy(StepContext(spec=ArticleSpec(about="x")), Speaker(in_turn(lines("x"))), 1, Silent(), desk)


@pytest.fixture(scope="module")
def real(store: ModelStore) -> Iterator[ChatModel]:
    model = "qwen2.5-coder-1.5b-instruct-q4"
    devices = Devices(6 << 30)
    yield LlamaCppChat(next(store.folder(model).glob("*.gguf")), store.ref(model), devices, slots=1, context_tokens=3072)
    devices.release_idle()


@pytest.mark.models
def test_the_real_model_writes_an_english_ad_that_passes(real: ChatModel, desk: Desk) -> None:
    brand = BrandKit(name="Northwind", forbidden_words=("perfect",))
    document = write_copy(
        StepContext(spec=CopySpec(about="cold-brew coffee called Northwind"), material=MATERIAL, brand=brand), real, 1, Silent(), desk
    )
    assert [(slot.name, len(slot.lines)) for slot in document.slots] == [("headline", 3), ("body", 2), ("cta", 1)]
    passed = [(slot, line) for slot in document.slots for line in slot.lines if not line.findings]
    assert len(passed) >= 4
    assert all(characters(line.text) <= slot.max_chars and "perfect" not in line.text.lower() for slot, line in passed)


@pytest.mark.models
def test_the_real_model_writes_chinese_headlines_that_pass(real: ChatModel, desk: Desk) -> None:
    spec = CopySpec(about="国风茶饮“山野集”，给年轻上班族", language="zh", fields=(CopyField(name="headline", max_chars=14, count=3),))
    wanted = StepContext(spec=spec, material="为国风茶饮写一组文案，品牌叫山野集，面向年轻上班族。", brand=BrandKit(name="山野集"))
    (slot,) = write_copy(wanted, real, 1, Silent(), desk).slots
    passed = [line.text for line in slot.lines if not line.findings]
    assert len(passed) >= 2
    assert all(cjk(text) and len(text) <= 14 for text in passed)
