"""What is said of a step before it is made: people reduced to a group in what is to be seen or heard, limits that contradict each other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from agents.channels import Channels
from agents.checks.step import step_findings
from agents.checks.words import WordLists
from domain.brand import BrandKit
from domain.specs import Spec

SPEC: TypeAdapter[Spec] = TypeAdapter(Spec)
PLANTED = (
    ("picture", "about", "an African thief running from a shop", "about"),
    ("picture", "about", "a dumb blonde who cannot drive", "about"),
    ("picture", "about", "savage African tribesmen around a fire", "about"),
    ("picture", "style", "exotic Asian beauty, soft light", "style"),
    ("picture", "about", "一个黑人小偷在逃跑", "about"),
    ("picture", "about", "女司机把车停歪了", "about"),
    ("script", "about", "a phone so easy even your grandma can use it", "about"),
    ("script", "about", "这款手机连奶奶都会用", "about"),
    ("speech", "text", "Man up and lift it.", "text"),
    ("layout", "headline", "Real men drink it black", "headline"),
)
GOOD = (
    ("picture", "an old woman and her granddaughter repair a bicycle"),
    ("picture", "a Nigerian engineer explains a bridge to two colleagues"),
    ("picture", "a thief in a black coat steals a white vase"),
    ("picture", "a man in a wheelchair plays basketball with his daughter"),
    ("picture", "two Asian chefs in a kitchen, laughing"),
    ("picture", "an oriental rug in front of a fireplace"),
    ("picture", "the white women's football team celebrates"),
    ("picture", "a grandmother teaches her grandson to code"),
    ("picture", "一位黑人医生给孩子看病"),
    ("picture", "奶奶和孙女一起修自行车"),
    ("picture", "穿黑衣服的小偷翻过白墙"),
    ("picture", "女工程师站在大桥前"),
    ("script", "a bus driver and her passengers on the last night line"),
    ("script", "两个老人在公园下棋，一个年轻人来请教"),
    ("speech", "Bring your grandparents on Sunday."),
    ("layout", "Shoes for men and women"),
)


@pytest.fixture(scope="module")
def data(assets: Path) -> tuple[Channels, WordLists]:
    return Channels.load(assets), WordLists.load(assets / "checks")


def spec(kind: str, **values: Any) -> Spec:
    return SPEC.validate_python({"kind": kind, **({} if kind in ("speech", "layout") else {"about": "a street"}), **values})


@pytest.mark.parametrize(("kind", "field", "text", "where"), PLANTED)
def test_people_reduced_to_a_group_are_found_at_the_field(
    data: tuple[Channels, WordLists], kind: str, field: str, text: str, where: str
) -> None:
    found = step_findings(spec(kind, **{field: text}), BrandKit(), *data)
    assert found
    assert {(f.rule, f.field) for f in found} == {("stereotype", where)}
    assert all(f.span is not None and text[slice(*f.span)] for f in found)


@pytest.mark.parametrize(("kind", "text"), GOOD)
def test_people_who_are_simply_there_are_left_alone(data: tuple[Channels, WordLists], kind: str, text: str) -> None:
    field = {"speech": "text", "layout": "headline"}.get(kind, "about")
    assert step_findings(spec(kind, **{field: text}), BrandKit(), *data) == ()


def test_the_words_of_an_edited_scene_are_read_too(data: tuple[Channels, WordLists]) -> None:
    scene = {"subjects": [{"what": "a street"}, {"what": "dumb blonde"}]}
    (found,) = step_findings(spec("picture", scene=scene), BrandKit(), *data)
    assert found.field == "scene.subjects.1.what"


def test_what_a_picture_is_to_leave_out_is_no_fault(data: tuple[Channels, WordLists]) -> None:
    assert step_findings(spec("picture", negative="dumb blonde"), BrandKit(), *data) == ()


def test_copy_is_told_what_no_text_could_obey(data: tuple[Channels, WordLists]) -> None:
    kit = BrandKit(name="Cheap Thrills", forbidden_words=("cheap",), required_words=("Northwind Harbour", "slow mornings"))
    fields = [{"name": "headline", "max_chars": 30}, {"name": "slogan", "max_chars": 12}]
    found = step_findings(spec("copy", channel="google_search_ads", language="en", fields=fields), kit, *data)
    assert {(f.rule, f.field) for f in found} >= {
        ("brand_kit", "forbidden_words"),
        ("channel_field", "slogan"),
        ("required_word", "required_words"),
    }
    assert step_findings(spec("copy"), BrandKit(), *data) == ()
