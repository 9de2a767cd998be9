from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from domain.capability import StepKind
from domain.errors import Cancelled, InputError
from domain.progress import CancelToken, Silent
from domain.recipe import Output, Recipe, Work
from domain.scene import Scene, Setting
from pipelines.devices import Devices
from pipelines.image.illustration.colour import hue_distance, lch
from pipelines.image.illustrator import Illustrator
from pipelines.models.store import ModelStore
from pipelines.text.embedder import MiniLmEmbedder

pytestmark = pytest.mark.models

#: What was asked -> what must be drawn.
NOUNS = {
    "apple": "red apple", "helmet": "military helmet", "cold brew coffee": "cold brew", "red dragon": "dragon",
    "treasure chest": "treasure chest", "running shoes": "sneaker", "headphones": "headphone", "fox": "fox", "rocket": "rocket",
    "laptop": "laptop", "sword": "sword", "potion": "potion", "house": "house", "lantern": "red paper lantern", "bicycle": "bicycle",
    "pizza": "pizza", "cat": "cat", "tea": "teacup without handle", "a cup of coffee": "hot beverage", "vintage red bicycle": "bicycle",
    "boxes of gifts": "wrapped gift", "panda eating bamboo": "panda", "two oak trees": "deciduous tree", "knives": "kitchen knife",
    "中国茶壶": "teapot", "蓝色跑车": "racing car", "红色的龙": "dragon", "古风茶馆": "tea house", "狐狸": "fox", "宝箱": "treasure chest",
    "自行车": "bicycle", "月饼": "moon cake", "耳机": "headphone", "dragon egg": "dragon egg", "knight": "knight", "wolf": "wolf",
    "war banner": "flag", "热气球": "hot air balloon", "golden chandelier": "chandelier",
}  # fmt: skip


@pytest.fixture(scope="module")
def illustrator(store: ModelStore, assets: Path) -> Illustrator:
    return Illustrator(store, None, assets)


def work(scene: dict[str, Any], width: int = 320, height: int = 320, seed: int = 7) -> Work:
    parameters: dict[str, Any] = {"scene": scene, "width": width, "height": height}
    return Work(Recipe(kind=StepKind.PICTURE, maker="illustrator", maker_version=1, parameters=parameters, seed=seed))


def draw(illustrator: Illustrator, scene: dict[str, Any], width: int = 320, height: int = 320, seed: int = 7) -> Output:
    return illustrator.generate([work(scene, width, height, seed)], Silent())[0]


def things(*names: str) -> list[dict[str, Any]]:
    return [{"what": name} for name in names]


def pixels(output: Output) -> npt.NDArray[np.uint8]:
    return np.asarray(Image.open(io.BytesIO(output.main.data)).convert("RGB"))


def boxes(output: Output) -> list[tuple[float, float, float, float]]:
    subjects: Any = output.facts["subjects"]
    return [tuple(subject["box"]) for subject in subjects]


def names(output: Output) -> list[str]:
    subjects: Any = output.facts["subjects"]
    return [subject["name"] for subject in subjects]


@pytest.mark.parametrize(("asked", "drawn"), NOUNS.items())
def test_a_noun_gets_its_own_drawing(illustrator: Illustrator, asked: str, drawn: str) -> None:
    made = draw(illustrator, {"subjects": things(asked), "setting": "plain"}, 64, 64)
    assert names(made) == [drawn]
    assert made.facts["substitutions"] == []


@pytest.mark.parametrize("asked", ["power bank", "coffee grinder", "啄木鸟"])
def test_what_cannot_be_drawn_is_told_with_what_stands_in_for_it(illustrator: Illustrator, asked: str) -> None:
    made = draw(illustrator, {"subjects": things(asked), "setting": "plain"}, 64, 64)
    assert made.facts["substitutions"] == [{"asked": asked, "drawn": names(made)[0]}]


def test_what_nothing_comes_near_is_left_out_and_told(illustrator: Illustrator) -> None:
    made = draw(illustrator, {"subjects": things("fox", "xylofluxer"), "setting": "forest"}, 64, 64)
    assert names(made) == ["fox"]
    assert made.facts["substitutions"] == [{"asked": "xylofluxer", "drawn": ""}]


