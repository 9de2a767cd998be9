"""What a banner promises: its size, words inside the safe area, words that can be read, the same bytes again."""

from __future__ import annotations

import io
import re
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from domain.errors import AttachmentError, InputError, InvalidOutput, ModelMissing
from domain.recipe import Output
from pipelines.layout.banner import Banner
from pipelines.layout.templates import read_templates

Make = Callable[..., Output]

SIZES = [(1200, 628), (1080, 1080), (1080, 1920), (728, 90), (300, 250), (160, 600), (970, 250), (320, 480), (1500, 500), (300, 600)]
CHINESE = {
    "headline": "慢慢来，好咖啡值得等待",
    "body": "十二小时冷萃，不加糖，不匆忙。",
    "cta": "立即试饮",
    "brand": "拾光咖啡",
    "language": "zh",
}

relaxed = settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])


def opened(output: Output) -> Image.Image:
    return Image.open(io.BytesIO(output.main.data)).convert("RGB")


def check_promises(output: Output, width: int, height: int) -> None:
    facts = output.facts
    assert opened(output).size == (width, height) == (facts["width"], facts["height"])
    left, top, wide, high = facts["safe_area"]  # type: ignore[misc]
    for line in facts["boxes"]:  # type: ignore[union-attr]
        x, y, w, h = line["box"]  # type: ignore[index, misc, call-overload]
        assert x >= left, line
        assert y >= top, line
        assert x + w <= left + wide + 0.5, line
        assert y + h <= top + high + 0.5, line
    contrast = facts["contrast"]
    assert min(contrast.values()) >= 4.5, contrast  # type: ignore[union-attr, type-var]


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("scene", ["dusk", "noise", ""])
def test_every_size_keeps_its_promises_on_every_picture(make: Make, pictures: dict[str, Path], width: int, height: int, scene: str) -> None:
    output = make(picture=pictures.get(scene), width=width, height=height, seed=width + height)
    check_promises(output, width, height)
    assert output.facts["texts"]["headline"] == "Slow brewed for fast mornings"  # type: ignore[index, call-overload]
    assert [file.name for file in output.files] == ["banner.png", "banner.pdf"]


@pytest.mark.parametrize("template", ["bleed", "card"])
@pytest.mark.parametrize("scene", ["white", "black"])
def test_words_are_read_on_white_and_on_black_pictures(make: Make, pictures: dict[str, Path], scene: str, template: str) -> None:
    for width, height in SIZES[:3]:
        check_promises(make(picture=pictures[scene], width=width, height=height, template=template), width, height)


@pytest.mark.models
@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("scene", ["dusk", "noise", ""])
def test_every_size_keeps_its_promises_in_chinese(
    make: Make, full_banner: Banner, pictures: dict[str, Path], width: int, height: int, scene: str
) -> None:
    output = make(banner=full_banner, picture=pictures.get(scene), width=width, height=height, seed=width, **CHINESE)
    check_promises(output, width, height)
    assert output.facts["texts"]["headline"].replace(" ", "") == CHINESE["headline"]  # type: ignore[index, call-overload, union-attr]
    lines = [line["text"] for line in output.facts["boxes"]]  # type: ignore[index, call-overload, union-attr]
    assert not any(line[0] in "，。、！？）》" for line in lines), "a closing mark may not start a line"
    assert not any(pair in lines for pair in (["咖", "啡"],))


def template_cases() -> list[tuple[str, int, int]]:
    folder = Path(__file__).parents[3] / "assets" / "layouts"
    return [(t.name, w, h) for t in read_templates(folder) for w, h in SIZES if t.suiting(w, h) is not None]


@pytest.mark.parametrize(("template", "width", "height"), template_cases())
def test_every_template_holds_a_short_text_at_every_size_it_suits(
    make: Make, pictures: dict[str, Path], template: str, width: int, height: int
) -> None:
    output = make(
        picture=pictures["dusk"], template=template, width=width, height=height,
        headline="Slow mornings", body="Twelve hours cold.", cta="Try it",
    )  # fmt: skip
    assert output.facts["template"] == template
    check_promises(output, width, height)


@relaxed
@given(
    width=st.integers(160, 2000), height=st.integers(160, 2000), seed=st.integers(0, 2**31 - 1),
    palette=st.lists(st.integers(0, 0xFFFFFF).map(lambda n: f"#{n:06x}"), max_size=4),
    headline=st.text("abcdefghij ABCDE,.", min_size=3, max_size=40).filter(lambda text: re.search(r"\w", text) is not None),
    picture=st.sampled_from(["dusk", "noise", ""]),
)  # fmt: skip
def test_any_palette_and_size_is_readable_or_refused_by_field(
    make: Make, pictures: dict[str, Path], width: int, height: int, seed: int, palette: list[str], headline: str, picture: str
) -> None:
    try:
        output = make(picture=pictures.get(picture), width=width, height=height, seed=seed, palette=palette, headline=headline)
    except InvalidOutput as error:
        assert error.field in {"headline", "body", "cta"}
    else:
        check_promises(output, width, height)


def test_the_same_recipe_gives_the_same_bytes(make: Make, pictures: dict[str, Path]) -> None:
    first, second = (make(picture=pictures["dusk"], seed=5) for _ in range(2))
    assert [file.data for file in first.files] == [file.data for file in second.files]


def test_seeds_give_different_compositions(make: Make, pictures: dict[str, Path]) -> None:
    assert len({make(picture=pictures["dusk"], seed=seed).main.data for seed in range(6)}) >= 3


