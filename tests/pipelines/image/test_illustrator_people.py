"""Whole figures, sizes by real heights, things seen from above and one weight of line, on the real art."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from pipelines.image.illustration.art import Drawing
from pipelines.image.illustration.figure import Wardrobe
from pipelines.image.illustration.people import GRID, limbs_of, whole
from pipelines.image.illustration.svg import clean_fragment
from pipelines.image.illustrator import Illustrator
from pipelines.models.store import ModelStore
from tests.pipelines.image.test_illustrator import boxes, pixels
from tests.pipelines.image.test_illustrator_composition import draw, shared, told

POSES = ("stand", "walk", "run", "sit", "lift", "cheer")


@pytest.fixture(scope="module")
def illustrator(store: ModelStore, assets: Path) -> Illustrator:
    return Illustrator(store, None, assets)


@pytest.fixture(scope="module")
def wardrobe(assets: Path) -> Wardrobe:
    return Wardrobe(assets / "art")


def ink_of(markup: str) -> npt.NDArray[np.bool_]:
    import resvg_py

    svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {GRID:g} {GRID:g}">{clean_fragment(markup, "a")}</svg>'
    png = bytes(resvg_py.svg_to_bytes(svg_string=svg, width=200, height=200, skip_system_fonts=True))
    return np.asarray(np.asarray(Image.open(io.BytesIO(png)).convert("RGBA"))[..., 3] > 60, dtype=np.bool_)


@pytest.mark.parametrize("pose", POSES)
@pytest.mark.parametrize("who", ["woman", "knight", "wizard", "vampire"])
def test_a_figure_lies_in_the_box_it_tells(wardrobe: Wardrobe, who: str, pose: str) -> None:
    drawing = whole(wardrobe.dress(who, "", "", 3), pose)
    ink = ink_of(drawing.markup)
    x0, y0, x1, y1 = (round(v * 200) for v in drawing.box)
    outside = ink.copy()
    outside[max(y0 - 3, 0) : y1 + 3, max(x0 - 3, 0) : x1 + 3] = False
    assert outside.sum() <= 0.01 * ink.sum()
    assert ink[y0 : y0 + 12, :].any() and ink[y1 - 8 : y1, :].any()


def test_a_figure_is_the_same_again_and_another_in_another_pose(wardrobe: Wardrobe) -> None:
    figure = wardrobe.dress("hiker", "", "", 5)
    assert whole(figure, "walk") == whole(wardrobe.dress("hiker", "", "", 5), "walk")
    assert len({whole(figure, pose).icon for pose in POSES}) == len(POSES)


@pytest.mark.parametrize(
    ("phrase", "who"),
    [
        ("pirate flag", ""), ("black pirate flag", ""), ("guard dog", ""), ("woman running in a park", "woman"),
        ("two old wizards", "wizard"),
        ("children", "child"), ("king", "king"), ("武僧", "武僧"), ("海盗旗", ""),
    ],
)  # fmt: skip
def test_only_a_phrase_about_a_person_is_one(wardrobe: Wardrobe, phrase: str, who: str) -> None:
    assert wardrobe.who(phrase) == who


def test_lines_get_the_asked_weight_also_where_none_is_named() -> None:
    told = clean_fragment('<path d="M0 0h4" stroke="#111111" stroke-width="1.5"/><path d="M0 2h4" stroke="#111111"/>', "a", weight=2.0)
    assert 'stroke-width="3"' in told and '<g stroke-width="2">' in told
    assert "stroke-width" not in clean_fragment('<path d="M0 2h4" stroke="#111111"/>', "a")


@pytest.mark.models
def test_a_person_in_a_scene_has_legs_and_in_a_portrait_a_head(illustrator: Illustrator) -> None:
    scene: dict[str, Any] = {"subjects": [{"what": "man", "pose": "running"}], "setting": "park", "composition": "centre"}
    (_, _, wide, high), *_ = boxes(draw(illustrator, scene))
    assert high > 1.3 * wide
    (_, _, wide, high), *_ = boxes(draw(illustrator, scene | {"form": "portrait"}))
    assert high < 1.2 * wide


@pytest.mark.models
def test_two_people_of_one_kind_are_not_one_person_twice(illustrator: Illustrator) -> None:
    svg = draw(illustrator, {"subjects": [{"what": "child", "count": 2}], "setting": "park"}).files[1].data.decode()
    first, second = (part.split("</g>")[0] for part in svg.split("inkscape:label=")[1:] if part.startswith('"subject'))
    assert first.split("transform")[2:] != second.split("transform")[2:]


@pytest.mark.models
@pytest.mark.parametrize(
    ("small", "large", "least"), [("coin", "house", 3.0), ("candle", "barrel", 1.5), ("rabbit", "horse", 1.6), ("cup", "man", 2.0)]
)
def test_things_are_as_tall_beside_each_other_as_they_are(illustrator: Illustrator, small: str, large: str, least: float) -> None:
    output = draw(illustrator, {"subjects": [{"what": large}, {"what": small}], "setting": "meadow"}, width=640, height=400)
    high = {thing["subject"]: thing["box"][3] for thing in told(output)}
    assert high[0] > least * high[1]


@pytest.mark.models
def test_from_above_the_table_fills_the_picture(illustrator: Illustrator) -> None:
    scene: dict[str, Any] = {"subjects": [{"what": "pizza"}, {"what": "tomato", "count": 3}], "setting": "kitchen"}

    def apart(angle: str) -> float:
        seen = pixels(draw(illustrator, scene | {"camera": {"angle": angle}})).astype(float)
        return float(np.abs(seen[:20].mean(axis=(0, 1)) - seen[-20:].mean(axis=(0, 1))).max())

    assert apart("top") < 30 < apart("eye")
    assert draw(illustrator, scene | {"camera": {"angle": "top"}}).facts["overlap"] == 0


@pytest.mark.models
@pytest.mark.parametrize("form", ["icon", "sticker", "spot", "isometric", "sheet", "portrait"])
def test_what_stands_in_front_is_drawn_in_every_form(illustrator: Illustrator, form: str) -> None:
    scene: dict[str, Any] = {"subjects": [{"what": "fox"}], "foreground": [{"what": "mushroom"}], "setting": "plain", "form": form}
    output = draw(illustrator, scene)
    shown: list[Any] = [*told(output), *list(output.facts["foreground"])]  # type: ignore[arg-type]
    assert any(thing["name"] == "mushroom" for thing in shown)


@pytest.mark.models
def test_lanterns_hang(illustrator: Illustrator) -> None:
    output = draw(illustrator, {"subjects": [{"what": "lantern", "count": 3}], "setting": "street"}, width=480, height=320)
    assert all(y < 120 for _, y, _, _ in boxes(output))


@pytest.mark.models
@pytest.mark.parametrize(
    ("subjects", "kind"),
    [(["umbrella", "house"], "under"), (["bread", "dog"], "under"), (["throne", "king"], "on"), (["fire", "phoenix"], "in")],
)
def test_related_things_are_both_seen(illustrator: Illustrator, subjects: list[str], kind: str) -> None:
    relation = {"of": 1, "kind": kind, "to": 0}
    output = draw(illustrator, {"subjects": [{"what": w} for w in subjects], "relations": [relation], "setting": "meadow"})
    first, second = boxes(output)[:2]
    assert shared(first, second) <= 0.85


@pytest.mark.models
def test_a_crown_is_worn_and_its_place_is_the_wearers(illustrator: Illustrator) -> None:
    scene = {
        "subjects": [{"what": "king"}, {"what": "throne"}],
        "props": [{"what": "crown", "colour": "gold"}],
        "relations": [{"of": 2, "kind": "on", "to": 1}],
        "setting": "throne_room",
    }
    output = draw(illustrator, scene)
    king, throne = (next(thing["box"] for thing in told(output) if thing["subject"] == number) for number in (0, 1))
    (crown,) = (thing for thing in told(output) if thing["subject"] == 2)
    assert crown["worn"] and king[1] <= crown["box"][1] < king[1] + 0.2 * king[3]
    assert throne[0] < king[0] and king[0] + king[2] < throne[0] + throne[2]  # the king sits where the crown was said to be
    assert output.facts["unmet_relations"] == []


@pytest.mark.models
def test_a_silhouette_is_painted_and_shaded(illustrator: Illustrator) -> None:
    library = illustrator.library
    bare = next(
        (c for c in library.concepts if not c.flag and set(c.art) == {"game-icons"} and c.group == "tool" and " " not in c.name), None
    )
    if bare is None or "game-icons" not in {s.id for s in library.ready()}:
        pytest.skip("no set of silhouettes is installed")
    output = draw(illustrator, {"subjects": [{"what": bare.name}], "setting": "plain", "composition": "close"})
    (x, y, wide, high), *_ = boxes(output)
    part = pixels(output)[round(y) : round(y + high), round(x) : round(x + wide)]
    _, counts = np.unique(part.reshape(-1, 3) >> 3, axis=0, return_counts=True)
    assert (counts > 8).sum() > 6 and not (np.abs(part.astype(int) - (0x3B, 0x42, 0x52)).max(axis=-1) < 6).mean() > 0.1


def test_what_hangs_stands_beside_what_stands(illustrator: Illustrator) -> None:
    scene = {
        "setting": "forest",
        "subjects": [{"what": "fox", "count": 3}],
        "props": [{"what": "lantern"}],
        "relations": [{"of": 0, "kind": "beside", "to": 1}],
    }
    feet = [top + high for _, top, _, high in boxes(draw(illustrator, scene))]
    assert len(feet) == 4 and min(feet) > 0.55 * 320, "the foxes sat in the sky beside the lantern"


def test_clothes_that_somebody_is_in_are_worn(illustrator: Illustrator) -> None:
    scene = {
        "setting": "city",
        "subjects": [{"what": "woman"}],
        "props": [{"what": "dress", "colour": "red"}],
        "relations": [{"of": 0, "kind": "in", "to": 1}],
    }
    made = draw(illustrator, scene)
    assert {thing["name"]: thing.get("worn", False) for thing in told(made)} == {"woman": False, "dress": True}
    assert made.facts["unmet_relations"] == []


def test_hair_follows_custom_where_nothing_is_said_of_it(wardrobe: Wardrobe) -> None:
    def styles(who: str) -> set[str]:
        return {wardrobe.dress(who, "", "", seed).style for seed in range(40)}

    assert styles("queen") <= {"long", "bob", "bun", "ponytail"}
    assert styles("father") <= {"short", "spiky", "curly"}
    assert len(styles("farmer")) > 4
    assert styles("woman with a mohawk") == {"mohawk"}


def head_share(drawing: Drawing) -> float:
    """How much of the ink's height is above the shoulders: rows that are narrower than the widest of the lower half, from the top."""
    ink = ink_of(drawing.markup)
    rows = np.flatnonzero(ink.any(axis=1))
    widths = ink.sum(axis=1)[rows[0] : rows[-1] + 1]
    neck = int(np.argmin(widths[len(widths) // 8 : len(widths) // 2])) + len(widths) // 8
    return neck / len(widths)


def test_children_have_larger_heads_for_their_height_than_the_grown(wardrobe: Wardrobe) -> None:
    child, grown = (
        whole(replace(wardrobe.dress(who, "", "", 5), style="short", young=who == "boy", build="soft", clothes="tee"), "stand")
        for who in ("boy", "man")
    )
    assert head_share(child) > 1.25 * head_share(grown)
    assert wardrobe.dress("小朋友", "", "", 1).young and not wardrobe.dress("teenage girl", "", "", 1).young
    assert not wardrobe.dress("girl hanfu", "", "", 1).young


@pytest.mark.parametrize("garment", ["dress", "skirt", "overcoat", "kimono", "hanfu", "qipao", "evening gown", "uniform"])
def test_a_garment_changes_the_outline_of_a_figure(wardrobe: Wardrobe, garment: str) -> None:
    plain = replace(wardrobe.dress("woman", "#b3262f", "", 5), clothes="tee")
    dressed = wardrobe.dress(f"woman {garment}", "#b3262f", "", 5)
    assert dressed.clothes not in ("tee", "shirt", "hoodie", "sweater")
    first, second = (ink_of(whole(replace(figure, style="short"), "stand").markup) for figure in (plain, dressed))
    least = 0.004 if garment == "uniform" else 0.05
    assert (first ^ second).sum() > least * first.sum()


@pytest.mark.parametrize("who", ["woman dress", "queen", "woman kimono", "boy", "man"])
@pytest.mark.parametrize("pose", ["sit", "ride", "lotus"])
def test_who_sits_or_rides_lies_in_the_box_it_tells(wardrobe: Wardrobe, who: str, pose: str) -> None:
    drawing = whole(wardrobe.dress(who, "", "", 3), pose)
    ink = ink_of(drawing.markup)
    x0, y0, x1, y1 = (round(v * 200) for v in drawing.box)
    outside = ink.copy()
    outside[max(y0 - 4, 0) : y1 + 4, max(x0 - 4, 0) : x1 + 4] = False
    assert outside.sum() <= 0.02 * ink.sum()
    assert drawing.hand is not None and all(-0.05 <= v <= 1.05 for v in drawing.hand)


def test_who_rides_has_one_leg_at_the_flank_and_hands_forward(wardrobe: Wardrobe) -> None:
    limbs = limbs_of("ride", 30)
    assert len(limbs.legs) == len(limbs.feet) == 1
    assert all(x < 50 for x, _ in (*limbs.hands, *limbs.feet))  # drawings look left
    knight = wardrobe.dress("knight", "", "", 3)
    assert whole(knight, "ride").markup.count("translate(-5.5") >= 1


@pytest.mark.models
def test_an_umbrella_is_over_the_head_of_who_holds_it(illustrator: Illustrator) -> None:
    scene = {
        "subjects": [{"what": "woman"}],
        "props": [{"what": "umbrella"}],
        "relations": [{"of": 0, "kind": "holding", "to": 1}],
        "setting": "street",
    }
    by_name = {thing["name"]: thing["box"] for thing in told(draw(illustrator, scene))}
    (x, y, wide, high), (ux, uy, uwide, uhigh) = by_name.pop("woman"), next(iter(by_name.values()))
    assert uy < y and uy + uhigh * 0.5 < y + high * 0.2
    assert ux < x + wide / 2 < ux + uwide and 0.4 * high < uwide < 1.3 * high


@pytest.mark.models
@pytest.mark.parametrize(("seat", "kind"), [("throne", "on"), ("wheelchair", "in"), ("horse", "on"), ("scooter", "on")])
def test_who_is_on_a_seat_is_drawn_before_it_and_within_its_width(illustrator: Illustrator, seat: str, kind: str) -> None:
    scene = {
        "subjects": [{"what": "woman"}, {"what": seat}],
        "relations": [{"of": 0, "kind": kind, "to": 1}],
        "setting": "meadow",
    }
    output = draw(illustrator, scene)
    assert not output.facts["unmet_relations"]
    order = [thing["subject"] for thing in told(output)]
    assert order.index(1) < order.index(0)
    boxes_ = {thing["subject"]: thing["box"] for thing in told(output)}
    (x, _, wide, _), (sx, _, swide, _) = boxes_[0], boxes_[1]
    assert sx - 0.1 * swide < x + wide / 2 < sx + 1.1 * swide


@pytest.mark.models
def test_a_palette_leaves_skin_alone(illustrator: Illustrator) -> None:
    scene: dict[str, Any] = {"subjects": [{"what": "woman"}], "setting": "studio", "composition": "close"}
    svg = [draw(illustrator, scene | {"palette": palette}).files[1].data.decode() for palette in ([], ["#ffd93d", "#6bcb77"])]
    skins = [re.findall(r'<ellipse[^>]*rx="3\.4"[^>]*fill="(#[0-9a-f]{6})"|fill="(#[0-9a-f]{6})"[^>]*rx="3\.4"', text) for text in svg]
    ears = [{a or b for a, b in found} for found in skins]
    assert ears[0] and ears[0] == ears[1]


@pytest.mark.models
@pytest.mark.parametrize("what", ["pirate ship", "hot pot", "dumplings"])
def test_things_that_were_read_as_others_have_drawings_of_their_own(illustrator: Illustrator, what: str) -> None:
    output = draw(illustrator, {"subjects": [{"what": what}], "setting": "plain"})
    assert output.facts["substitutions"] == [] and "Maquette" in output.credits[0].title


@pytest.mark.models
def test_a_hall_with_a_throne_that_was_asked_for_has_no_second_one(illustrator: Illustrator) -> None:
    def shapes(what: str) -> int:
        output = draw(illustrator, {"subjects": [{"what": what}], "setting": "throne_room"})
        backdrop = output.files[1].data.decode().split('inkscape:label="shadow"')[0]
        return backdrop.count("<path") + backdrop.count("<ellipse") + backdrop.count("<rect")

    assert shapes("throne") < shapes("king")
