"""Grids of variations and tables of prompts: what is the same stays the same, bad values and rows are named, sizes are bounded."""

from __future__ import annotations

import pytest

from domain.errors import InputError, LimitError
from domain.plan import PLAN_MAX_STEPS, Plan, Step
from domain.specs import MusicSpec, PictureSpec
from studio.picture_sets import CELLS_MAX, ROWS_MAX, Axis, BadRow, grid, read_table


def plan(count: int = 1, seed: int = 7) -> Plan:
    steps = [Step(id=f"picture-{n}", title="A fox", spec=PictureSpec(about="a fox", seed=-1)) for n in range(1, count + 1)]
    music = Step(id="music-1", title="calm", spec=MusicSpec(about="calm"))
    return Plan(id="p", project_id="x", brief_id="b", title="t", seed=seed, steps=(*steps, music))


def spec(step: Step) -> PictureSpec:
    assert isinstance(step.spec, PictureSpec)
    return step.spec


def test_a_grid_changes_what_its_axes_say_and_nothing_else() -> None:
    cells = grid(
        plan(), "picture-1", Axis(field="preset", values=("watercolour", "oil-painting")), Axis(field="guidance", values=(3, 7, 11))
    )
    assert [(cell.x, cell.y) for cell in cells] == [(p, g) for g in (3, 7, 11) for p in ("watercolour", "oil-painting")]
    assert [cell.step.id for cell in cells] == [f"picture-{n}" for n in range(2, 8)]
    assert {spec(cell.step).seed for cell in cells} == {7}, "one seed, so that only the axes differ"
    for cell in cells:
        made = spec(cell.step)
        assert (made.preset, made.guidance, made.about) == (cell.x, cell.y, "a fox")
        assert str(cell.x) in cell.step.title


def test_seeds_are_an_axis_too() -> None:
    cells = grid(plan(), "picture-1", Axis(field="seed", values=(1, 2, 3)))
    assert [spec(cell.step).seed for cell in cells] == [1, 2, 3]


@pytest.mark.parametrize(
    ("x", "y", "field"),
    [
        (Axis(field="about", values=("a cat",)), None, "x.field"),
        (Axis(field="steps", values=(10,)), Axis(field="colour", values=(1,)), "y.field"),
        (Axis(field="steps", values=(10,)), Axis(field="steps", values=(20,)), "y.field"),
        (Axis(field="steps", values=(9999,)), None, "picture-1.steps"),
        (Axis(field="seed", values=("many",)), None, "picture-1.seed"),
    ],
)
def test_an_axis_that_does_not_fit_is_named(x: Axis, y: Axis | None, field: str) -> None:
    with pytest.raises(InputError) as refused:
        grid(plan(), "picture-1", x, y)
    assert refused.value.field == field


def test_grids_are_bounded_and_only_of_pictures() -> None:
    seven = tuple(range(7))
    with pytest.raises(LimitError, match="49 pictures"):
        grid(plan(), "picture-1", Axis(field="seed", values=seven), Axis(field="steps", values=(10, 11, 12, 13, 14, 15, 16)))
    with pytest.raises(LimitError, match="9 more fit"):
        grid(plan(PLAN_MAX_STEPS - 10), "picture-1", Axis(field="seed", values=tuple(range(CELLS_MAX))))
    with pytest.raises(InputError, match="music"):
        grid(plan(), "music-1", Axis(field="seed", values=(1,)))


def table(text: str, fault: str = "") -> tuple[list[PictureSpec], tuple[BadRow, ...]]:
    found = read_table(text.encode(), "wishes.csv", lambda step: InputError("No.") if fault and fault in spec(step).about else None)
    return [spec(step) for step in found.steps], found.bad


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_table_becomes_pictures(separator: str) -> None:
    head = ["about", "Title", "width", "height", "preset", "seed", "guidance", "palette"]
    lines = [
        head,
        ["a red fox", "Fox", "512", "768", "watercolour", "5", "7.5", "#ff0000 #00ff00"],
        ["一只猫", "", "", "", "", "", "", ""],
        [""] * 8,
    ]
    made, bad = table("\ufeff" + "\r\n".join(separator.join(line) for line in lines))
    assert bad == ()
    assert [one.about for one in made] == ["a red fox", "一只猫"]
    assert (made[0].width, made[0].height, made[0].preset, made[0].seed, made[0].guidance) == (512, 768, "watercolour", 5, 7.5)
    assert made[0].palette == ("#ff0000", "#00ff00") and (made[1].width, made[1].seed) == (1024, -1)


def test_quoted_cells_hold_commas_and_lines_and_a_prompt_alone_is_a_wish() -> None:
    made, _ = table('prompt,negative\n"fox, ""bokeh"",\nsoft light","text, people"\n')
    assert made[0].prompt == 'fox, "bokeh",\nsoft light' == made[0].about and made[0].negative == "text, people"


def test_bad_rows_are_named_and_the_others_are_made() -> None:
    made, bad = table("about,width,steps\na fox,512,20\na cat,3,20\na dog,wide,20\na bomb,512,20\n,512,20\na hen,512,20", fault="bomb")
    assert [one.about for one in made] == ["a fox", "a hen"]
    assert [(row.row, row.field) for row in bad] == [(3, "width"), (4, "width"), (5, "about"), (6, "about")]
    assert "wide" in bad[1].message and bad[2].message == "No."


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "no column about"),
        (b"colour,size\nred,3", "colour"),
        (b"about,__proto__\nx,y", "__proto__"),
        (b"\xff\xfe\x00a", "UTF-8"),
        (b"about\n\0", "text file"),
        (b'about\n"' + b"x" * 200_000 + b'"', "CSV"),
    ],
)
def test_what_is_no_table_is_refused(data: bytes, told: str) -> None:
    with pytest.raises(InputError, match=told):
        read_table(data, "wishes.csv", lambda step: None)


def test_tables_are_bounded() -> None:
    with pytest.raises(LimitError, match=str(ROWS_MAX)):
        table("about\n" + "a fox\n" * (ROWS_MAX + 1))
    with pytest.raises(LimitError, match="1 MB"):
        read_table(b"about\n" + b"x" * 1_000_001, "wishes.csv", lambda step: None)