@pytest.mark.parametrize(
    ("what", "colour"), [("dragon", "red"), ("sneaker", "#2f6fdb"), ("bicycle", "green"), ("potion", "purple"), ("cat", "blue")]
)
def test_an_asked_colour_is_the_colour_of_most_of_the_thing(illustrator: Illustrator, what: str, colour: str) -> None:
    plain = {"setting": "plain", "composition": "centre", "palette": ["#808080"]}
    made = draw(illustrator, {**plain, "subjects": [{"what": what, "colour": colour}]}, 256, 256)
    wanted = lch({"red": "#d32f2f", "green": "#388e3c", "purple": "#7b1fa2", "blue": "#1976d2"}.get(colour, colour))
    x, y, w, h = (round(v) for v in boxes(made)[0])
    inside = pixels(made)[y : y + h : 2, x : x + w : 2].reshape(-1, 3)
    seen = [lch("#" + "".join(f"{c:02x}" for c in pixel)) for pixel in inside]
    chromatic = [c for c in seen if c.chroma > 0.06]
    near = [c for c in chromatic if hue_distance(c.hue, wanted.hue) < 30]
    assert len(chromatic) > 0.08 * len(seen)
    assert len(near) > 0.6 * len(chromatic)


def test_a_colour_word_before_the_noun_colours_it(illustrator: Illustrator) -> None:
    told = draw(illustrator, {"subjects": things("blue dragon"), "setting": "plain"})
    asked = draw(illustrator, {"subjects": [{"what": "dragon", "colour": "blue"}], "setting": "plain"})
    assert np.array_equal(pixels(told), pixels(asked))


def test_a_palette_colours_the_setting(illustrator: Illustrator) -> None:
    for colour in ("#c0392b", "#1f7a4d", "#2f6fdb"):
        made = draw(illustrator, {"setting": "gradient", "palette": [colour]}, 96, 96)
        mean = lch("#" + "".join(f"{round(c):02x}" for c in pixels(made).reshape(-1, 3).mean(axis=0)))
        assert hue_distance(mean.hue, lch(colour).hue) < 35


def test_the_same_recipe_gives_the_same_bytes(store: ModelStore, assets: Path) -> None:
    scene = {"subjects": things("fox"), "props": things("mushroom"), "setting": "forest", "time": "night"}
    first, second = (draw(Illustrator(store, None, assets), scene) for _ in range(2))
    assert [f.data for f in first.files] == [f.data for f in second.files]


def test_a_batch_draws_what_single_runs_draw(illustrator: Illustrator) -> None:
    works = [work({"subjects": things("fox"), "setting": "hills"}, seed=s) for s in (1, 2)]
    together = illustrator.generate(works, Silent())
    alone = [illustrator.generate([w], Silent())[0] for w in works]
    assert [o.main.data for o in together] == [o.main.data for o in alone]


def test_another_seed_gives_another_composition(illustrator: Illustrator) -> None:
    scene = {"subjects": things("bicycle"), "props": things("balloon"), "setting": "city"}
    made = [draw(illustrator, scene, seed=s) for s in range(4)]
    assert len({o.files[1].data for o in made}) == 4
    assert len({tuple(boxes(o)) for o in made}) == 4


@pytest.mark.parametrize("margin", ["left", "right", "top", "bottom"])
@pytest.mark.parametrize("setting", ["city", "studio", "forest", "space", "sea"])
def test_the_margin_holds_no_subject(illustrator: Illustrator, margin: str, setting: str) -> None:
    scene = {"subjects": things("fox", "rocket"), "props": things("lantern", "mushroom"), "setting": setting, "margin": margin}
    made = draw(illustrator, scene, 480, 360)
    free: Any = made.facts["free"]
    for x, y, w, h in boxes(made):
        across = min(x + w, free[0] + free[2]) - max(x, free[0])
        down = min(y + h, free[1] + free[3]) - max(y, free[1])
        assert across <= 0.5 or down <= 0.5


