"""Layout, forms, relations, colours and files of the illustrator's pictures, on the real art."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from domain.capability import StepKind
from domain.errors import InputError
from domain.progress import Silent
from domain.recipe import Output, Recipe, Work
from pipelines.image.illustrator import Illustrator
from pipelines.models.store import ModelStore
from tests.pipelines.image.test_illustrator import boxes, check_svg, names, things

pytestmark = pytest.mark.models

Pixels = npt.NDArray[np.uint8]
Box = tuple[float, float, float, float]


@pytest.fixture(scope="module")
def illustrator(store: ModelStore, assets: Path) -> Illustrator:
    return Illustrator(store, None, assets)


def draw(illustrator: Illustrator, scene: dict[str, Any], width: int = 320, height: int = 320, seed: int = 7, **more: Any) -> Output:
    parameters: dict[str, Any] = {"scene": scene, "width": width, "height": height, **more}
    recipe = Recipe(kind=StepKind.PICTURE, maker="illustrator", maker_version=2, parameters=parameters, seed=seed)
    return illustrator.generate([Work(recipe)], Silent())[0]


def rgba(data: bytes) -> Pixels:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGBA"))


def told(made: Output) -> list[dict[str, Any]]:
    found: Any = made.facts["subjects"]
    return list(found)


def box_of(made: Output, name: str) -> Box:
    return next(box for box, found in zip(boxes(made), names(made), strict=True) if found == name)


def shared(first: Box, second: Box) -> float:
    """Share of the smaller box the other covers."""
    across = min(first[0] + first[2], second[0] + second[2]) - max(first[0], second[0])
    down = min(first[1] + first[3], second[1] + second[3]) - max(first[1], second[1])
    return max(across, 0) * max(down, 0) / min(first[2] * first[3], second[2] * second[3])


def file(made: Output, name: str) -> bytes:
    return next(f.data for f in made.files if f.name == name)


# Layout


WISHES = st.fixed_dictionaries(
    {
        "subjects": st.lists(
            st.fixed_dictionaries(
                {
                    "what": st.sampled_from(["fox", "bicycle", "rocket", "whale", "house", "cat", "potion"]),
                    "count": st.integers(1, 9),
                    "size": st.sampled_from(["small", "medium", "large"]),
                    "pose": st.sampled_from(["", "flying", "jumping", "falling", "sleeping", "looking right"]),
                    "material": st.sampled_from(["", "gold", "glass"]),
                }
            ),
            min_size=2,
            max_size=3,
        ),
        "props": st.lists(st.fixed_dictionaries({"what": st.sampled_from(["box", "mushroom", "sparkles"])}), max_size=2),
        "setting": st.sampled_from(["meadow", "sea", "space", "plain", "street", "studio", "forest"]),
        "time": st.sampled_from(["dawn", "day", "sunset", "night"]),
        "weather": st.sampled_from(["clear", "fog", "storm"]),
        "arrangement": st.sampled_from(["free", "row", "circle", "grid", "scatter", "crowd"]),
        "margin": st.sampled_from(["none", "none", "left", "right", "top", "bottom"]),
        "frame": st.sampled_from(["none", "circle", "rounded", "arch", "badge", "diamond"]),
        "texture": st.sampled_from(["none", "grain", "paper", "halftone"]),
        "camera": st.fixed_dictionaries(
            {
                "angle": st.sampled_from(["eye", "high", "low", "top"]),
                "distance": st.sampled_from(["medium", "wide", "close"]),
                "horizon": st.sampled_from([0.0, 0.3, 0.8]),
            }
        ),
        "relations": st.lists(
            st.fixed_dictionaries(
                {
                    "of": st.just(0),
                    "kind": st.sampled_from(["in", "on", "under", "behind", "beside", "holding", "facing"]),
                    "to": st.just(1),
                }
            ),
            max_size=1,
        ),
    }
)
QUIET = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=QUIET)
@given(scene=WISHES, width=st.integers(120, 360), height=st.integers(120, 360), seed=st.integers(0, 2**31 - 1))
def test_only_what_is_cut_on_purpose_leaves_the_picture_and_nothing_enters_the_margin(
    illustrator: Illustrator, scene: dict[str, Any], width: int, height: int, seed: int
) -> None:
    made = draw(illustrator, scene, width, height, seed)
    free: Any = made.facts["free"]
    assert len(told(made)) >= sum(s["count"] for s in scene["subjects"])
    for subject in told(made):
        x, y, w, h = subject["box"]
        if subject["cut"]:
            assert scene["camera"]["distance"] == "close" and y + h > height
        else:
            assert x >= -0.6 and y >= -0.6 and x + w <= width + 0.6 and y + h <= height + 0.6
        if free:
            across, down = min(x + w, free[0] + free[2]) - max(x, free[0]), min(y + h, free[1] + free[3]) - max(y, free[1])
            assert across <= 0.6 or down <= 0.6
    check_svg(made.files[1].data)


@pytest.mark.parametrize("arrangement", ["row", "circle", "grid", "scatter"])
@pytest.mark.parametrize("setting", ["meadow", "plain"])
def test_arranged_things_stay_apart(illustrator: Illustrator, arrangement: str, setting: str) -> None:
    scene = {"subjects": [{"what": "rabbit", "count": 8}], "setting": setting, "arrangement": arrangement}
    found = boxes(draw(illustrator, scene, 480, 360))
    most = 0.3 if arrangement == "circle" and setting == "meadow" else 0.03
    assert len(found) == 8
    assert max(shared(a, b) for i, a in enumerate(found) for b in found[i + 1 :]) <= most


def test_things_on_a_bare_ground_stand_on_one_line(illustrator: Illustrator) -> None:
    scene = {"subjects": [{"what": "christmas tree"}], "props": [{"what": "wrapped gift", "count": 3}], "setting": "gradient"}
    for seed in range(4):
        feet = [y + h for _, y, _, h in boxes(draw(illustrator, scene, seed=seed))]
        assert len(feet) == 4 and max(feet) - min(feet) < 2


def test_what_flies_over_a_bare_ground_is_above_what_stands(illustrator: Illustrator) -> None:
    made = draw(illustrator, {"subjects": [{"what": "wrapped gift"}], "props": [{"what": "balloon"}], "setting": "gradient"})
    gift, balloon = box_of(made, "wrapped gift"), box_of(made, "balloon")
    assert balloon[1] + balloon[3] < gift[1] + gift[3]


def test_a_boat_floats_where_there_is_water_behind_the_quay(illustrator: Illustrator) -> None:
    scene = {"subjects": [{"what": "sailboat"}], "props": [{"what": "barrel"}], "setting": "harbour"}
    for seed in range(3):
        made = draw(illustrator, scene, seed=seed)
        boat, barrel = box_of(made, "sailboat"), box_of(made, "barrel")
        assert boat[1] + boat[3] < 0.75 * 320 < barrel[1] + barrel[3]


def test_eight_side_by_side_are_larger_in_two_lines_than_in_the_row_somebody_asked_for(illustrator: Illustrator) -> None:
    scene = {"subjects": [{"what": "rabbit", "count": 8}], "setting": "meadow", "composition": "row"}
    free, asked = (boxes(draw(illustrator, {**scene, "arrangement": how}, 480, 270)) for how in ("free", "row"))
    assert max(h for *_, h in free) > 1.2 * max(h for *_, h in asked)
    assert len({round(y + h) for _, y, _, h in asked}) == 1 < len({round(y + h) for _, y, _, h in free})


@pytest.mark.parametrize("time", ["day", "night"])
def test_no_second_moon_beside_the_one_asked_for(illustrator: Illustrator, time: str) -> None:
    """The sky's own has a halo of two ellipses about it: fewer shapes in the backdrop."""
    shapes = []
    for what in ("full moon", "balloon"):
        svg = draw(illustrator, {"subjects": [{"what": what}], "setting": "meadow", "time": time}).files[1].data.decode()
        shapes.append(svg.split('id="backdrop"')[1].split("<g id=")[0].count("<ellipse"))
    assert shapes[0] < shapes[1]


