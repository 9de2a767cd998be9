from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from agents.checks.graph import graph, reachable
from agents.checks.text import cjk
from agents.writers.calls import Desk
from agents.writers.dialogue import write_dialogue
from agents.writers.game.data import dialogue_json
from agents.writers.game.ink import ink
from agents.writers.plot import plot
from agents.writers.render import render
from agents.writers.skeleton import skeleton
from domain.brand import BrandKit, CastMember
from domain.chat import ChatModel, ChatRequest
from domain.context import StepContext
from domain.dialogue import Character, Choice, DialogueDocument, DialogueLine, DialogueNode, Variable, choice_id, ids_of, line_id
from domain.errors import InputError, InvalidOutput
from domain.finding import Severity
from domain.lore import WorldSheet
from domain.progress import Silent
from domain.specs import CopySpec, DialogueSpec
from pipelines.devices import Devices
from pipelines.models.store import ModelStore
from pipelines.text.llamacpp import LlamaCppChat
from tests.agents.writers.desk_chat import Speaker
from tests.ink.compiler import compile_ink

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
    if "people" in properties:
        return {"people": [{"voice": "short and dry", "goal": "light the lamp", "secret": "who took the oil"}]}
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
        if "people" in schema["properties"]:
            return storyteller(request)
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


def test_the_world_sheet_is_told_with_every_beat_and_what_it_has_not_is_said_of_the_line(desk: Desk) -> None:
    def say(request: ChatRequest) -> Any:
        told = storyteller(request)
        if "lines" in told:
            told["lines"][0]["text"] = f"The cannon {told['lines'][0]['text'][4:]}"
        return told

    world = WorldSheet(name="Saltmere", facts=("The lamp burns oil",), absent=("cannon",))
    chat = Speaker(say)
    document = write_dialogue(context(3, world=world), chat, 4, Silent(), desk)
    beats = [asked for asked in chat.asked if "Write 2 short lines" in asked]
    assert beats
    assert all("World: Saltmere" in asked and "The lamp burns oil." in asked and "has no: cannon." in asked for asked in beats)
    firsts = {node.lines[0].id for node in document.nodes}
    assert {f.field for f in document.findings if f.rule == "not_of_this_world"} == firsts
    # Without a sheet nothing is told of one
    plain = Speaker(storyteller)
    write_dialogue(context(3), plain, 4, Silent(), desk)
    assert not [asked for asked in plain.asked if "World:" in asked]


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


def plotted(nodes: int, seed: int, given: tuple[Variable, ...] = ()) -> DialogueDocument:
    """A scene as the writer puts it together, with a word in every place."""
    beats = skeleton(nodes, seed)
    drawn = plot(beats, given)
    said = []
    for beat in beats:
        lines = [DialogueLine(id=line_id(beat.id, 0), speaker="Keeper", text="…")]
        lines += [
            DialogueLine(id=line_id(beat.id, n), speaker="Keeper", text="!", when=(c,))
            for n, (_, c) in enumerate(drawn.extra.get(beat.id, ()), 1)
        ]
        several = len(beat.exits) > 1
        choices = [
            Choice(
                id=choice_id(beat.id, n),
                text=f"{n}",
                goto=goto,
                when=drawn.closed.get((beat.id, n), ()),
                effects=drawn.answering.get((beat.id, n), ()),
            )
            for n, goto in enumerate(beat.exits)
        ]
        said.append(
            DialogueNode(
                id=beat.id,
                lines=tuple(lines),
                choices=tuple(choices) if several else (),
                goto="" if several or not beat.exits else beat.exits[0],
                effects=drawn.entering.get(beat.id, ()),
                jumps=drawn.jumps.get(beat.id, ()),
            )
        )
    endings = tuple(beat.id for beat in beats if beat.role == "ending")
    return DialogueDocument(language="en", characters=("Keeper",), variables=tuple(drawn.variables), nodes=tuple(said), endings=endings)


GIVEN = (
    Variable(name="has_oil", about="the player carries oil"),
    Variable(name="gold", type="int", start=3),
    Variable(name="faction", type="string", start="none"),
    Variable(name="trust", type="int", start=5),
)


@given(st.integers(min_value=3, max_value=24), st.integers(min_value=0, max_value=2**31 - 1), st.integers(0, 4))
@settings(max_examples=200, deadline=None)
def test_every_plot_over_every_skeleton_is_sound_and_every_variable_is_used(nodes: int, seed: int, given: int) -> None:
    assert graph(plotted(nodes, seed, GIVEN[:given])) == ()


def test_a_plot_has_conditions_jumps_and_effects_where_there_is_room() -> None:
    documents = [plotted(12, seed) for seed in range(30)]
    assert all(any(choice.when for node in d.nodes for choice in node.choices) for d in documents)
    assert any(node.jumps for d in documents for node in d.nodes)
    assert {v.name for v in documents[0].variables} == {"trust", "outcome"}