@pytest.mark.parametrize("setting", ["city", "street", "forest", "mountains", "space"])
def test_the_margin_is_calmer_than_the_rest(illustrator: Illustrator, setting: str) -> None:
    made = draw(illustrator, {"setting": setting, "margin": "left"}, 400, 300)
    grey = pixels(made).astype(float).mean(axis=2)
    busy = np.abs(np.diff(grey, axis=1))
    assert busy[:, :130].mean() < 0.6 * busy[:, 200:].mean()


def test_one_family_a_picture_where_one_has_everything(illustrator: Illustrator) -> None:
    scene = {"subjects": things("fox", "pizza", "rocket"), "props": things("apple", "sword"), "setting": "plain"}
    assert draw(illustrator, scene).facts["family"] == "flat"


def test_every_drawing_is_credited_with_licence_and_source(illustrator: Illustrator) -> None:
    made = draw(illustrator, {"subjects": things("fox", "pizza"), "props": things("pizza"), "setting": "meadow"})
    assert len(made.credits) == 2
    assert all(c.licence and c.source and c.author for c in made.credits)
    assert {c.licence for c in made.credits} == {"MIT", "Apache-2.0"}


def check_svg(data: bytes) -> None:
    root = ET.fromstring(data)
    tags = {element.tag.rsplit("}", 1)[-1] for element in root.iter()}
    assert not tags & {"script", "foreignObject", "image", "a", "style", "animate", "set", "iframe"}
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    for element in root.iter():
        for name, value in element.attrib.items():
            assert not name.lower().rsplit("}", 1)[-1].startswith("on")
            if name.endswith("href"):
                assert value.removeprefix("#") in ids
            for reference in re.findall(r"url\(([^)]*)\)", value):
                assert reference.removeprefix("#") in ids


@pytest.mark.parametrize("setting", list(Setting))
def test_every_setting_gives_a_valid_svg_of_its_own(illustrator: Illustrator, setting: Setting) -> None:
    scene = {"subjects": things("fox", "sailboat"), "props": things("sparkles", "lantern"), "setting": setting.value}
    check_svg(draw(illustrator, scene, 160, 120).files[1].data)


SCENES = st.fixed_dictionaries(
    {
        "subjects": st.lists(
            st.fixed_dictionaries(
                {
                    "what": st.sampled_from(["fox", "bicycle", "rocket", "whale", "house", "cat", "snake", "lantern", "sword"]),
                    "count": st.integers(1, 5),
                    "size": st.sampled_from(["small", "medium", "large"]),
                }
            ),
            max_size=4,
        ),
        "props": st.lists(st.fixed_dictionaries({"what": st.sampled_from(["mushroom", "sparkles", "moon", "torch"])}), max_size=3),
        "setting": st.sampled_from([s.value for s in Setting]),
        "time": st.sampled_from(["dawn", "day", "sunset", "night"]),
        "weather": st.sampled_from(["clear", "cloudy", "rain", "snow", "fog"]),
        "composition": st.sampled_from(["centre", "thirds", "close", "wide", "row", "scatter"]),
        "margin": st.sampled_from(["none", "left", "right", "top", "bottom"]),
        "palette": st.sampled_from([[], ["#c0392b"], ["#101820", "#f2aa4c", "#ffffff"]]),
    }
)


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(scene=SCENES, width=st.integers(64, 300), height=st.integers(64, 300), seed=st.integers(0, 2**31 - 1))
def test_any_scene_at_any_size_is_whole(illustrator: Illustrator, scene: dict[str, Any], width: int, height: int, seed: int) -> None:
    made = draw(illustrator, scene, width, height, seed)
    assert Image.open(io.BytesIO(made.main.data)).size == (width, height)
    for x, y, w, h in boxes(made):
        assert x >= -0.2 and y >= -0.2 and x + w <= width + 0.2 and y + h <= height + 0.2
    assert len(boxes(made)) >= sum(s["count"] for s in scene["subjects"])
    check_svg(made.files[1].data)


@pytest.mark.parametrize(("width", "height"), [(4096, 64), (64, 4096), (2048, 512)])
def test_long_and_thin_pictures_are_drawn(illustrator: Illustrator, width: int, height: int) -> None:
    made = draw(illustrator, {"subjects": things("fox"), "setting": "mountains"}, width, height)
    assert Image.open(io.BytesIO(made.main.data)).size == (width, height)