def test_a_crowd_of_sixty_is_smaller_toward_the_horizon_and_nobody_is_hidden(illustrator: Illustrator) -> None:
    scene = {"subjects": [{"what": "penguin", "count": 60}], "setting": "mountains", "arrangement": "crowd"}
    found = sorted(boxes(draw(illustrator, scene, 640, 480)), key=lambda b: b[1] + b[3])
    assert len(found) == 60
    assert found[0][3] < 0.75 * found[-1][3]
    assert max(shared(a, b) for i, a in enumerate(found) for b in found[i + 1 :]) < 0.85


def test_what_a_close_camera_cuts_is_told(illustrator: Illustrator) -> None:
    scene = {"subjects": things("tiger"), "setting": "meadow", "camera": {"distance": "close"}}
    (tiger,) = told(draw(illustrator, scene, 400, 300))
    assert tiger["cut"] and tiger["box"][1] + tiger["box"][3] > 300


def test_a_wide_camera_shows_things_smaller(illustrator: Illustrator) -> None:
    near, far = (
        box_of(draw(illustrator, {"subjects": things("fox"), "setting": "hills", "camera": {"distance": d}}), "fox")
        for d in ("medium", "wide")
    )
    assert far[3] < 0.75 * near[3]


def test_seeds_differ_in_place_scale_and_side(illustrator: Illustrator) -> None:
    found = [box_of(draw(illustrator, {"subjects": things("fox"), "setting": "meadow"}, 96, 96, seed=s), "fox") for s in range(12)]
    middles = [x + w / 2 for x, _, w, _ in found]
    assert min(middles) < 44 and max(middles) > 52
    assert max(b[3] for b in found) > 1.08 * min(b[3] for b in found)


