"""One sentence that lists several kinds gives each step its own subject; anything else stays as the person wrote it."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents.abouts import subject_for
from agents.planner import Planner
from domain.brand import BrandKit
from domain.capability import StepKind
from domain.specs import ArticleSpec, CopySpec
from tests.agents.scripted import ScriptedChat, brief, capabilities

COPY, ARTICLE = StepKind.COPY, StepKind.ARTICLE


@pytest.fixture(scope="module")
def planner(assets: Path) -> Planner:
    return Planner(assets)


@pytest.mark.parametrize(
    ("told", "kind", "form", "own"),
    [
        (
            "Make a banner and a tagline for Hinge, a folding bicycle for small flats. It folds in one move.",
            COPY,
            "",
            "a tagline for Hinge, a folding bicycle for small flats. It folds in one move.",
        ),
        ("a picture of a fox and a slogan about reading", COPY, "", "a slogan about reading"),
        (
            "a poster for the jazz night on 4 May at the Blue Room, and a tagline",
            COPY,
            "",
            "a tagline for the jazz night on 4 May at the Blue Room",
        ),
        ("a press release, three headlines and a banner for our desk", COPY, "", "three headlines for our desk"),
        ("a press release, three headlines and a banner for our desk", ARTICLE, "press_release", "a press release for our desk"),
        ("A banner and a blog post about Hearth, a bakery", COPY, "", "A banner about Hearth, a bakery"),
        (
            "A picture of a harbour, a news item about the ferry strike, and a radio spot for the museum",
            ARTICLE,
            "news",
            "a news item about the ferry strike",
        ),
        ("为小拐折叠车做一张横幅和一句标语。一折就收。", COPY, "", "为小拐折叠车做一句标语。一折就收。"),
        ("为炉边面包店写一篇博客和三条标题，再配一张图片", ARTICLE, "blog", "为炉边面包店写一篇博客"),
    ],
)
def test_a_step_keeps_its_own_part_of_the_list(planner: Planner, told: str, kind: StepKind, form: str, own: str) -> None:
    assert subject_for(told, kind, form, planner.reader) == own


@pytest.mark.parametrize(
    "told",
    [
        "just copy for a bank",
        "Instagram post with a picture for a bakery called Hearth",
        "An article on banners as art",
        "12 items for a fantasy shop",
        "写一篇关于面包的博客",
        "Something for X.\n\nA banner. With copy, of course.",
    ],
)
def test_a_brief_that_lists_nothing_stays_whole(planner: Planner, told: str) -> None:
    assert subject_for(told, COPY, "", planner.reader) == told
    assert subject_for(told, ARTICLE, "blog", planner.reader) == told


def test_the_steps_of_a_plan_have_subjects_of_their_own(planner: Planner) -> None:
    told = "A picture of a harbour at dusk, a blog post about the ferry strike and a slogan for the museum"
    plan = planner.plan(brief(told), capabilities(), ScriptedChat(), BrandKit(), plan_id="plan-1", seed=7)
    abouts = {step.kind: step.spec.about for step in plan.steps if isinstance(step.spec, CopySpec | ArticleSpec)}
    assert abouts == {ARTICLE: "a blog post about the ferry strike", COPY: "a slogan for the museum"}


def test_a_campaign_keeps_the_whole_brief(planner: Planner) -> None:
    told = "a campaign with a blog post and two emails for a spa"
    plan = planner.plan(brief(told), capabilities(), ScriptedChat(), BrandKit(), plan_id="plan-1", seed=7)
    assert {step.spec.about for step in plan.steps if isinstance(step.spec, CopySpec | ArticleSpec)} == {told}
