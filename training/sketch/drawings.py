"""Where pictures to learn from come from: the art library and the compositor, under the permitted licences only.

A `Studio` draws on one machine with what lies in a folder laid out as the model store is (<folder>/<model id>/<file>): the cache's
`models`, or the vectors that travelled to a GPU machine. It knows no captions and no splits.
"""

from __future__ import annotations

import hashlib
import io
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from domain.capability import StepKind
from domain.errors import InputError, MaquetteError, ModelMissing
from domain.progress import Silent
from domain.recipe import ModelRef, Recipe, Work
from domain.scene import Scene
from pipelines.image.illustration.art import ArtLibrary, Concept, Drawing
from pipelines.image.illustration.svg import clean_fragment
from pipelines.image.illustrator import Illustrator

if TYPE_CHECKING:
    from PIL.Image import Image

Pixels = npt.NDArray[np.uint8]


class FolderStore:
    """The model store's folder, read only, showing nothing but the `shown` models."""

    def __init__(self, folder: Path, shown: Sequence[str]) -> None:
        self._folder = folder
        self._shown = frozenset(shown)

    def ready(self, model_id: str) -> bool:
        return model_id in self._shown and (self._folder / model_id).is_dir()

    def file(self, model_id: str, name: str) -> Path:
        path = self._folder / model_id / name
        if model_id not in self._shown or not path.is_file():
            raise ModelMissing(f"{model_id}/{name} is not in {self._folder}.", hint=f"Run `python app.py models pull {model_id}`.")
        return path

    def ref(self, model_id: str) -> ModelRef:
        files = sorted(p for p in (self._folder / model_id).rglob("*") if p.is_file() and not p.name.startswith("."))
        return ModelRef(id=model_id, sha256=hashlib.sha256(b"".join(p.read_bytes() for p in files)).hexdigest())


def permitted_models(assets: Path, models: Path, licences: Sequence[str]) -> tuple[str, ...]:
    """Ids of the art sets that are here and under one of the licences, sorted. Raises ModelMissing when there is none."""
    sets = tomllib.loads((assets / "art" / "sets.toml").read_text("utf-8"))["set"]
    found = sorted({e["model"] for e in sets if e["model"] and e["licence"] in licences and (models / e["model"]).is_dir()})
    if not found:
        raise ModelMissing(f"No art set under {', '.join(licences)} lies in {models}.", hint="Run `make models` first.")
    return tuple(found)


class Studio:
    """Draws drawings and scenes. families: what drawings may stand together; a scene is drawn from one of them."""

    def __init__(self, assets: Path, models: Path, licences: Sequence[str]) -> None:
        shown = permitted_models(assets, models, licences)
        self.library = ArtLibrary(FolderStore(models, shown), assets)
        ready = [s for s in self.library.ready() if s.licence in licences]
        self.sets = {s.id: s for s in ready}
        self._illustrators: dict[str, Illustrator] = {}
        self._assets, self._models = assets, models
        self.families = tuple(sorted({s.family for s in ready if s.model}))

    def drawings(self, concept: Concept) -> tuple[Drawing, ...]:
        """Those of the permitted sets, in a fixed order."""
        return tuple(concept.art[set_id] for set_id in sorted(concept.art) if set_id in self.sets)

    def names(self, concept: Concept) -> tuple[str, ...]:
        """What the thing is called: its name first, then the words written for it by hand."""
        own, _ = self.library.synonyms.get(concept.name, ((), ()))
        return tuple(dict.fromkeys([concept.name, *own]))

    def item(self, drawing: Drawing, side: int, ground: str, scale: float, shift: tuple[float, float]) -> Pixels:
        """One drawing on a plain ground. scale: share of the side its square takes; shift: of its centre, as shares of the side."""
        grid = self.library.sets[drawing.set_id].grid
        body = clean_fragment(self.library.body(drawing), "d")
        width = side * scale
        x, y = side * (0.5 + shift[0]) - width / 2, side * (0.5 + shift[1]) - width / 2
        svg = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}"><rect width="{side}" height="{side}" fill="{ground}"/>'
            f'<g transform="translate({x:.2f} {y:.2f})scale({width / grid:.6g})">{body}</g></svg>'
        )
        return pixels_of(rendered(svg, side))

    def scene(self, scene: Scene, family: str, side: int, seed: int) -> Pixels | None:
        """The compositor's picture; None when it drew something else than was asked, so that no caption tells an untruth."""
        values = {"scene": scene.model_dump(mode="json"), "width": side, "height": side}
        recipe = Recipe(kind=StepKind.PICTURE, maker="illustrator", maker_version=1, seed=seed, parameters=values)
        try:
            made = self._illustrator(family).generate([Work(recipe)], Silent())[0]
        except InputError:
            return None
        drawn = made.facts.get("subjects")
        asked = sum(s.count for s in (*scene.subjects, *scene.props))
        if made.facts.get("substitutions") or not isinstance(drawn, list) or len(drawn) < asked:
            return None
        return pixels_of(next(f.data for f in made.files if f.media_type == "image/png"))

    def _illustrator(self, family: str) -> Illustrator:
        if family not in self._illustrators:
            shown = [s.model for s in self.sets.values() if s.family == family and s.model]
            self._illustrators[family] = Illustrator(FolderStore(self._models, shown), None, self._assets)
        return self._illustrators[family]


def rendered(svg: str, side: int) -> bytes:
    import resvg_py

    try:
        return bytes(resvg_py.svg_to_bytes(svg_string=svg, width=side, height=side, skip_system_fonts=True))
    except ValueError as error:
        raise MaquetteError(f"A drawing cannot be rendered: {error}.", hint="Leave its set out of the licences.") from error


def pixels_of(png: bytes) -> Pixels:
    """(side, side, 3)."""
    return np.asarray(opened(png), dtype=np.uint8)


def opened(png: bytes) -> Image:
    from PIL import Image as Images

    return Images.open(io.BytesIO(png)).convert("RGB")
