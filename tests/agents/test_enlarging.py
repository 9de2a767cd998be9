"""Enlargements in a brief and in the chat: which picture is meant, how much larger, and what happens when it goes."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents.edits import Editor
from agents.planner import Planner
from agents.routing import Router
from domain.brand import BrandKit
from domain.capability import Capability, StepKind
from domain.conversation import Intent
from domain.plan import Plan
from domain.specs import UpscaleSpec
from tests.agents.scripted import ScriptedChat, brief, capabilities

OFFERED = (*capabilities(), Capability(kind=StepKind.UPSCALE, maker="realesrgan"), Capability(kind=StepKind.CUTOUT, maker="u2net"))
NONE = ScriptedChat(lambda _request: '{"step":"none"}')


@pytest.fixture(scope="module")
def planner(assets: Path) -> Planner:
    return Planner(assets)


@pytest.fixture(scope="module")
def editor(assets: Path, planner: Planner) -> Editor:
    return Editor.load(assets, planner)


def planned(planner: Planner, text: str, offered: tuple[Capability, ...] = OFFERED) -> Plan:
    plan = planner.plan(brief(text), offered, ScriptedChat(), BrandKit(), plan_id="p", seed=1)
    assert plan.check(offered) == ()
    return plan


def wiring(plan: Plan) -> list[tuple[str, tuple[str, ...]]]:
    return [(step.id, tuple(given.step for given in step.inputs)) for step in plan.steps]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a picture of a fox and an upscaled version of it", [("picture-1", ()), ("upscale-1", ("picture-1",))]),
        ("一张狐狸的图片和它的放大图", [("picture-1", ()), ("upscale-1", ("picture-1",))]),
        ("upscale the attached photo", [("upscale-1", ())]),
        ("放大附件里的照片", [("upscale-1", ())]),
        ("a picture of a fox and a cut-out of it", [("picture-1", ()), ("cutout-1", ("picture-1",))]),
        ("一张狐狸的图片，再抠图", [("picture-1", ()), ("cutout-1", ("picture-1",))]),
        ("remove the background of the attached photo", [("cutout-1", ())]),
        ("draw a magnifying glass in a picture", [("picture-1", ())]),
    ],
)
def test_a_brief_asks_for_an_enlargement(planner: Planner, text: str, expected: list[tuple[str, tuple[str, ...]]]) -> None:
    assert wiring(planned(planner, text)) == expected


def test_where_nothing_enlarges_the_plan_says_so(planner: Planner) -> None:
    plan = planned(planner, "a picture of a fox and an upscaled version of it", capabilities())
    assert wiring(plan) == [("picture-1", ())]
    assert [gap.asked for gap in plan.unavailable] == ["enlargement"]


@pytest.mark.parametrize(
    ("message", "sources", "scale"),
    [
        ("upscale picture 2", ["picture-2"], 4),
        ("upscale the second picture 2x", ["picture-2"], 2),
        ("add an upscaled version of picture 2", ["picture-2"], 4),
        ("upscale picture 1 and picture 2", ["picture-1", "picture-2"], 4),
        ("高清放大图片2两倍", ["picture-2"], 2),
    ],
)
def test_a_message_enlarges_the_picture_it_names(
    assets: Path, planner: Planner, editor: Editor, message: str, sources: list[str], scale: int
) -> None:
    plan = planned(planner, "two pictures of foxes")
    assert Router.load(assets, planner, editor).by_rule(message, plan) is Intent.EDIT
    result = editor.apply_edit(plan, message, NONE, OFFERED)
    new = result.plan.steps[2:]
    assert [step.id for step in new] == list(result.added)
    assert [given.step for step in new for given in step.inputs] == sources
    assert all(isinstance(step.spec, UpscaleSpec) and step.spec.scale == scale for step in new)


@pytest.mark.parametrize(
    ("message", "sources"),
    [
        ("cut out picture 2", ["picture-2"]),
        ("remove the background of the second picture", ["picture-2"]),
        ("给图片1抠图", ["picture-1"]),
        ("把图片2去掉背景", ["picture-2"]),
    ],
)
def test_a_message_cuts_out_the_picture_it_names(assets: Path, planner: Planner, editor: Editor, message: str, sources: list[str]) -> None:
    plan = planned(planner, "two pictures of foxes")
    assert Router.load(assets, planner, editor).by_rule(message, plan) is Intent.EDIT
    result = editor.apply_edit(plan, message, NONE, OFFERED)
    new = result.plan.steps[2:]
    assert [step.kind for step in new] == [StepKind.CUTOUT] * len(sources)
    assert [given.step for step in new for given in step.inputs] == sources


def test_without_a_maker_the_message_changes_nothing(planner: Planner, editor: Editor) -> None:
    plan = planned(planner, "two pictures of foxes")
    result = editor.apply_edit(plan, "upscale picture 2", NONE, capabilities())
    assert result.plan.steps == plan.steps and "upscale" in f"{result.summary}{result.question}"


def test_an_enlargement_goes_with_its_only_picture(planner: Planner, editor: Editor) -> None:
    plan = planned(planner, "a picture of a fox, an upscaled version of it, and a jingle")
    result = editor.apply_edit(plan, "drop the picture", NONE, OFFERED)
    assert {step.kind for step in result.plan.steps} == {StepKind.MUSIC}
