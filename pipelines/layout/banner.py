"""The banner maker: words, a picture and a brand become one laid-out banner of an exact size.

It chooses a template, crops the picture to its subject, sets the words as large as they fit, makes sure they can be read on
what is really behind them, and draws a PNG and a PDF with real text. It calls no LLM and draws no pictures of its own.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, ValidationError

from domain.brand import HEX_COLOUR
from domain.capability import Capability, StepKind
from domain.errors import EngineFailed, InputError
from domain.progress import Progress
from domain.recipe import ModelRef, Output, Work
from domain.value import JsonValue, Value

if TYPE_CHECKING:
    from pipelines.models.store import ModelStore

CJK_FONT = "noto-sans-sc"
_LARGEST = 4096


class Parameters(Value):
    """Recipe.parameters of a layout. Colours are #rrggbb; empty template, palette and fonts are chosen here."""

    headline: str = Field(min_length=1, max_length=200)
    body: str = Field(default="", max_length=400)
    cta: str = Field(default="", max_length=60)
    width: int = Field(ge=64, le=_LARGEST)
    height: int = Field(ge=64, le=_LARGEST)
    template: str = ""
    palette: tuple[Annotated[str, Field(pattern=HEX_COLOUR.pattern)], ...] = Field(default=(), max_length=8)
    heading_font: str = ""
    body_font: str = ""
    language: str = "en"
    brand: str = ""

    @property
    def words(self) -> str:
        return self.headline + self.body + self.cta + self.brand


class Banner:
    """kind LAYOUT. store: only for the Chinese font, and only when the words need it. assets: the folder with fonts and layouts."""

    kind = StepKind.LAYOUT
    name = "banner"
    version = 1

    def __init__(self, store: ModelStore, assets: Path) -> None:
        self._store = store
        self._assets = assets

    def capability(self) -> Capability | None:
        languages: tuple[str, ...] = ("en", "de", "fr", "es", "it", "pt", "nl", "pl", "sv", "da", "cs", "ro", "hu", "tr")
        if self._store.ready(CJK_FONT):
            languages = (*languages, "zh", "ja", "ru")
        return Capability(
            kind=self.kind, maker=self.name, models=(CJK_FONT,) if "zh" in languages else (), languages=languages,
            limits={"width": _LARGEST, "height": _LARGEST}, reason="sets words, picture and brand with shipped templates",
        )  # fmt: skip

    def models(self, parameters: Mapping[str, JsonValue]) -> tuple[ModelRef, ...]:
        words = "".join(str(parameters.get(name, "")) for name in ("headline", "body", "cta", "brand"))
        return (self._store.ref(CJK_FONT),) if beyond_latin(words) else ()

    def generate(self, works: Sequence[Work], progress: Progress) -> list[Output]:
        """One banner per work. facts: width, height, template, contrast, sizes, boxes, lines and what was left out.

        Raises InputError (unknown template or font, a missing headline), ModelMissing (Chinese words without their font),
        InvalidOutput (words that do not fit, naming the field).
        """
        try:
            from pipelines.layout.composing import Composer
        except ImportError as error:
            raise EngineFailed(f"The layout engine cannot start: {error}.", hint="Run `apt install libgl1 libegl1`.") from error

        outputs = []
        for index, work in enumerate(works):
            progress.check()
            started = time.perf_counter()
            parameters = read_parameters(work.recipe.parameters)
            cjk = self._store.folder(CJK_FONT) if beyond_latin(parameters.words) else None
            made = Composer(self._assets, cjk).compose(parameters, work, progress)
            outputs.append(replace(made, trace=made.trace.model_copy(update={"seconds": round(time.perf_counter() - started, 3)})))
            progress.report((index + 1) / len(works), f"laid out {parameters.width}x{parameters.height}")
        return outputs


def beyond_latin(words: str) -> bool:
    """Whether some letter is outside the shipped fonts; the store's font has Chinese, kana, Cyrillic and Greek."""
    return any(character.isalpha() and not (ord(character) < 0x250 or 0x1E00 <= ord(character) < 0x1F00) for character in words)


def read_parameters(parameters: Mapping[str, JsonValue]) -> Parameters:
    """Raises InputError naming the first parameter at fault."""
    try:
        return Parameters.model_validate(dict(parameters))
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise InputError(f"The layout's {field} cannot be used: {first['msg']}.", field=field) from error
