"""An enlargement finds its picture: one of the plan, or an attached one; without any it is refused where it is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from agents.writers.calls import Desk
from domain.brief import Attachment, AttachmentUse
from domain.capability import StepKind
from domain.context import InputText, StepContext
from domain.errors import InputError
from domain.plan import Step, StepInput
from domain.progress import Silent
from domain.recipe import Credit
from domain.specs import CutoutSpec, PictureSpec, UpscaleSpec
from pipelines.text.chats import Chats
from studio.media_makers import Preparations
from tests.studio.bench import Bench, Hand, open_bench


@pytest.fixture
def bench(home: Path) -> Iterator[Bench]:
    opened = open_bench(home, Hand())
    opened.runner.start()
    yield opened
    opened.runner.stop()
    opened.library.close()


def picture(number: int) -> Step:
    return Step(id=f"picture-{number}", title=f"picture-{number}", spec=PictureSpec(about="a fox"))


@pytest.mark.parametrize(("about", "source"), [("upscale", "picture-2"), ("Picture 1 please", "picture-1"), ("放大图片1", "picture-1")])
def test_an_added_enlargement_takes_the_picture_it_names_else_the_last(bench: Bench, about: str, source: str) -> None:
    plan = bench.plan(picture(1), picture(2))
    added = bench.plans.add(plan.id, StepKind.UPSCALE, about).steps[-1]
    assert [(given.role, given.step) for given in added.inputs] == [("source", source)]


def test_a_picture_that_is_not_there_is_refused_at_the_field(bench: Bench) -> None:
    plan = bench.plan(picture(1))
    with pytest.raises(InputError) as refused:
        bench.plans.add(plan.id, StepKind.UPSCALE, "picture 7")
    assert refused.value.field == "about" and "picture-1" in refused.value.hint


def test_without_any_picture_it_is_refused(bench: Bench) -> None:
    music = Step.model_validate({"id": "music-1", "title": "m", "spec": {"kind": "music", "about": "calm"}})
    plan = bench.plan(music)
    with pytest.raises(InputError, match="no picture to enlarge"):
        bench.plans.add(plan.id, StepKind.UPSCALE, "larger")


def test_a_cut_out_takes_a_picture_as_an_enlargement_does(bench: Bench) -> None:
    plan = bench.plan(picture(1), picture(2))
    added = bench.plans.add(plan.id, StepKind.CUTOUT, "cut out picture 1").steps[-1]
    assert [(given.role, given.step) for given in added.inputs] == [("source", "picture-1")]
    music = Step.model_validate({"id": "music-1", "title": "m", "spec": {"kind": "music", "about": "calm"}})
    with pytest.raises(InputError, match="no picture to cut out"):
        bench.plans.add(bench.plan(music).id, StepKind.CUTOUT, "the fox")


def test_what_a_cut_out_is_prepared_into_says_where_an_exact_one_is(assets: Path) -> None:
    prepare = Preparations(cast(Chats, None), Desk(assets), lambda: ())
    fox = InputText(role="source", step="picture-1", kind=StepKind.PICTURE, text="", drawn=True)
    drawn = prepare.cutout(StepContext(spec=CutoutSpec(edge="hard"), inputs=(fox,)), Silent())
    assert drawn.parameters == {"edge": "hard", "background": ""} and "layers" in str(drawn.notes[0])
    with pytest.raises(InputError):
        prepare.cutout(StepContext(spec=UpscaleSpec()), Silent())


def attached(bench: Bench, *names: str) -> tuple[Attachment, ...]:
    made = []
    for name in names:
        stored = bench.library.store_file(name.encode(), name, "image/png")
        made.append(Attachment(name=name, sha256=stored.sha256, media_type="image/png", size=5, use=AttachmentUse.REFERENCE))
    return tuple(made)


def test_an_attached_picture_is_the_source_of_a_step_without_one(bench: Bench) -> None:
    files = attached(bench, "cat.png", "dog.png")
    brief = bench.plans.submit(bench.project, "Enlarge it.", attachments=files)
    bench.planner.steps = (
        Step(id="upscale-1", title="first", spec=UpscaleSpec()),
        Step(id="upscale-2", title="second", spec=UpscaleSpec(file="dog.png")),
    )
    plan = bench.plans.propose(brief, seed=7)
    with pytest.raises(InputError, match=r"bird\.png") as refused:
        bench.plans.change(plan.id, "upscale-2", {"file": "bird.png"})
    assert refused.value.field == "file" and "cat.png, dog.png" in refused.value.hint
    bench.plans.approve(plan.id)
    bench.wait(plan.id)
    made = {step: bench.library.asset_for(plan.id, step, 0) for step in ("upscale-1", "upscale-2")}
    hashes = [[ref.sha256 for ref in asset.recipe.inputs if ref.role == "source"] for asset in made.values() if asset is not None]
    assert hashes == [[files[0].sha256], [files[1].sha256]]


@pytest.mark.parametrize("drawn", [True, False])
def test_of_a_drawing_it_is_said_that_it_need_not_be_enlarged(assets: Path, drawn: bool) -> None:
    source = InputText(role="source", step="picture-1", kind=StepKind.PICTURE, text="", drawn=drawn)
    preparations = Preparations(cast(Chats, None), Desk(assets), lambda: ())
    prepared = preparations.upscale(StepContext(spec=UpscaleSpec(scale=2), inputs=(source,)), Silent())
    assert prepared.parameters == {"scale": 2, "style": "auto", "drawn": drawn}
    assert any("any size" in note for note in map(str, prepared.notes)) is drawn


def test_who_drew_the_source_is_credited_in_what_is_made_of_it(bench: Bench) -> None:
    fox = Credit(title="fox", author="A. Painter", licence="CC-BY-4.0", source="https://example.org/art")
    bench.hand.credits["picture-1"] = (fox,)
    source = StepInput(role="source", step="picture-1")
    plan = bench.plan(picture(1), Step(id="upscale-1", title="larger", spec=UpscaleSpec(), inputs=(source,)))
    bench.plans.approve(plan.id)
    bench.wait(plan.id)
    made = bench.library.asset_for(plan.id, "upscale-1", 0)
    assert made is not None and made.credits == (fox,)
