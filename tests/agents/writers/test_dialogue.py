from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.checks.graph import graph, reachable
from agents.checks.text import cjk
from agents.writers.calls import Desk
from agents.writers.dialogue import line_id, write_dialogue
from agents.writers.render import dialogue_json, render
from agents.writers.skeleton import skeleton
from domain.brand import BrandKit, CastMember
from domain.chat import ChatModel, ChatRequest
from domain.context import StepContext
from domain.documents import Choice, DialogueDocument, DialogueLine, DialogueNode
from domain.errors import InputError, InvalidOutput
from domain.finding import Severity
from domain.progress import Silent
from domain.specs import CopySpec, DialogueSpec
from pipelines.devices import Devices
from pipelines.models.store import ModelStore
from pipelines.text.llamacpp import LlamaCppChat
from tests.agents.writers.desk_chat import Speaker

WORDS = re.findall(
    r"\w+",
    "amber bell coal dust ember fog gull hull iron jetty keel lamp moss north oar pearl quay reef salt tide vane wreck yarn zinc",
)


@pytest.fixture(scope="module")
def desk(assets: Path) -> Desk:
    return Desk(assets)


@given(st.integers(min_value=3, max_value=24), st.integers(min_value=0, max_value=2**31 - 1))
@settings(max_examples=200, deadline=None)
def test_every_skeleton_is_a_sound_scene_of_the_size_asked_for(nodes: int, seed: int) -> None:
    beats = skeleton(nodes, seed)
    assert len(beats) == nodes
    assert all(len(beat.exits) <= 3 for beat in beats)
    said = tuple(
        DialogueNode(
            id=beat.id,
            lines=(DialogueLine(id=line_id(beat.id, 0), speaker="Keeper", text="…"),),
            choices=tuple(Choice(id=f"{beat.id}-{n}", text=f"{n}", goto=goto) for n, goto in enumerate(beat.exits))
            if len(beat.exits) > 1
            else (),
            goto=beat.exits[0] if len(beat.exits) == 1 else "",
        )
        for beat in beats
    )
    document = DialogueDocument(language="en", characters=("Keeper",), nodes=said)
    assert graph(document, [beat.id for beat in beats if beat.role == "ending"]) == ()
    assert len(reachable(document)) == nodes
    assert sum(beat.role == "ending" for beat in beats) >= 2
    assert any(len(beat.exits) > 1 for beat in beats)


def test_the_same_seed_draws_the_same_scene_and_seeds_differ() -> None:
    assert skeleton(12, 5) == skeleton(12, 5)
    assert len({skeleton(12, seed) for seed in range(20)}) > 3


