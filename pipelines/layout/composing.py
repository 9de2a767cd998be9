"""Makes one banner: template, crop, type, colours, files. Decides; painting draws."""

from __future__ import annotations

import io
import random
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

import numpy as np
import skia
from numpy.typing import NDArray
from PIL import Image

from domain.errors import InputError, InvalidOutput
from domain.progress import Progress
from domain.recipe import Output, OutputFile, Trace, Work
from domain.value import JsonValue, content_hash
from pipelines.layout.banner import Parameters
from pipelines.layout.colours import GROUNDS, scheme_of
from pipelines.layout.cropping import Box, crop, saliency, unseen
from pipelines.layout.fitting import Fitted, Limits, Segment, Task, Words, fit, words_of
from pipelines.layout.fonts import Face, Shelf
from pipelines.layout.grounding import Ground, grounded, grounded_on_picture
from pipelines.layout.painting import Backdrop, Shown, paint_backdrop, paint_words, pdf, pixels, raster
from pipelines.layout.templates import Area, Template, Variant, read_palettes, read_templates
from pipelines.layout.wrapping import has_cjk
from pipelines.media.picture import decode, decode_logo, main_colours

_SAFE = 0.035
#: A picture may lose this share of its subject before another place for it is tried; a template that loses so much more than
#: the best one comes after the others.
_LOST = 0.2
_WORSE = 0.1


@dataclass(frozen=True)
class Choice:
    """One way to lay the banner out, before the words are set."""

    template: Template
    variant: Variant
    shown: Shown | None
    hides: float


