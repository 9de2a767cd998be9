"""Exported Ink, compiled by the real compiler and played beside our own player."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from agents.checks.graph import graph
from agents.writers.game.ink import ink, literal
from agents.writers.game.names import flat, speaker
from domain.dialogue import DialogueDocument, DialogueLine, DialogueNode, Variable
from domain.finding import Severity
from domain.play import State, begin, choose
from tests.agents.writers.game.scenes import HOSTILE, RICH, hostile, scenes
from tests.ink.compiler import Heard, compile_ink


def squeezed(text: str) -> str:
    """Without blanks: an engine trims and joins them as it likes."""
    return re.sub(r"[\s\ufeff]", "", text)


def ours(document: DialogueDocument, picks: list[int]) -> tuple[list[tuple[str, str]], list[list[str]], State]:
    """(line id, words) said, the choice ids of every stop, and the last state, by our player."""
    state = begin(document)
    said, stops = list(state.lines), [[c.id for c in state.choices]] if state.choices else []
    for pick in picks:
        if state.ended:
            break
        state = choose(document, state, state.choices[pick % len(state.choices)].id)
        said += state.lines
        if state.choices:
            stops.append([c.id for c in state.choices])
    return [(line.id, f"{speaker(line.speaker)}:{flat(line.text)}") for line in said], stops, state


def same_play(document: DialogueDocument, picks: list[int], heard: Heard) -> None:
    lines, stops, state = ours(document, picks)
    assert heard.error == ""
    assert [(tags[-1].removeprefix("id:").strip(), squeezed(text)) for text, tags in heard.lines] == [
        (id_, squeezed(t)) for id_, t in lines
    ]
    assert [[tags[-1].removeprefix("id:").strip() for _, tags in stop] for stop in heard.choices] == stops
    assert heard.variables == state.variables


def test_a_scene_with_conditions_variables_and_jumps_compiles_and_plays_as_our_player_plays_it() -> None:
    plays = [[0], [1], [1, 0]]
    (told,) = compile_ink([(ink(RICH), plays)])
    assert (told.errors, told.warnings) == ([], [])
    for picks, heard in zip(plays, told.plays, strict=True):
        same_play(RICH, picks, heard)


def test_words_that_look_like_ink_are_said_as_they_stand() -> None:
    document = hostile()
    picks = [0] * len(HOSTILE)
    (told,) = compile_ink([(ink(document, "end"), [picks])])
    assert (told.errors, told.warnings) == ([], [])
    (heard,) = told.plays
    assert heard.error == ""
    assert [squeezed(text.split(":", 1)[1]) for text, _ in heard.lines] == [squeezed(flat(words)) for words in HOSTILE]
    # "not", "end" and "if" are renamed where Ink needs it, so only values are compared.
    assert squeezed(str(heard.variables["end_2"])) == squeezed(flat(HOSTILE[-2]))
    offered = [squeezed(stop[0][0]) for stop in heard.choices]
    assert offered == [squeezed(flat(words)) for words in HOSTILE[:-1]]


@given(st.lists(st.tuples(scenes(), st.lists(st.integers(0, 5), max_size=8)), min_size=4, max_size=12))
# A batch at a time, as every example starts a compiler; shrinking a batch would start hundreds.
@settings(
    max_examples=12,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
def test_any_sound_scene_compiles_and_plays_as_our_player_plays_it(given: list[tuple[DialogueDocument, list[int]]]) -> None:
    told = compile_ink([(ink(document), [picks]) for document, picks in given])
    for (document, picks), one in zip(given, told, strict=True):
        assert one.errors == []
        same_play(document, picks, one.plays[0])


def test_the_compiler_of_the_tests_does_refuse_a_broken_scene() -> None:
    broken = ink(RICH).replace("-> scene_n4", "-> nowhere_at_all")
    (told,) = compile_ink([(broken, [])])
    assert told.errors


def test_an_old_document_without_variables_compiles() -> None:
    old = DialogueDocument.model_validate_json(
        '{"language":"en","characters":["Keeper"],"nodes":[{"id":"n1","lines":[{"id":"l_1","speaker":"Keeper","text":"Hm."}],'
        '"choices":[{"id":"c_1","text":"Go","goto":"n2"}],"goto":""},{"id":"n2","lines":[{"id":"l_2","speaker":"Keeper","text":"Bye."}],'
        '"choices":[],"goto":""}],"findings":[]}'
    )
    assert not [f for f in graph(old) if f.severity is Severity.ERROR]
    (told,) = compile_ink([(ink(old), [[0]])])
    assert told.errors == []
    same_play(old, [0], told.plays[0])


@pytest.mark.parametrize(("value", "written"), [(True, "true"), (-4, "-4"), ('a "b"', '"a \\"b\\""')])
def test_values_are_written_as_ink_reads_them(value: bool | int | str, written: str) -> None:
    assert literal(value) == written


def test_a_variable_with_a_name_of_inks_own_still_compiles() -> None:
    nodes = (DialogueNode(id="n1", lines=(DialogueLine(id="l_1", speaker="A", text="x"),)),)
    names = ("temp", "not", "function", "list", "choice_count")
    document = DialogueDocument(language="en", characters=("A",), variables=tuple(Variable(name=n) for n in names), nodes=nodes)
    (told,) = compile_ink([(ink(document), [[]])])
    assert told.errors == []