def storyteller(request: ChatRequest) -> Any:
    """Fills the schema of a beat with lines that differ from all others."""
    schema: dict[str, Any] = dict(request.json_schema or {})
    properties = schema["properties"]
    if "characters" in properties:
        return {"characters": ["the lighthouse keeper"]}
    number = sum(len(m.content) for m in request.messages) + request.sampling.seed
    phrase = [" ".join(WORDS[(number // 7**at + at * 5) % len(WORDS)] for at in range(start, start + 4)) for start in range(8)]
    said: dict[str, Any] = {"lines": [{"speaker": "Lighthouse keeper", "text": f"The {phrase[at]}."} for at in range(2)]}
    if "choices" in properties:
        said["choices"] = [f"Why {phrase[at + 3][:30]}?" for at in range(properties["choices"]["minItems"])]
    return said


def context(nodes: int = 6, **more: Any) -> StepContext:
    spec = DialogueSpec(**{"about": "a lighthouse keeper whose lamp went out", "nodes": nodes, **more})
    return StepContext(spec=spec, material="An NPC scene: a lighthouse keeper whose lamp went out last night.")


@pytest.mark.parametrize("nodes", [3, 6, 13])
def test_a_scene_has_the_nodes_asked_for_and_a_sound_graph(desk: Desk, nodes: int) -> None:
    document = write_dialogue(context(nodes), Speaker(storyteller), 4, Silent(), desk)
    assert len(document.nodes) == nodes
    assert graph(document) == ()
    assert document.characters == ("Lighthouse keeper",)
    assert not [f for f in document.findings if f.severity is Severity.ERROR]


def test_line_ids_come_from_node_and_place_not_from_words(desk: Desk) -> None:
    one = write_dialogue(context(), Speaker(storyteller), 4, Silent(), desk)
    other = write_dialogue(context(tone="grim"), Speaker(storyteller), 4, Silent(), desk)
    ids = [[line.id for node in document.nodes for line in node.lines] for document in (one, other)]
    assert ids[0] == ids[1]
    assert len(set(ids[0])) == len(ids[0])
    assert one.nodes[0].lines[0].text != other.nodes[0].lines[0].text


def test_the_characters_of_the_step_speak_and_nobody_else(desk: Desk) -> None:
    def say(request: ChatRequest) -> Any:
        schema: dict[str, Any] = dict(request.json_schema or {})
        allowed = schema["properties"]["lines"]["items"]["properties"]["speaker"]["enum"]
        assert allowed == ["Ada", "Bram"]
        return storyteller(request) | {"lines": [{"speaker": name, "text": f"{name} says {request.sampling.seed}."} for name in allowed]}

    document = write_dialogue(context(characters=("Ada", "Bram")), Speaker(say), 4, Silent(), desk)
    assert document.characters == ("Ada", "Bram")


def test_the_cast_of_the_brand_is_taken_when_the_brief_names_it(desk: Desk) -> None:
    cast = (CastMember(name="Lighthouse keeper", voice="bm_george"), CastMember(name="Narrator", voice="af_heart"))
    wanted = context().model_copy(update={"brand": BrandKit(cast=cast)})
    chat = Speaker(storyteller)
    assert write_dialogue(wanted, chat, 4, Silent(), desk).characters == ("Lighthouse keeper",)
    assert all("characters" not in str(request.json_schema) for request in chat.requests)


def test_a_character_the_brief_does_not_know_is_not_cast_beside_one_it_knows(desk: Desk) -> None:
    def say(request: ChatRequest) -> Any:
        told = storyteller(request)
        return {"characters": ["Lighthouse keeper", "Ferryman"]} if "characters" in told else told

    assert write_dialogue(context(), Speaker(say), 4, Silent(), desk).characters == ("Lighthouse keeper",)


def test_a_scene_with_only_the_player_in_it_is_refused(desk: Desk) -> None:
    with pytest.raises(InvalidOutput) as error:
        write_dialogue(context(), Speaker(lambda _request: {"characters": ["Player"]}), 4, Silent(), desk)
    assert error.value.field == "characters"


def test_a_beat_that_repeats_itself_is_asked_again_and_then_shown(desk: Desk) -> None:
    def parrot(request: ChatRequest) -> Any:
        told = storyteller(request)
        if "lines" in told:
            told["lines"] = [{"speaker": "Lighthouse keeper", "text": "The lamp went out last night."}] * 2
        return told

    chat = Speaker(parrot)
    document = write_dialogue(context(3), chat, 4, Silent(), desk)
    assert "near_duplicate" in {f.rule for f in document.findings}
    assert any("has not been said yet" in asked for asked in chat.asked)


def test_what_the_player_chose_is_told_to_the_beat_it_leads_to(desk: Desk) -> None:
    chat = Speaker(storyteller)
    document = write_dialogue(context(3), chat, 4, Silent(), desk)
    for choice in document.nodes[0].choices:
        assert any(f"“{choice.text}”" in asked for asked in chat.asked)


def test_a_speaker_label_in_a_line_is_taken_off(desk: Desk) -> None:
    def say(request: ChatRequest) -> Any:
        told = storyteller(request)
        if "lines" in told:
            told["lines"][0]["text"] = "Lighthouse keeper: " + told["lines"][0]["text"]
        return told

    document = write_dialogue(context(3), Speaker(say), 4, Silent(), desk)
    assert all("keeper:" not in line.text for node in document.nodes for line in node.lines)


def test_the_json_for_games_holds_every_line_and_marks_the_ends(desk: Desk) -> None:
    document = write_dialogue(context(), Speaker(storyteller), 4, Silent(), desk)
    told: dict[str, Any] = json.loads(json.dumps(dialogue_json(document)))
    assert told["start"] == document.nodes[0].id
    assert set(told["nodes"]) == {node.id for node in document.nodes}
    assert [id_ for id_, node in told["nodes"].items() if node["end"]] == [n.id for n in document.nodes if not n.choices and not n.goto]
    assert all(line.text in render(document) for node in document.nodes for line in node.lines)


def test_a_step_of_another_kind_is_refused(desk: Desk) -> None:
    with pytest.raises(InputError):
        write_dialogue(StepContext(spec=CopySpec(about="x")), Speaker(storyteller), 1, Silent(), desk)


@pytest.fixture(scope="module")
def real(store: ModelStore) -> Iterator[ChatModel]:
    model = "qwen2.5-coder-1.5b-instruct-q4"
    devices = Devices(6 << 30)
    yield LlamaCppChat(next(store.folder(model).glob("*.gguf")), store.ref(model), devices, slots=1, context_tokens=3072)
    devices.release_idle()


@pytest.mark.models
def test_the_real_model_writes_a_short_scene(real: ChatModel, desk: Desk) -> None:
    document = write_dialogue(context(3), real, 1, Silent(), desk)
    assert len(document.nodes) == 3
    assert graph(document) == ()
    assert "keeper" in document.characters[0].lower()
    assert all(line.text and not cjk(line.text) for node in document.nodes for line in node.lines)


@pytest.mark.models
def test_the_real_model_writes_a_short_scene_in_chinese(real: ChatModel, desk: Desk) -> None:
    wanted = StepContext(
        spec=DialogueSpec(about="一年没有见过船的守塔人", language="zh", nodes=3, characters=("守塔人",)), material="守塔人的场景。"
    )
    document = write_dialogue(wanted, real, 1, Silent(), desk)
    assert graph(document) == ()
    assert all(cjk(line.text) for node in document.nodes for line in node.lines)