class Composer:
    """assets: the shipped folder. cjk: files of the Chinese font, None when no word needs it. Used by one thread."""

    def __init__(self, assets: Path, cjk: Path | None) -> None:
        self._templates = read_templates(assets / "layouts")
        self._palettes = read_palettes(assets / "layouts")
        self._shelf = Shelf(assets / "fonts", cjk)

    def compose(self, asked: Parameters, work: Work, progress: Progress) -> Output:
        # 1. the words, in fonts that have them
        words, left_out = self._words(asked)
        # 2. picture, logo and colours
        picture = _first(work, "picture")
        mark = _mark(work)
        palette = asked.palette or self._palette(picture, asked)
        # 3. the template whose words fit
        choices = self._choices(asked, work.recipe.seed, picture)
        choice, fitted = self._fitted(asked, words, choices, mark)
        progress.check()
        # 4. colours that can be read on what is behind them
        ground = _ground(asked, choice, fitted, palette, work.recipe.seed, mark)
        # 5. pixels, and a PDF with real text
        if "brand" in words and mark is None and not fitted.of("brand"):
            left_out = (*left_out, "brand")
        return self._drawn(asked, choice, fitted, ground, mark, left_out)

    def _words(self, asked: Parameters) -> tuple[dict[str, Words], tuple[str, ...]]:
        pair = self._shelf.pair(_draw(asked) // len(GROUNDS))
        heading = self._shelf.family(asked.heading_font or pair.heading, "heading_font")
        body = self._shelf.family(asked.body_font or pair.body, "body_font")
        faces = {
            "headline": (Face(heading, 700, -0.018), 1.1), "body": (Face(body, 400), 1.42),
            "cta": (Face(body if body != "Newsreader" else "Inter", 600), 1.2), "brand": (Face(heading, 700, 0.01), 1.2),
        }  # fmt: skip
        words: dict[str, Words] = {}
        left_out: list[str] = []
        for name, (face, leading) in faces.items():
            text, dropped = self._drawable(name, getattr(asked, name), face)
            left_out += dropped
            if text:
                words[name] = words_of(self._shelf, name, text, face, leading, _segmenter(text))
        if "headline" not in words:
            raise InputError("The layout has no headline.", hint="Write one, or take it from a copy step.", field="headline")
        return words, tuple(left_out)

    def _drawable(self, name: str, text: str, face: Face) -> tuple[str, list[str]]:
        """The text without pictographs, which no shipped font draws. Any other missing letter is an InputError."""
        missing = self._shelf.uncovered(text, face)
        letters = [character for character in missing if unicodedata.category(character) not in ("So", "Sk", "Cn")]
        if letters:
            raise InputError(
                f"No installed font can draw {', '.join(letters[:6])} in the {name}.", hint="Use another script or spelling.", field=name
            )
        kept = "".join(c for c in text if c not in missing and c not in "\ufe0e\ufe0f\u200d\u20e3")
        return re.sub(r"\s+", " ", kept).strip(), list(missing)

    def _palette(self, picture: Image.Image | None, asked: Parameters) -> tuple[str, ...]:
        if picture is None:
            return self._palettes[_draw(asked) // 7 % len(self._palettes)].colours
        return main_colours(picture)

    def _choices(self, asked: Parameters, seed: int, picture: Image.Image | None) -> list[Choice]:
        """Every template that suits, in the order of the seed; one that hides much more of the subject comes last."""
        kind = "none" if picture is None else "needed"
        suiting = [(t, v) for t in self._templates if (v := t.suiting(asked.width, asked.height)) is not None]
        if asked.template:
            suiting = self._named(asked, suiting)
        elif picture is not None or kind == "none":
            suiting = [pair for pair in suiting if pair[0].picture == kind]
        draw = random.Random(seed)  # noqa: S311 - a choice of design, not a secret
        draw.shuffle(suiting)
        image = None if picture is None else skia.Image.fromarray(np.asarray(picture.convert("RGBA")), skia.kRGBA_8888_ColorType)
        weight = None if picture is None else saliency(picture)
        choices = []
        for template, variant in suiting:
            if template.picture == "needed" and picture is None:
                raise InputError(
                    f"Template {template.name!r} needs a picture.",
                    hint="Add a picture step, or choose the template type or plaque.",
                    field="template",
                )
            flips = [variant, variant.flipped()] if variant.mirror else [variant]
            draw.shuffle(flips)
            placed = [_choice(template, flip, asked, image, weight) for flip in flips]
            choices.append(min(placed, key=lambda choice: round(choice.hides, 1)))
        least = min((choice.hides for choice in choices), default=0.0)
        return sorted(choices, key=lambda choice: choice.hides > least + _WORSE)

    def _named(self, asked: Parameters, suiting: list[tuple[Template, Variant]]) -> list[tuple[Template, Variant]]:
        names = sorted(template.name for template in self._templates)
        if asked.template not in names:
            raise InputError(f"There is no template {asked.template!r}.", hint=f"Use one of {', '.join(names)}.", field="template")
        named = [pair for pair in suiting if pair[0].name == asked.template]
        if not named:
            fitting = ", ".join(sorted({template.name for template, _ in suiting}))
            raise InputError(
                f"Template {asked.template!r} does not suit {asked.width}x{asked.height}.", hint=f"Here {fitting} do.", field="template"
            )
        return named

    def _fitted(self, asked: Parameters, words: dict[str, Words], choices: list[Choice], mark: skia.Image | None) -> tuple[Choice, Fitted]:
        """The first choice that holds all words; if none does, the first that holds them without the brand's name."""
        failure: InvalidOutput | None = None
        for kept in (words, {name: word for name, word in words.items() if name != "brand"}):
            for choice in choices:
                try:
                    return choice, fit(_task(self._shelf, asked, kept, choice.variant, mark))
                except InvalidOutput as error:
                    failure = failure or error
        if failure is None:
            raise InputError(f"No template suits {asked.width}x{asked.height}.", hint="Choose another size.", field="width")
        raise failure

    def _drawn(
        self, asked: Parameters, choice: Choice, fitted: Fitted, ground: Ground, mark: skia.Image | None, left_out: tuple[str, ...]
    ) -> Output:
        def draw(canvas: skia.Canvas) -> None:
            paint_backdrop(canvas, ground.backdrop)
            paint_words(canvas, self._shelf, fitted, ground.inks, mark)

        image = raster(asked.width, asked.height, draw)
        encoded = io.BytesIO()
        Image.fromarray(pixels(image)).save(encoded, "PNG", compress_level=6)
        page = pdf(asked.width, asked.height, asked.headline, draw)
        files = (OutputFile("banner.png", "image/png", encoded.getvalue()), OutputFile("banner.pdf", "application/pdf", page))
        notes = (f"left out: {', '.join(left_out)}",) if left_out else ()
        versions = {"skia-python": skia.__version__, "pillow": version("pillow")}
        return Output(files, Trace(versions=versions, notes=notes), facts=_facts(asked, choice, fitted, ground, left_out))


def _draw(asked: Parameters) -> int:
    """A number from what the banners of one campaign share, so that all their sizes get the same fonts and ground."""
    return int(content_hash("/".join((asked.brand, *asked.palette, asked.headline)))[:8], 16)


def _segmenter(text: str) -> Segment | None:
    """Cuts Chinese into words, so that no line ends inside one; None where spaces do that."""
    if not has_cjk(text):
        return None
    import jieba

    jieba.setLogLevel(60)

    def segment(stretch: str) -> Iterable[str]:
        words: list[str] = jieba.lcut(stretch)
        return words

    return segment


def _first(work: Work, role: str) -> Image.Image | None:
    files = work.all(role)
    return decode(files[0].path.read_bytes(), role) if files else None


def _mark(work: Work) -> skia.Image | None:
    files = work.all("logo")
    if not files:
        return None
    logo = decode_logo(files[0].path.read_bytes())
    return skia.Image.fromarray(np.asarray(logo), skia.kRGBA_8888_ColorType)


def _box(area: Area, asked: Parameters) -> Box:
    return Box(area[0] * asked.width, area[1] * asked.height, area[2] * asked.width, area[3] * asked.height)


def _short(asked: Parameters) -> int:
    return min(asked.width, asked.height)


def _choice(
    template: Template, variant: Variant, asked: Parameters, image: skia.Image | None, weight: NDArray[np.float64] | None
) -> Choice:
    if variant.picture is None or image is None or weight is None:
        return Choice(template, variant, None, 0.0)
    size = (image.width(), image.height())
    over = variant.panel or (variant.text if variant.ground == "picture" else None)
    quiet = None if over is None else _box(over, asked)
    radius = variant.radius * _short(asked)
    hides = 1.0
    for area in (variant.picture, variant.retreat):
        if area is None or hides <= _LOST:
            continue
        target = _box(area, asked)
        taken = crop(size, weight, target, quiet)
        hides = unseen(size, weight, taken, target, quiet)
        shown = Shown(image, taken, target, radius, variant.arch)
    return Choice(template, variant, shown, hides)


def _task(shelf: Shelf, asked: Parameters, words: dict[str, Words], variant: Variant, mark: skia.Image | None) -> Task:
    short = _short(asked)
    padding = max(5.0, variant.padding * short)
    area = _box(variant.text, asked).inset(padding)
    action = None if variant.action is None or "cta" not in words else _box(variant.action, asked).inset(padding)
    if variant.action is not None and action is None:
        area = replace(area, width=max(area.width, _box(variant.action, asked).right - padding - area.x))
    least, most = (share * short for share in variant.headline)
    headline = (max(13.0, least), max(15.0, most))
    body = (max(10.5, 0.026 * short), max(14.0, 0.046 * short))
    limits = Limits(headline, body, (max(10.5, 0.024 * short), max(15.0, 0.042 * short)), variant.lines)
    used = {name: word for name, word in words.items() if not (name == "brand" and mark is not None)}
    return Task(
        shelf, area, action, used, limits, variant.align, variant.valign, variant.rule and short >= 200,
        mark.width() / mark.height() if mark is not None else 0.0, f"{asked.width}x{asked.height}",
    )  # fmt: skip


def _ground(asked: Parameters, choice: Choice, fitted: Fitted, palette: tuple[str, ...], seed: int, mark: skia.Image | None) -> Ground:
    short, variant = _short(asked), choice.variant
    scheme = scheme_of(palette, GROUNDS[_draw(asked) % len(GROUNDS)])
    backdrop = Backdrop(
        asked.width, asked.height, scheme, choice.shown, None if variant.panel is None else _box(variant.panel, asked),
        variant.panel_radius * short, seed if variant.decor == "shapes" else None, _box(variant.text, asked), variant.frame * short,
    )  # fmt: skip
    if variant.ground == "picture":
        return grounded_on_picture(backdrop, fitted, palette, mark)
    return grounded(backdrop, fitted, mark)


def _facts(asked: Parameters, choice: Choice, fitted: Fitted, ground: Ground, left_out: tuple[str, ...]) -> dict[str, JsonValue]:
    safe = max(3.0, _SAFE * _short(asked))
    boxes: list[JsonValue] = [
        {"field": line.field, "text": line.text, "box": [round(n, 2) for n in (line.box.x, line.box.y, line.box.width, line.box.height)]}
        for line in fitted.lines
    ]
    return {
        "width": asked.width,
        "height": asked.height,
        "template": choice.template.name,
        "scheme": ground.backdrop.scheme.name,
        "contrast": {name: round(ratio, 2) for name, ratio in ground.contrast.items()},
        "sizes": dict(fitted.sizes),
        "safe_area": [safe, safe, asked.width - 2 * safe, asked.height - 2 * safe],
        "boxes": boxes,
        "texts": {name: " ".join(line.text for line in fitted.of(name)) for name in fitted.sizes},
        "left_out": list(left_out),
    }
