"""A project that says what its results are for makes nothing with a model whose licence forbids it."""

from __future__ import annotations

from pathlib import Path

import pytest

from domain.capability import StepKind
from domain.errors import NotAllowed
from domain.job import JobState
from domain.model import Model, Task
from domain.progress import Silent
from domain.project import Use
from domain.recipe import ModelRef
from studio.export import Selection, export_pack
from studio.licences import permit
from studio.makers import Maker
from studio.pack_texts import PackSources
from studio.projects import Projects
from tests.studio.bench import Hand, open_bench, step
from tests.studio.labelled import Unlabelled

MODELS = {
    model.id: model
    for model in (
        Model(id="free", name="Free", task=Task.PICTURE, licence="Apache-2.0", commercial="yes"),
        Model(id="private", name="Private", task=Task.PICTURE, licence="CC-BY-NC-4.0", commercial="no"),
        Model(id="local", name="Local", task=Task.PICTURE, licence="A licence of places", commercial="yes", excluded=("EU", "GB")),
        Model(id="asked", name="Asked", task=Task.PICTURE, licence="Under terms", commercial="terms"),
    )
}
check = permit(MODELS.get)


@pytest.mark.parametrize(
    ("use", "models", "named"),
    [
        (Use(), ("free", "private", "local", "asked"), ""),
        (Use(commercial=True), ("free", "asked", "local", "one of mine"), ""),
        (Use(commercial=True), ("free", "private"), "Private"),
        (Use(region="EU"), ("local",), "Local"),
        (Use(region="US"), ("local", "private"), ""),
    ],
)
def test_what_a_licence_forbids_is_refused_and_named(use: Use, models: tuple[str, ...], named: str) -> None:
    refs = [ModelRef(id=model) for model in models]
    if not named:
        check(use, refs)
        return
    with pytest.raises(NotAllowed) as caught:
        check(use, refs)
    assert str(caught.value).startswith(named) or f" {named} " in str(caught.value)
    assert "Settings > Project" in caught.value.hint


def test_nothing_is_made_with_it_and_the_other_steps_go_on(home: Path) -> None:
    hand = Hand()

    def using(kind: StepKind, model: str) -> Maker:
        return Maker(**{**vars(hand.maker(kind)), "models": lambda parameters: (ModelRef(id=model),)})

    real = (using(StepKind.COPY, "private"), using(StepKind.MUSIC, "free"))
    bench = open_bench(home, hand, real=real, permit=check)
    bench.runner.start()
    try:
        Projects(bench.library).set_use(bench.project, Use(commercial=True))
        plan = bench.plan(step("copy-1"), step("music-1"))
        bench.plans.approve(plan.id)
        ended = bench.wait(plan.id)
        assert (ended["copy-1"].state, ended["music-1"].state) == (JobState.FAILED, JobState.DONE)
        assert "Private may not be used for commercial work" in ended["copy-1"].error
        assert hand.made == ["music-1"]

        Projects(bench.library).set_use(bench.project, Use())
        bench.plans.redo(plan.id, "copy-1")
        assert bench.wait(plan.id)["copy-1"].state is JobState.DONE

        def export() -> Path:
            selection = Selection(project_id=bench.project, plan_id=plan.id)
            sources = PackSources(model=MODELS.get, labelling=Unlabelled(bench.library, home))
            return export_pack(bench.library, selection, home / "pack.zip", Silent(), sources)

        assert export().is_file()
        Projects(bench.library).set_use(bench.project, Use(commercial=True))
        with pytest.raises(NotAllowed, match="Private"):
            export()
    finally:
        bench.runner.stop()
        bench.library.close()
