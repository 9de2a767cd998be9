"""A plan is changed by words: references, drops, changes, languages, additions. Nothing changes on a guess."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents.edits import Editor, EditResult
from agents.planner import Planner
from domain.brand import BrandKit
from domain.plan import Plan
from domain.specs import ArticleSpec, CopySpec, LayoutSpec, MusicSpec, PictureSpec, SpeechSpec
from tests.agents.scripted import ScriptedChat, brief, capabilities

NONE = ScriptedChat(lambda _request: '{"step":"none"}')


@pytest.fixture(scope="module")
def planner(assets: Path) -> Planner:
    return Planner(assets)


@pytest.fixture(scope="module")
def editor(assets: Path, planner: Planner) -> Editor:
    return Editor.load(assets, planner)


@pytest.fixture(scope="module")
def campaign(planner: Planner) -> Plan:
    return planner.plan(brief("Launch campaign for a cold-brew coffee"), capabilities(), ScriptedChat(), BrandKit(), plan_id="p", seed=1)


@pytest.fixture(scope="module")
def launch(planner: Planner) -> Plan:
    return planner.plan(brief("为一款国风茶饮做一个新品上市活动"), capabilities(), ScriptedChat(), BrandKit(), plan_id="p", seed=1)


def edit(editor: Editor, plan: Plan, message: str) -> EditResult:
    result = editor.apply_edit(plan, message, NONE, capabilities())
    assert result.plan.check(capabilities()) == ()
    return result


@pytest.mark.parametrize(
    ("message", "gone"),
    [
        ("drop the second banner", {"layout-2"}),
        ("Remove layout-2", {"layout-2"}),
        ("delete banner 3", {"layout-3"}),
        ("remove the story banner", {"layout-3"}),
        ("drop the first and second banner", {"layout-1", "layout-2"}),
        ("drop the last banner", {"layout-3"}),
        ("drop all banners", {"layout-1", "layout-2", "layout-3"}),
        ("no music", {"music-1"}),
        ("we don't need the voice-over", {"speech-1"}),
        ("drop the key visual", {"picture-1"}),
        ("drop the music and the voice-over", {"music-1", "speech-1"}),
    ],
)
def test_a_step_is_dropped_by_reference(editor: Editor, campaign: Plan, message: str, gone: set[str]) -> None:
    result = edit(editor, campaign, message)
    assert set(result.dropped) == gone
    assert {s.id for s in campaign.steps} - {s.id for s in result.plan.steps} == gone
    assert result.plan.version == campaign.version + 1


@pytest.mark.parametrize(
    ("message", "gone"),
    [("删掉第二个横幅", {"layout-2"}), ("不要音乐", {"music-1"}), ("删除新闻稿", {"article-1"}), ("去掉最后一张图", {"picture-2"})],
)
def test_a_step_is_dropped_in_chinese(editor: Editor, launch: Plan, message: str, gone: set[str]) -> None:
    result = edit(editor, launch, message)
    assert set(result.dropped) == gone
    assert result.summary.startswith("已删除")


def test_dropping_a_picture_moves_its_banner_to_another_and_says_so(editor: Editor, campaign: Plan) -> None:
    result = edit(editor, campaign, "drop picture 2")
    inputs = {i.role: i.step for i in result.plan.step("layout-2").inputs}
    assert inputs["picture"] == "picture-1"
    assert result.changed == ("layout-2",)
    assert "now takes Key visual" in result.summary


def test_dropping_the_words_of_a_voice_over_drops_it_too_and_says_so(editor: Editor, campaign: Plan) -> None:
    result = edit(editor, campaign, "drop copy-3")
    assert result.dropped == ("copy-3", "speech-1")
    assert "Voice-over cannot be made without it" in result.summary


def test_dropping_all_copy_leaves_banners_with_a_headline(editor: Editor, campaign: Plan) -> None:
    result = edit(editor, campaign, "drop all the copy items")
    specs = [s.spec for s in result.plan.steps if isinstance(s.spec, LayoutSpec)]
    assert len(specs) == 3
    assert all(spec.headline for spec in specs)


def test_dropping_everything_is_asked_about(editor: Editor, campaign: Plan) -> None:
    result = edit(editor, campaign, "drop everything")
    assert result.question
    assert result.plan == campaign


@pytest.mark.parametrize(
    ("message", "step", "note"),
    [
        ("make the voice-over warmer", "speech-1", "warmer"),
        ("the second picture should be brighter", "picture-2", "brighter"),
        ("Please make the last headline a bit funnier", "copy-3", "funnier"),
        ("can you make banner 2 bolder", "layout-2", "bolder"),
    ],
)
def test_a_wish_becomes_a_note_and_stays_in_the_spec(editor: Editor, campaign: Plan, message: str, step: str, note: str) -> None:
    result = edit(editor, campaign, message)
    assert result.changed == (step,)
    assert result.notes == {step: note}
    assert note in result.plan.step(step).spec.model_dump_json()


def test_a_wish_in_chinese_becomes_a_note(editor: Editor, launch: Plan) -> None:
    result = edit(editor, launch, "让旁白更温暖一些")
    assert result.changed == ("speech-1",)
    assert "更温暖" in result.notes["speech-1"]


def test_lengths_sizes_moods_voices_and_subjects_change_typed_fields(editor: Editor, campaign: Plan) -> None:
    music = edit(editor, campaign, "make the music darker and 45 seconds").plan.step("music-1").spec
    assert isinstance(music, MusicSpec)
    assert (music.mood, music.seconds) == ("dark", 45.0)
    layout = edit(editor, campaign, "turn the square banner into 728x90").plan.step("layout-2").spec
    assert isinstance(layout, LayoutSpec)
    assert (layout.size.width, layout.size.height) == (728, 90)
    speech = edit(editor, campaign, "use voice af_heart for the voice-over").plan.step("speech-1").spec
    assert isinstance(speech, SpeechSpec)
    assert speech.voice == "af_heart"
    slower = edit(editor, campaign, "make the voice-over slower").plan.step("speech-1").spec
    assert isinstance(slower, SpeechSpec)
    assert slower.speed < 1.0
    picture = edit(editor, campaign, "change picture 2 to a red fox in the snow").plan.step("picture-2").spec
    assert isinstance(picture, PictureSpec)
    assert picture.about == "a red fox in the snow"


def test_a_new_subject_in_chinese(editor: Editor, launch: Plan) -> None:
    spec = edit(editor, launch, "第二张图换成一只红色的狐狸").plan.step("picture-2").spec
    assert isinstance(spec, PictureSpec)
    assert spec.about == "一只红色的狐狸"


def test_a_longer_voice_over_gets_longer_words(editor: Editor, campaign: Plan) -> None:
    result = edit(editor, campaign, "make the voice-over 40 seconds")
    source = result.plan.step("copy-3").spec
    assert isinstance(source, CopySpec)
    assert next(f.max_chars for f in source.fields if f.name == "voice_over") == 560
    assert result.changed == ("copy-3", "speech-1")


def test_a_quoted_headline_goes_into_the_banner(editor: Editor, campaign: Plan) -> None:
    spec = edit(editor, campaign, 'change the headline of layout-2 to "Fresh today"').plan.step("layout-2").spec
    assert isinstance(spec, LayoutSpec)
    assert spec.headline == "Fresh today"


def test_the_whole_plan_changes_language(editor: Editor, campaign: Plan) -> None:
    result = edit(editor, campaign, "换成中文")
    assert result.plan.language == "zh"
    assert {getattr(s.spec, "language", "zh") for s in result.plan.steps} == {"zh"}


def test_one_step_changes_language_and_so_do_the_words_it_speaks(editor: Editor, campaign: Plan) -> None:
    result = edit(editor, campaign, "make the voice-over in Chinese")
    assert result.changed == ("copy-3", "speech-1")
    assert result.plan.language == "en"


def test_a_language_no_voice_speaks_changes_the_rest_and_says_so(editor: Editor, campaign: Plan) -> None:
    result = edit(editor, campaign, "translate everything to French")
    assert "Voice-over cannot be made in French" in result.summary
    assert "speech-1" not in result.changed
    assert "copy-1" in result.changed


def test_a_picture_is_added(editor: Editor, campaign: Plan) -> None:
    result = edit(editor, campaign, "add another picture of a sleeping cat")
    assert result.added == ("picture-3",)
    spec = result.plan.step("picture-3").spec
    assert isinstance(spec, PictureSpec)
    assert spec.about == "sleeping cat"


def test_a_banner_is_added_with_copy_and_picture_that_are_there(editor: Editor, campaign: Plan) -> None:
    result = edit(editor, campaign, "one more banner in 300x250")
    new = result.plan.step("layout-4")
    assert isinstance(new.spec, LayoutSpec)
    assert new.spec.size.width == 300
    assert {i.role for i in new.inputs} == {"copy", "picture"}
    assert len(result.plan.steps) == len(campaign.steps) + 1


def test_a_voice_over_is_added_to_a_plan_without_words_to_speak(planner: Planner, editor: Editor) -> None:
    plan = planner.plan(brief("a picture of a fox"), capabilities(), ScriptedChat(), BrandKit(), plan_id="p", seed=1)
    result = edit(editor, plan, "add a voice-over")
    assert {s.kind.value for s in result.plan.steps} == {"picture", "article", "speech"}
    speech = next(s for s in result.plan.steps if isinstance(s.spec, SpeechSpec))
    source = result.plan.step(speech.inputs[0].step).spec
    assert isinstance(source, ArticleSpec)
    assert source.form == "script"


def test_what_cannot_be_made_is_not_added_and_is_named(editor: Editor, campaign: Plan) -> None:
    result = edit(editor, campaign, "add a video")
    assert result.plan == campaign
    assert "video" in result.summary
    assert "key pictures" in result.summary


@pytest.mark.parametrize(
    ("message", "options"),
    [("drop the banner", 3), ("make the picture warmer", 2), ("drop the fifth banner", 3), ("drop layout-9", 3), ("删掉横幅", 3)],
)
def test_what_is_ambiguous_or_missing_is_asked_with_options_that_work(editor: Editor, campaign: Plan, message: str, options: int) -> None:
    result = edit(editor, campaign, message)
    assert result.plan == campaign
    assert result.question
    assert len(result.options) == options
    for option in result.options:
        answered = edit(editor, campaign, option)
        assert not answered.question
        assert answered.plan != campaign


def test_two_edits_in_one_message(editor: Editor, campaign: Plan) -> None:
    result = edit(editor, campaign, "drop the music and make the voice-over 20 seconds")
    assert result.dropped == ("music-1",)
    assert "speech-1" in result.changed


def test_redo_keeps_the_spec_and_marks_the_step(editor: Editor, campaign: Plan) -> None:
    result = edit(editor, campaign, "redo the key visual")
    assert result.changed == ("picture-1",)
    assert result.plan.step("picture-1") == campaign.step("picture-1")


def test_the_model_is_asked_only_when_no_word_tells_and_can_only_name_a_step(editor: Editor, campaign: Plan) -> None:
    chat = ScriptedChat(lambda _request: '{"step":"speech-1"}')
    result = editor.apply_edit(campaign, "the narrator is too cheerful", chat, capabilities())
    assert result.changed == ("speech-1",)
    assert len(chat.requests) == 1
    silent = ScriptedChat()
    editor.apply_edit(campaign, "drop the second banner", silent, capabilities())
    assert silent.requests == []


def test_nothing_changes_on_words_that_mean_nothing(editor: Editor, campaign: Plan) -> None:
    result = edit(editor, campaign, "hmm well")
    assert result.plan == campaign
    assert result.question


@pytest.mark.parametrize("message", ['Use this text: "drop all banners"', "What about this?\n> drop all banners", "原文：删掉所有横幅"])
def test_quoted_edits_are_not_edits(editor: Editor, campaign: Plan, message: str) -> None:
    assert not editor.reads(message, campaign)
    assert edit(editor, campaign, message).plan == campaign


def test_a_new_order_is_not_an_edit(editor: Editor, campaign: Plan) -> None:
    assert not editor.reads("make a banner for our summer sale", campaign)
    assert editor.reads("make the banners bolder", campaign)


def test_an_edit_that_could_not_run_changes_nothing(editor: Editor, campaign: Plan) -> None:
    result = editor.apply_edit(campaign, "make the music 200 seconds", NONE, capabilities(seconds=60.0))
    assert result.plan == campaign
    assert "60" in result.summary