# Relations


def test_on_stands_on_top_and_in_front(illustrator: Illustrator) -> None:
    scene = {"subjects": things("bird", "elephant"), "relations": [{"of": 0, "kind": "on", "to": 1}], "setting": "meadow"}
    made = draw(illustrator, scene)
    bird, elephant = box_of(made, "bird"), box_of(made, "elephant")
    assert elephant[1] - 2 <= bird[1] + bird[3] <= elephant[1] + 0.5 * elephant[3]
    assert elephant[0] <= bird[0] + bird[2] / 2 <= elephant[0] + elephant[2]
    assert names(made) == ["elephant", "bird"]


def test_in_a_box_is_behind_its_front(illustrator: Illustrator) -> None:
    scene = {"subjects": things("cat", "box"), "relations": [{"of": 0, "kind": "in", "to": 1}], "setting": "interior"}
    made = draw(illustrator, scene)
    cat, (x, y, w, h) = box_of(made, "cat"), box_of(made, names(made)[1])
    assert names(made)[0] == "cat"
    assert y < cat[1] + cat[3] < y + h and cat[1] < y and x <= cat[0] + cat[2] / 2 <= x + w


def test_behind_is_drawn_before_and_still_seen(illustrator: Illustrator) -> None:
    made = draw(illustrator, {"subjects": things("fox", "tree"), "relations": [{"of": 0, "kind": "behind", "to": 1}], "setting": "hills"})
    assert names(made)[0] == "fox"
    assert shared(box_of(made, "fox"), boxes(made)[1]) < 0.6


def test_beside_and_facing_stand_at_one_height_without_touching(illustrator: Illustrator) -> None:
    for kind in ("beside", "facing"):
        made = draw(illustrator, {"subjects": things("cat", "dog"), "relations": [{"of": 0, "kind": kind, "to": 1}], "setting": "meadow"})
        cat, dog = box_of(made, "cat"), box_of(made, "dog")
        assert shared(cat, dog) == 0
        assert abs(cat[1] + cat[3] - dog[1] - dog[3]) < 2


@pytest.mark.parametrize(
    ("relations", "field"),
    [
        ([{"of": 0, "kind": "on", "to": 7}], "scene.relations.0.to"),
        ([{"of": 1, "kind": "in", "to": 1}], "scene.relations.0"),
        ([{"of": 0, "kind": "on", "to": 1}, {"of": 1, "kind": "on", "to": 0}], "scene.relations.1"),
        ([{"of": 0, "kind": "on", "to": 1}, {"of": 0, "kind": "under", "to": 1}], "scene.relations.1"),
        ([{"of": 0, "kind": "on", "to": 1}, {"of": 1, "kind": "in", "to": 2}, {"of": 2, "kind": "on", "to": 0}], "scene.relations.2"),
    ],
)
def test_relations_that_contradict_themselves_are_refused(illustrator: Illustrator, relations: list[dict[str, Any]], field: str) -> None:
    with pytest.raises(InputError) as caught:
        draw(illustrator, {"subjects": things("cat", "dog", "box"), "relations": relations})
    assert caught.value.field == field


def test_a_relation_to_what_is_not_drawn_is_told(illustrator: Illustrator) -> None:
    made = draw(illustrator, {"subjects": things("cat", "xylofluxer"), "relations": [{"of": 0, "kind": "on", "to": 1}]})
    assert made.facts["unmet_relations"] == [0]


# Colours