def test_the_sizes_of_one_campaign_share_fonts_and_ground(make: Make) -> None:
    made = [make(width=w, height=h, seed=w, palette=["#1d4d3c", "#c6e65a"]) for w, h in SIZES[:3]]
    assert len({output.facts["scheme"] for output in made}) == 1


@pytest.mark.parametrize(
    ("field", "text"),
    [("body", "All the words that nobody will ever read on a banner. " * 7), ("headline", "word " * 39), ("headline", "Unbreakable" * 12)],
)
def test_words_that_do_not_fit_are_refused_by_name_and_measure(make: Make, field: str, text: str) -> None:
    with pytest.raises(InvalidOutput) as caught:
        make(width=728, height=90, **{field: text.strip()})
    assert caught.value.field == field
    assert re.search(r"\d+ characters", caught.value.message)
    assert "728x90" in caught.value.message


def test_following_the_hint_makes_the_text_fit(make: Make) -> None:
    body = "Nobody reads all of this on so small a banner, and yet here it stands in full length. " * 4
    with pytest.raises(InvalidOutput) as caught:
        make(width=728, height=90, body=body.strip())
    room = int(re.search(r"about (\d+) characters", caught.value.hint).group(1))  # type: ignore[union-attr]
    check_promises(make(width=728, height=90, body=body[: int(room * 0.85)].strip()), 728, 90)


@pytest.mark.parametrize(
    ("parameters", "field"),
    [
        ({"template": "nonesuch"}, "template"), ({"template": "strip"}, "template"), ({"template": "split"}, "template"),
        ({"heading_font": "Comic Sans"}, "heading_font"), ({"headline": ""}, "headline"), ({"headline": "🎉🎉"}, "headline"),
        ({"width": 10}, "width"), ({"height": 9000}, "height"), ({"colour": "red"}, "colour"), ({"palette": ["red"]}, "palette.0"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_named(make: Make, parameters: dict[str, object], field: str) -> None:
    with pytest.raises(InputError) as caught:
        make(**parameters)
    assert caught.value.field == field


def test_chinese_words_without_their_font_name_the_model_to_pull(make: Make) -> None:
    with pytest.raises(ModelMissing) as caught:
        make(**CHINESE)
    assert caught.value.field == "noto-sans-sc"


def test_latin_words_need_no_model(bare_banner: Banner) -> None:
    assert bare_banner.models({"headline": "Crème brûlée"}) == ()
    assert [ref.id for ref in bare_banner.models({"headline": "慢"})] == ["noto-sans-sc"]
    capability = bare_banner.capability()
    assert capability is not None
    assert "zh" not in capability.languages


def test_pictographs_that_no_font_draws_are_left_out_and_said(make: Make) -> None:
    output = make(headline="Party time 🎉 tonight")
    assert output.facts["texts"]["headline"] == "Party time tonight"  # type: ignore[index, call-overload]
    assert output.facts["left_out"] == ["🎉"]
    assert "🎉" in output.trace.notes[0]


@pytest.mark.parametrize("shape", ["png", "svg"])
def test_a_logo_is_shown_in_place_of_the_name(make: Make, tmp_path: Path, shape: str) -> None:
    path = tmp_path / f"logo.{shape}"
    if shape == "svg":
        path.write_text('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 20"><rect width="40" height="20" fill="#f0f"/></svg>')
    else:
        logo = Image.new("RGBA", (80, 40))
        ImageDraw.Draw(logo).rectangle([10, 5, 70, 35], fill=(255, 0, 255, 255))
        logo.save(path)
    output = make(logo=path, palette=["#101418"], template="plaque")
    magenta = np.all(np.asarray(opened(output)) == (255, 0, 255), axis=2)
    assert magenta.sum() > 300
    assert "brand" not in output.facts["texts"]  # type: ignore[operator]


def test_a_logo_that_would_sink_into_the_ground_gets_a_plate(make: Make, tmp_path: Path) -> None:
    path = tmp_path / "logo.png"
    Image.new("RGBA", (200, 100), (12, 14, 20, 255)).save(path)
    ground = {"palette": ["#0d0f14"], "template": "plaque", "headline": "Night shift"}
    pixels = np.asarray(opened(make(logo=path, **ground))).reshape(-1, 3)
    assert (pixels.min(axis=1) > 225).sum() > 1000, "a light plate lies under the dark logo"


def test_a_broken_picture_is_refused(make: Make, tmp_path: Path) -> None:
    path = tmp_path / "broken.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"\0" * 40)
    with pytest.raises(AttachmentError):
        make(picture=path)


def test_the_pdf_holds_the_words_as_text(make: Make) -> None:
    page = make(headline="Quartz").files[1].data
    assert page.startswith(b"%PDF-")
    assert b"/ToUnicode" in page
    streams = [zlib.decompress(part) for part in re.findall(rb"/FlateDecode.*?stream\r?\n(.*?)\r?\nendstream", page, re.DOTALL)]
    mapped = b"".join(stream for stream in streams if b"beginbfchar" in stream or b"beginbfrange" in stream)
    assert b"<0051>" in mapped, "Q of Quartz must be found by searching the PDF"


@pytest.mark.parametrize("scene", ["dusk", "noon"])
def test_the_subject_stays_in_sight(make: Make, pictures: dict[str, Path], scene: str) -> None:
    subject = {"dusk": (230, 60, 60), "noon": (20, 120, 90)}[scene]
    for width, height in SIZES[:3]:
        shown = (
            np.abs(np.asarray(opened(make(picture=pictures[scene], width=width, height=height, seed=3)), dtype=int) - subject).max(axis=2)
            < 12
        )
        assert shown.mean() > 0.01, (width, height)
