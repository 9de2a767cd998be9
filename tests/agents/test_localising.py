"""Wishes for scripts and translations become steps, in both languages."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents.planner import Planner
from domain.brand import BrandKit
from domain.capability import Capability, StepKind
from domain.plan import Plan
from domain.specs import ArticleSpec, ScriptSpec, TranslationSpec
from tests.agents.scripted import ScriptedChat, brief, capabilities

TABLE = "key,source\nmenu.start,Start game\n"


@pytest.fixture(scope="module")
def planner(assets: Path) -> Planner:
    return Planner(assets)


def makers() -> tuple[Capability, ...]:
    new = tuple(Capability(kind=kind, maker="writer") for kind in (StepKind.SCRIPT, StepKind.TRANSLATION))
    return (*capabilities(), *new)


def planned(planner: Planner, text: str, *attached: str) -> Plan:
    return planner.plan(brief(text, *attached), makers(), ScriptedChat(), BrandKit(), plan_id="p", seed=1)


@pytest.mark.parametrize(
    ("text", "form", "seconds"),
    [
        ("a 45-second ad script for a bakery that opens at five", "ad", 45),
        ("write a podcast script about city bees, 3 minutes", "podcast", 180),
        ("write a short film script about a ferry without a captain", "film", 120),
        ("为一家清晨开门的面包店写一个20秒的广告脚本", "ad", 20),
        ("写一个关于城市蜜蜂的播客脚本，5分钟", "podcast", 300),
        ("写一个短片剧本，讲一艘没有船长的渡船", "film", 120),
    ],
)
def test_a_script_is_one_step_of_the_form_and_length_asked_for(planner: Planner, text: str, form: str, seconds: int) -> None:
    plan = planned(planner, text)
    assert [step.id for step in plan.steps] == ["script-1"]
    spec = plan.steps[0].spec
    assert isinstance(spec, ScriptSpec)
    assert (spec.form, spec.seconds) == (form, seconds)


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("write a poem about rain on a tin roof", "poem"),
        ("write a newsletter for our bakery about the new oven", "newsletter"),
        ("a product page for a cedar incense stick", "product_page"),
        ("写一首诗，写雨落在铁皮屋顶上", "poem"),
    ],
)
def test_every_form_of_article_can_be_asked_for(planner: Planner, text: str, form: str) -> None:
    spec = planned(planner, text).steps[0].spec
    assert isinstance(spec, ArticleSpec)
    assert spec.form == form


def test_an_attached_table_becomes_one_translation_per_language(planner: Planner) -> None:
    plan = planned(planner, "Localise the attached string table into French and German.", TABLE)
    specs = [step.spec for step in plan.steps]
    assert [spec.language for spec in specs if isinstance(spec, TranslationSpec)] == ["fr", "de"]
    assert all(isinstance(spec, TranslationSpec) and not spec.text for spec in specs)
    assert plan.language == "en"


@pytest.mark.parametrize(
    ("text", "written", "target"),
    [
        ("Write a press release about our new oven and translate it into Chinese.", "en", "zh"),
        ("写一篇关于新烤箱的新闻稿，并翻译成英文。", "zh", "en"),
    ],
)
def test_a_text_is_written_in_the_language_of_the_brief_and_then_translated(planner: Planner, text: str, written: str, target: str) -> None:
    plan = planned(planner, text)
    assert [step.id for step in plan.steps] == ["article-1", "translation-1"]
    article, translation = plan.steps
    assert isinstance(article.spec, ArticleSpec)
    assert isinstance(translation.spec, TranslationSpec)
    assert (article.spec.language, translation.spec.language) == (written, target)
    assert [(i.role, i.step) for i in translation.inputs] == [("source", "article-1")]
    plan.require(makers())


def test_pasted_text_is_what_is_translated(planner: Planner) -> None:
    plan = planned(planner, "Make a translation into Chinese.\nSource: The bakery opens at five. Bread is ready at six.")
    spec = plan.steps[0].spec
    assert isinstance(spec, TranslationSpec)
    assert spec.text == "The bakery opens at five. Bread is ready at six."
    assert spec.language == "zh"


def test_a_language_nobody_knows_is_named_and_the_rest_is_made(planner: Planner) -> None:
    knows = Capability(kind=StepKind.TRANSLATION, maker="writer", languages=("en", "zh", "fr"))
    plan = planner.plan(
        brief("Write a press release about our oven. Make a translation into French and Hindi."),
        (*capabilities(), knows),
        ScriptedChat(),
        BrandKit(),
        plan_id="p",
        seed=1,
    )
    assert [step.id for step in plan.steps] == ["article-1", "translation-1"]
    assert [missing.asked for missing in plan.unavailable] == ["translation in Hindi"]