@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=QUIET)
@given(
    what=st.sampled_from(["dragon", "cat", "bicycle", "potion", "sneaker", "fish", "balloon", "bird"]),
    value=st.integers(0, 0xFFFFFF),
    time=st.sampled_from(["day", "sunset", "night"]),
)
def test_the_recoloured_area_is_the_asked_colour(illustrator: Illustrator, what: str, value: int, time: str) -> None:
    colour = f"#{value:06x}"
    made = draw(illustrator, {"subjects": [{"what": what, "colour": colour}], "setting": "hills", "time": time}, 64, 64)
    (got,) = made.facts["colours"]  # type: ignore[misc]
    assert got["asked"] == colour  # type: ignore[index]
    assert got["delta_e"] < 10  # type: ignore[index, operator]


def test_an_animal_is_recoloured_whole(illustrator: Illustrator) -> None:
    made = draw(illustrator, {"subjects": [{"what": "dragon", "colour": "purple"}], "setting": "plain"}, 256, 256)
    x, y, w, h = (round(v) for v in box_of(made, "dragon"))
    inside = rgba(made.main.data)[y : y + h, x : x + w, :3].reshape(-1, 3).astype(int)
    green = (inside[:, 1] > inside[:, 0] + 25) & (inside[:, 1] > inside[:, 2] + 25)
    assert green.mean() < 0.01


def test_a_palette_may_be_named_and_may_hold_one_colour(illustrator: Illustrator) -> None:
    by_name = draw(illustrator, {"setting": "gradient", "palette": ["青瓷"]}, 64, 64)
    by_id = draw(illustrator, {"setting": "gradient", "palette": ["celadon"]}, 64, 64)
    assert by_name.main.data == by_id.main.data
    one = draw(illustrator, {"subjects": things("fox"), "setting": "city", "palette": ["#2f6fdb"]}, 64, 64)
    assert len(np.unique(rgba(one.main.data).reshape(-1, 4), axis=0)) > 100


def test_sixty_palettes_are_shipped_under_two_names(illustrator: Illustrator) -> None:
    shipped = illustrator.vocabulary.palettes
    assert len(shipped) >= 60
    assert len({p.id for p in shipped}) == len({p.zh for p in shipped}) == len({p.colours for p in shipped}) == len(shipped)
    assert all(len(p.colours) == 5 for p in shipped)


def test_an_unknown_family_is_refused_with_those_there_are(illustrator: Illustrator) -> None:
    with pytest.raises(InputError, match="cubist") as caught:
        draw(illustrator, {"subjects": things("fox"), "family": "cubist"})
    assert caught.value.field == "scene.family" and "flat" in (caught.value.hint or "")


def test_more_things_than_fit_are_refused(illustrator: Illustrator) -> None:
    with pytest.raises(InputError, match="360") as caught:
        draw(illustrator, {"subjects": [{"what": "star", "count": 60}] * 6})
    assert caught.value.field == "scene.subjects"


# Forms


@pytest.mark.parametrize("form", ["icon", "sticker", "spot", "isometric"])
def test_an_item_form_is_transparent_outside(illustrator: Illustrator, form: str) -> None:
    made = draw(illustrator, {"subjects": things("fox"), "form": form, "setting": "meadow" if form == "isometric" else "gradient"})
    alpha = rgba(made.main.data)[..., 3]
    assert max(alpha[0, 0], alpha[0, -1], alpha[-1, 0], alpha[-1, -1]) == 0
    assert alpha[140:180, 140:180].min() == 255
    check_svg(made.files[1].data)


def test_a_sticker_has_a_white_contour(illustrator: Illustrator) -> None:
    pixels = rgba(draw(illustrator, {"subjects": things("cat"), "form": "sticker"}).main.data)
    row = pixels[160]
    solid = np.flatnonzero(row[:, 3] > 250)
    assert (row[solid[0] + 2 : solid[0] + 5, :3] > 245).all()