def test_things_do_not_hide_each_other(illustrator: Illustrator) -> None:
    scene = {"subjects": [{"what": "cat", "count": 5}, {"what": "dog", "count": 4}], "setting": "meadow"}
    found = boxes(draw(illustrator, scene, 600, 400))
    assert len(found) == 9
    for i, (x, y, w, h) in enumerate(found):
        for a, b, c, d in found[i + 1 :]:
            shared = max(min(x + w, a + c) - max(x, a), 0) * max(min(y + h, b + d) - max(y, b), 0)
            assert shared <= 0.11 * min(w * h, c * d)


def test_as_many_things_as_a_scene_can_hold_still_fit(illustrator: Illustrator) -> None:
    scene = {"subjects": [{"what": "star", "count": 12}] * 6, "props": [{"what": "mushroom", "count": 12}] * 6, "setting": "gradient"}
    assert len(boxes(draw(illustrator, scene, 400, 400))) == 144


@pytest.mark.parametrize(
    ("scene", "field"),
    [
        ({"setting": "moon base"}, "scene.setting"),
        ({"tme": "day"}, "scene.tme"),
        ({"subjects": [{"what": ""}]}, "scene.subjects.0.what"),
        ({"subjects": [{"what": "fox"}] * 7}, "scene.subjects"),
        ({"subjects": [{"what": "fox", "colour": "reddish plaid"}]}, "scene.subjects.0.colour"),
        ({"palette": ["blue-ish"]}, "scene.palette.0"),
    ],
)
def test_a_scene_that_cannot_be_drawn_is_refused_by_field(illustrator: Illustrator, scene: dict[str, Any], field: str) -> None:
    with pytest.raises(InputError) as caught:
        draw(illustrator, scene)
    assert caught.value.field == field


@pytest.mark.parametrize(("width", "height", "field"), [(63, 100, "width"), (100, 4097, "height"), (True, 100, "width")])
def test_a_size_out_of_range_is_refused_by_field(illustrator: Illustrator, width: int, height: int, field: str) -> None:
    with pytest.raises(InputError) as caught:
        draw(illustrator, {"setting": "plain"}, width, height)
    assert caught.value.field == field


def test_a_cancelled_run_stops_before_the_next_picture(illustrator: Illustrator) -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        illustrator.generate([work({"setting": "plain"})], Silent(token))


def test_the_models_of_a_picture_are_the_art_sets_by_content(illustrator: Illustrator) -> None:
    refs = illustrator.models({"scene": Scene().model_dump(mode="json")})
    assert "art-fluent-emoji-flat" in {ref.id for ref in refs}
    assert all(re.fullmatch(r"[0-9a-f]{64}", ref.sha256) for ref in refs)


def test_no_metadata_travels_in_the_png(illustrator: Illustrator) -> None:
    data = draw(illustrator, {"subjects": things("fox"), "setting": "plain"}, 64, 64).main.data
    assert {data[i + 4 : i + 8] for i in chunk_starts(data)} <= {b"IHDR", b"IDAT", b"IEND", b"PLTE", b"tRNS"}


def chunk_starts(data: bytes) -> list[int]:
    starts, at = [], 8
    while at < len(data):
        starts.append(at)
        at += 12 + int.from_bytes(data[at : at + 4], "big")
    return starts


@pytest.mark.parametrize(("asked", "drawn"), [("espresso machine", "coffee"), ("sailing regatta", "sailboat")])
def test_with_sentence_embeddings_the_nearest_drawing_stands_in(store: ModelStore, assets: Path, asked: str, drawn: str) -> None:
    folder = store.folder("all-minilm-l6-v2")
    embedder = MiniLmEmbedder(folder, store.ref("all-minilm-l6-v2"), Devices(1_000_000_000))
    made = draw(Illustrator(store, embedder, assets), {"subjects": things(asked), "setting": "plain"}, 64, 64)
    assert drawn in names(made)[0] or (drawn == "coffee" and names(made) == ["hot beverage"])
    assert made.facts["substitutions"] == [{"asked": asked, "drawn": names(made)[0]}]