def test_a_name_of_the_brief_that_means_something_else_is_left_alone() -> None:
    document = plotted(9, 1, (Variable(name="trust", about="the word was said"), Variable(name="outcome", type="int", start=1)))
    assert [v.type for v in document.variables] == ["bool", "int"]
    assert not [node for node in document.nodes if node.effects]
    assert graph(document) == ()


def test_a_variable_of_the_brief_is_noticed_in_a_line_and_told_to_the_model(desk: Desk) -> None:
    def say(request: ChatRequest) -> Any:
        told = storyteller(request)
        properties = dict(request.json_schema or {})["properties"]
        return told | {
            key: {"speaker": "Lighthouse keeper", "text": "You brought oil, stranger!"} for key in properties if key.startswith("only_if")
        }

    chat = Speaker(say)
    document = write_dialogue(context(6, variables=GIVEN[:1]), chat, 4, Silent(), desk)
    (line,) = [line for node in document.nodes for line in node.lines if line.when]
    assert (line.text, line.when[0].variable) == ("You brought oil, stranger!", "has_oil")
    assert any("the player carries oil" in asked for asked in chat.asked)
    assert not [f for f in document.findings if f.severity is Severity.ERROR]


def test_who_speaks_gets_a_voice_a_goal_and_a_secret_and_what_the_step_gives_stands(desk: Desk) -> None:
    given = Character(name="Ada", voice="slow", goals=("sleep",), knowledge=("the code",))
    chat = Speaker(lambda request: storyteller(request) if "people" in str(request.json_schema) else _said_by(request, "Ada"))
    document = write_dialogue(context(3, cast=(given,), characters=("Ada", "Bram")), chat, 4, Silent(), desk)
    assert document.cast[0] == given
    assert document.cast[1] == Character(name="Bram", voice="short and dry", goals=("light the lamp",), knowledge=("who took the oil",))
    assert any("Ada: Talks like this: slow. Wants: sleep. Knows: the code." in asked for asked in chat.asked)


def _said_by(request: ChatRequest, name: str) -> Any:
    told = storyteller(request)
    return told | {"lines": [row | {"speaker": name} for row in told["lines"]]}


def test_another_take_has_the_same_graph_and_ids_and_another_scene_has_other_ids(desk: Desk) -> None:
    one = write_dialogue(context(9), Speaker(storyteller), 4, Silent(), desk)
    again = write_dialogue(context(9).model_copy(update={"note": "warmer"}), Speaker(storyteller), 77, Silent(), desk)
    other = write_dialogue(context(9, about="a ferryman who waits for fog"), Speaker(storyteller), 4, Silent(), desk)
    assert ids_of(one) == ids_of(again)
    assert [n.goto for n in one.nodes] == [n.goto for n in again.nodes]
    assert not set(ids_of(one)) & set(ids_of(other))


@pytest.mark.parametrize(
    "bad",
    [{"name": "Bad Name"}, {"name": "n", "type": "int", "start": "x"}, {"name": "n", "type": "bool", "start": 1}],
)
def test_a_variable_that_no_engine_takes_is_refused_in_the_step(bad: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        DialogueSpec.model_validate({"about": "x", "variables": [bad]})


def test_a_written_scene_compiles_as_ink_and_plays_to_its_outcome(desk: Desk) -> None:
    document = write_dialogue(context(12), Speaker(storyteller), 4, Silent(), desk)
    (told,) = compile_ink([(ink(document), [[0] * 12, [1] * 12])])
    assert (told.errors, told.warnings) == ([], [])
    assert told.plays[0].variables["outcome"] in ("allies", "refused", "open")


def test_every_size_of_scene_compiles_as_ink_whatever_graph_is_drawn() -> None:
    documents = [plotted(nodes, seed, GIVEN[: seed % 5]) for nodes in range(3, 25) for seed in range(10)]
    told = compile_ink([(ink(document), [[0] * 24, [1] * 24, [2] * 24]) for document in documents])
    assert [one.errors + one.warnings + [play.error for play in one.plays if play.error] for one in told] == [[]] * 220


def test_a_reply_that_only_repeats_the_instruction_is_asked_again_and_then_shown(desk: Desk) -> None:
    def say(request: ChatRequest) -> Any:
        told = storyteller(request)
        if "people" in told:
            return {"people": [{"voice": "how does each of them talk", "goal": "what does each want", "secret": "the oil is hidden"}]}
        return told | {"choices": ["One accepts.", "No, never mind that."]} if "choices" in told else told

    chat = Speaker(say)
    document = write_dialogue(context(3), chat, 4, Silent(), desk)
    assert [(f.rule, f.field) for f in document.findings if f.rule == "leakage"] == [("leakage", document.nodes[0].choices[0].id)]
    assert any("is the instruction, not what is said" in asked for asked in chat.asked)
    (keeper,) = document.cast
    assert (keeper.voice, keeper.goals, keeper.knowledge) == ("", (), ("the oil is hidden",))