@pytest.mark.parametrize(("width", "height"), [(256, 256), (320, 192)])
def test_a_tile_has_no_seam(illustrator: Illustrator, width: int, height: int) -> None:
    """Copies laid edge to edge, each drawn beyond its edges, show what the tile alone shows: whatever leaves comes in again.

    Only the soft edges of what is drawn twice there may differ.
    """
    from pipelines.image.illustration.exports import render

    made = draw(illustrator, {"subjects": things("mushroom", "fox"), "form": "tile", "texture": "grain"}, width, height)
    inner = made.files[1].data.decode()
    start, end = inner.index("<defs>"), inner.rindex("</svg>")
    places = [(dx, dy) for dx in (-width // 2, width // 2) for dy in (-height // 2, height // 2)]
    copies = "".join(f'<g transform="translate({dx} {dy})">{inner[start:end]}</g>' for dx, dy in places)
    page = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">{copies}</svg>'
    shifted = render(page.replace("inkscape:", "data-"), width, height)
    rolled = np.roll(rgba(made.main.data), (height // 2, width // 2), axis=(0, 1)).astype(int)
    seam = np.abs(rgba(shifted).astype(int) - rolled)
    assert (seam > 24).mean() < 0.002


def test_a_sheet_has_equal_cells(illustrator: Illustrator) -> None:
    made = draw(illustrator, {"subjects": things("sword", "potion", "crown", "key"), "form": "sheet"}, 400, 400)
    middles = sorted((round(x + w / 2), round(y + h / 2)) for x, y, w, h in boxes(made))
    assert len({x for x, _ in middles}) == 2 and len({y for _, y in middles}) == 2


def test_a_character_returns_with_the_same_parts(illustrator: Illustrator) -> None:
    def figure(setting: str, name: str, seed: int) -> bytes:
        scene = {"subjects": things("woman"), "form": "portrait", "character": name, "setting": setting}
        return file(draw(illustrator, scene, 128, 128, seed, exports=["cutout"]), "cutout.png")

    assert figure("forest", "Mira", 1) == figure("beach", "Mira", 2)
    assert figure("forest", "Mira", 1) != figure("forest", "Otto", 1)


def test_a_named_person_stands_in_a_scene_as_the_same_figure(illustrator: Illustrator) -> None:
    scene = {"subjects": things("young witch", "owl"), "character": "Mira", "setting": "forest"}
    made = draw(illustrator, scene, exports=["cutout"])
    again = draw(illustrator, {**scene, "setting": "beach"}, exports=["cutout"])
    assert sorted(names(made)) == ["owl", "young witch"]
    assert "character" in made.facts["layers"]  # type: ignore[operator]
    colours = [set(map(tuple, rgba(file(m, "cutout.png"))[200:, :, :].reshape(-1, 4).tolist())) for m in (made, again)]
    solid = [{c for c in found if c[3] == 255} for found in colours]
    assert len(solid[0] & solid[1]) > 5


def test_words_choose_the_parts_of_a_character(assets: Path) -> None:
    from pipelines.image.illustration.figure import Wardrobe

    wardrobe = Wardrobe(assets / "art")
    knight = wardrobe.dress("knight with a red cloak and red hair", "", "", 1)
    assert (knight.clothes, knight.head, knight.cloth) == ("armour", "helmet", "#d32f2f")
    assert wardrobe.dress("old wizard", "", "", 3).beard == "full"
    assert wardrobe.dress("戴眼镜的女医生", "", "", 3).eyewear == "round"
    assert wardrobe.person("young barista") and not wardrobe.person("manhole cover")


@pytest.mark.parametrize("frame", ["circle", "arch", "badge", "diamond"])
def test_a_frame_cuts_the_corners(illustrator: Illustrator, frame: str) -> None:
    alpha = rgba(draw(illustrator, {"subjects": things("fox"), "setting": "hills", "frame": frame}).main.data)[..., 3]
    assert alpha[0, 0] == 0 and alpha[160, 160] == 255


@pytest.mark.parametrize("texture", ["grain", "paper", "halftone"])
def test_a_texture_changes_the_picture_a_little_and_uses_no_filter(illustrator: Illustrator, texture: str) -> None:
    scene = {"subjects": things("fox"), "setting": "hills"}
    plain, made = draw(illustrator, scene), draw(illustrator, {**scene, "texture": texture})
    change = np.abs(rgba(plain.main.data).astype(int) - rgba(made.main.data)).mean()
    assert 0.3 < change < 30
    assert b"<filter" not in made.files[1].data and b"<image" not in made.files[1].data


# Files


def test_the_svg_has_named_layers(illustrator: Illustrator) -> None:
    made = draw(illustrator, {"subjects": things("fox"), "props": things("mushroom"), "setting": "forest", "texture": "grain"})
    layers: Any = made.facts["layers"]
    wanted = ["backdrop", "shadow", "subject-1-fox", "prop-2-mushroom", "texture"]
    assert sorted(n for n in layers if n in wanted) == sorted(wanted)
    assert layers[0] == "backdrop" and layers[-1] == "texture"
    assert b'inkscape:label="subject-1-fox"' in made.files[1].data


def test_extra_files_are_made_only_when_asked(illustrator: Illustrator) -> None:
    scene = {"subjects": things("fox"), "setting": "forest"}
    assert [f.name for f in draw(illustrator, scene).files] == ["picture.png", "picture.svg"]
    made = draw(illustrator, scene, exports=["webp", "cutout", "layers", "credits"])
    assert [f.name for f in made.files[2:]] == ["picture.webp", "cutout.png", "layers.zip", "credits.txt"]
    assert Image.open(io.BytesIO(file(made, "picture.webp"))).size == (320, 320)
    assert made.credits[0].licence in file(made, "credits.txt").decode()
    assert [f.data for f in made.files] == [f.data for f in draw(illustrator, scene, exports=["layers", "webp", "credits", "cutout"]).files]
    with pytest.raises(InputError) as caught:
        draw(illustrator, scene, exports=["psd"])
    assert caught.value.field == "exports"


def test_a_cutout_holds_the_subject_and_nothing_else(illustrator: Illustrator) -> None:
    made = draw(illustrator, {"subjects": things("fox"), "setting": "forest"}, exports=["cutout"])
    alpha = rgba(file(made, "cutout.png"))[..., 3]
    rows, columns = np.flatnonzero(alpha.max(axis=1) > 128), np.flatnonzero(alpha.max(axis=0) > 128)
    x, y, w, _ = box_of(made, "fox")
    assert abs(columns[0] - x) < 8 and abs(columns[-1] - x - w) < 8 and abs(rows[0] - y) < 8
    assert 0.02 < (alpha > 128).mean() < 0.6


def test_the_layers_lie_over_each_other_to_the_picture(illustrator: Illustrator) -> None:
    made = draw(illustrator, {"subjects": things("fox"), "foreground": things("tulip"), "setting": "forest"}, exports=["layers"])
    archive = zipfile.ZipFile(io.BytesIO(file(made, "layers.zip")))
    assert archive.namelist()[-1] == "CREDITS.txt"
    whole = Image.new("RGBA", (320, 320))
    for name in ("1-backdrop.png", "2-middle.png", "3-foreground.png"):
        whole.alpha_composite(Image.open(io.BytesIO(archive.read(name))).convert("RGBA"))
    assert np.abs(np.asarray(whole).astype(int) - rgba(made.main.data)).mean() < 1.0


def test_a_foreground_is_cut_by_the_edge_and_hides_little(illustrator: Illustrator) -> None:
    made = draw(illustrator, {"subjects": things("deer"), "foreground": things("tulip"), "setting": "forest"}, 400, 300)
    front: Any = made.facts["foreground"]
    assert front[0]["cut"] and front[0]["box"][1] + front[0]["box"][3] > 300
    assert shared(tuple(front[0]["box"]), box_of(made, "deer")) < 0.3


PROCESS = """
import hashlib, sys
from pathlib import Path
from domain.capability import StepKind
from domain.progress import Silent
from domain.recipe import Recipe, Work
from pipelines.image.illustrator import Illustrator
from pipelines.models.catalogue import Catalogue
from pipelines.models.store import ModelStore
assets, cache = Path(sys.argv[1]), Path(sys.argv[2])
illustrator = Illustrator(ModelStore(Catalogue.read(assets / "models.toml"), cache), None, assets)
found = hashlib.sha256()
for scene in (
    {"subjects": [{"what": "dragon", "colour": "purple", "count": 6}], "setting": "hills", "arrangement": "circle", "texture": "grain"},
    {"subjects": [{"what": "cat"}, {"what": "box"}], "relations": [{"of": 0, "kind": "in", "to": 1}], "form": "sticker"},
    {"subjects": [{"what": "knight"}], "form": "portrait", "frame": "badge"},
):
    recipe = Recipe(kind=StepKind.PICTURE, maker="illustrator", maker_version=2, seed=5,
                    parameters={"scene": scene, "width": 128, "height": 128, "exports": ["layers"]})
    for file in illustrator.generate([Work(recipe)], Silent())[0].files:
        found.update(file.data)
print(found.hexdigest())
"""


def test_another_process_draws_the_same_bytes(assets: Path, cache: Path) -> None:
    """String hashing differs between processes; no order may hang on it."""
    made = [
        subprocess.run(
            [sys.executable, "-c", PROCESS, str(assets), str(cache)],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(assets.parent)},
            capture_output=True, text=True, check=True, cwd=assets.parent,
        ).stdout
        for seed in ("1", "2")
    ]  # fmt: skip
    assert made[0] == made[1]
