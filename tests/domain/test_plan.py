from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.capability import Capability, StepKind
from domain.errors import LimitError, PlanError
from domain.plan import PLAN_MAX_STEPS, Plan, Step, StepInput
from domain.specs import SPECS, CopySpec, LayoutSpec, MusicSpec, PictureSpec
from domain.value import seed_for

EVERYTHING = tuple(Capability(kind=kind, maker="m", languages=("en",) if kind is StepKind.COPY else ()) for kind in SPECS)


def plan(*steps: Step) -> Plan:
    return Plan(id="p", project_id="x", brief_id="b", title="t", steps=steps)


COPY = Step(id="copy-1", title="c", spec=CopySpec(about="a"))
PICTURE = Step(id="picture-1", title="p", spec=PictureSpec(about="a"))
LAYOUT = Step(
    id="layout-1", title="l", spec=LayoutSpec(), inputs=(StepInput(role="copy", step="copy-1"), StepInput(role="picture", step="picture-1"))
)


def rules(checked: Plan, capabilities: tuple[Capability, ...] = EVERYTHING) -> set[str]:
    return {finding.rule for finding in checked.check(capabilities)}


def test_a_whole_plan_has_no_findings() -> None:
    assert plan(COPY, PICTURE, LAYOUT).check(EVERYTHING) == ()


def test_an_input_that_is_not_there_is_named() -> None:
    findings = plan(LAYOUT, COPY).check(EVERYTHING)
    assert [f.rule for f in findings] == ["plan.reference"]
    assert "picture-1" in findings[0].message


def test_a_circle_is_found_and_named() -> None:
    one = COPY.model_copy(update={"inputs": (StepInput(role="source", step="copy-2"),)})
    two = COPY.model_copy(update={"id": "copy-2", "inputs": (StepInput(role="source", step="copy-1"),)})
    assert "plan.circle" in rules(plan(one, two))
    with pytest.raises(PlanError, match=r"copy-\d -> copy-\d"):
        plan(one, two).order()


def test_a_kind_without_a_maker_is_refused() -> None:
    assert rules(plan(COPY), capabilities=()) == {"plan.kind"}


def test_an_input_in_the_wrong_role_is_refused() -> None:
    wrong = LAYOUT.model_copy(update={"inputs": (StepInput(role="picture", step="copy-1"),)})
    assert rules(plan(COPY, wrong)) == {"plan.role"}


def test_a_language_nobody_speaks_is_refused() -> None:
    spanish = COPY.model_copy(update={"spec": CopySpec(about="a", language="es")})
    assert rules(plan(spanish)) == {"plan.language"}


def test_a_spec_over_the_makers_limit_is_refused() -> None:
    music = Step(id="music-1", title="m", spec=MusicSpec(about="a", seconds=200))
    assert rules(plan(music), (Capability(kind=StepKind.MUSIC, maker="m", limits={"seconds": 60}),)) == {"plan.limit"}


def test_a_plan_of_sixty_one_steps_is_refused_with_the_limit_in_the_message() -> None:
    steps = tuple(COPY.model_copy(update={"id": f"copy-{n}"}) for n in range(PLAN_MAX_STEPS + 1))
    with pytest.raises(LimitError, match="60"):
        plan(*steps).require(EVERYTHING)


def test_dependents_follow_the_whole_chain() -> None:
    assert plan(COPY, PICTURE, LAYOUT).dependents("picture-1") == ("layout-1",)


def test_a_plan_survives_json() -> None:
    whole = plan(COPY, PICTURE, LAYOUT)
    assert Plan.model_validate_json(whole.model_dump_json()) == whole


@given(st.integers(0, 2**31 - 1), st.integers(0, 1000))
def test_a_seed_is_the_same_everywhere_and_differs_by_take(seed: int, take: int) -> None:
    first = seed_for(seed, "picture-1", take)
    assert first == seed_for(seed, "picture-1", take)
    assert 0 <= first < 2**31
    assert first != seed_for(seed, "picture-1", take + 1)
