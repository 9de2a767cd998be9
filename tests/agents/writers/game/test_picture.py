from __future__ import annotations

import re
from itertools import combinations
from xml.etree import ElementTree

from hypothesis import given, settings

from agents.writers.game.picture import HIGH, WIDE, Labels, cut, graph_picture
from domain.dialogue import Choice, DialogueDocument, DialogueLine, DialogueNode, exits
from domain.finding import Finding, Severity
from tests.agents.writers.game.scenes import RICH, hostile, scenes

SVG = "{http://www.w3.org/2000/svg}"


def boxes(picture: str) -> dict[str, tuple[float, float]]:
    root = ElementTree.fromstring(picture)
    found = {}
    for group in root.iter(f"{SVG}g"):
        rect = group.find(f"{SVG}rect")
        assert rect is not None
        found[group.get("data-node", "")] = (float(rect.get("x", "")), float(rect.get("y", "")))
    return found


@given(scenes())
@settings(max_examples=40, deadline=None)
def test_every_node_has_a_box_none_overlap_and_ways_lead_down(document: DialogueDocument) -> None:
    picture = graph_picture(document)
    assert picture == graph_picture(document)
    places = boxes(picture)
    assert set(places) == {node.id for node in document.nodes}
    for (x, y), (x2, y2) in combinations(places.values(), 2):
        assert abs(x - x2) >= WIDE or abs(y - y2) >= HIGH
    for node in document.nodes:
        assert all(places[goto][1] > places[node.id][1] for goto in exits(node))
    ways = [
        (path.get("data-from"), path.get("data-to")) for path in ElementTree.fromstring(picture).iter(f"{SVG}path") if path.get("data-from")
    ]
    assert sorted(ways) == sorted({(node.id, goto) for node in document.nodes for goto in exits(node)})


def test_the_node_where_a_player_stands_and_the_way_there_are_marked() -> None:
    picture = graph_picture(RICH, here="n2", walked=("n1",), labels=Labels(title="对话图", lines="句"))
    assert re.search(r'class="node here" data-node="n2"', picture)
    assert re.search(r'class="node start walked" data-node="n1"', picture)
    assert re.search(r'class="node ending" data-node="n3"', picture)
    assert "<title>对话图</title>" in picture
    assert "2 句" in picture


def test_a_condition_is_a_dashed_way_and_a_fault_marks_its_node() -> None:
    fault = Finding(rule="near_duplicate", severity=Severity.ERROR, message="x", field="l_3")
    picture = graph_picture(RICH.model_copy(update={"findings": (fault,)}))
    assert re.search(r'class="way conditional" data-from="n2" data-to="n3"', picture)
    assert "if trust &gt;= 2" in picture
    assert re.search(r'class="node fault" data-node="n2"', picture)


def test_a_way_back_runs_beside_the_boxes_and_a_node_nobody_leads_to_is_shown() -> None:
    lines = (DialogueLine(id="l", speaker="A", text="…"),)
    choices = (Choice(id="c", text="again", goto="a"), Choice(id="d", text="on", goto="c"))
    nodes = (
        DialogueNode(id="a", goto="b"),
        DialogueNode(id="b", choices=choices),
        DialogueNode(id="c", lines=lines),
        DialogueNode(id="lost"),
    )
    picture = graph_picture(DialogueDocument(language="en", nodes=nodes))
    assert re.search(r'class="way back" data-from="b" data-to="a"', picture)
    assert set(boxes(picture)) == {"a", "b", "c", "lost"}


def test_hostile_words_stay_text_in_the_picture() -> None:
    root = ElementTree.fromstring(graph_picture(hostile()))
    assert not [
        one
        for one in root.iter()
        if one.tag.removeprefix(SVG) not in {"svg", "title", "style", "defs", "marker", "path", "g", "rect", "text"}
    ]


def test_a_long_scene_in_a_row_is_laid_out() -> None:
    nodes = tuple(DialogueNode(id=f"n{at}", goto=f"n{at + 1}" if at < 299 else "") for at in range(300))
    assert len(boxes(graph_picture(DialogueDocument(language="en", nodes=nodes)))) == 300


def test_words_are_cut_by_their_width() -> None:
    assert cut("short", 10) == "short"
    assert cut("守塔人的灯灭了很久", 8) == "守塔人…"
    assert cut("abcdefghijk", 6) == "abcde…"
