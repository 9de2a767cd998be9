"""The illustrator: pictures composed of licensed vector art in a drawn setting. Seconds on one core, any size, SVG and PNG.

It is not generative: every drawing in a picture is somebody's, credited with its licence. It calls no LLM; the scene stands
finished in the recipe (agents/writers/scene.py writes it).
"""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version as version_of
from pathlib import Path

from pydantic import ValidationError

from domain.capability import Capability, StepKind
from domain.chat import Embedder
from domain.errors import InputError
from domain.progress import Progress
from domain.recipe import Credit, ModelRef, Output, OutputFile, Trace, Work
from domain.scene import Scene
from domain.value import JsonValue
from pipelines.image.illustration.arrangement import covered
from pipelines.image.illustration.art import ArtLibrary, ArtStore
from pipelines.image.illustration.blocks import Item, Placed
from pipelines.image.illustration.cast import Casting, Worn, colour_of
from pipelines.image.illustration.draw import Drawn, draw_scene
from pipelines.image.illustration.exports import EXPORTS, export, render
from pipelines.image.illustration.figure import Wardrobe
from pipelines.image.illustration.mask import Looks
from pipelines.image.illustration.relations import check
from pipelines.image.illustration.search import ArtSearch
from pipelines.image.illustration.vocabulary import Vocabulary

LEAST_PIXELS, MOST_PIXELS = 64, 4096


class Illustrator:
    """A Pipeline (pipelines/pipeline.py). Thread-safe; the index is read on first use and kept.

    Args:
        store: where art sets lie. embedder: finds drawings by meaning, None for words only. assets: the shipped assets folder.
    """

    kind = StepKind.PICTURE
    name = "illustrator"
    version = 5

    def __init__(self, store: ArtStore, embedder: Embedder | None, assets: Path) -> None:
        self._store = store
        self.library = ArtLibrary(store, assets)
        self.looks = Looks(self.library)
        self.vocabulary = Vocabulary(assets / "art")
        self._wardrobe = Wardrobe(assets / "art")
        self._embedder = embedder
        self._search: ArtSearch | None = None
        self._lock = threading.Lock()

    def capability(self) -> Capability | None:
        """None until at least one art set has been fetched."""
        ready = self.library.ready()
        if not ready:
            return None
        limits = {"width": float(MOST_PIXELS), "height": float(MOST_PIXELS)}
        models = tuple(s.model for s in ready if s.model)
        return Capability(kind=self.kind, maker=self.name, models=models, limits=limits, reason="Composed from licensed vector art.")

    def models(self, parameters: Mapping[str, JsonValue]) -> tuple[ModelRef, ...]:
        """Every ready art set, because which drawings win depends on all of them; and the embedder where it is installed."""
        del parameters
        embedder = self._embedder.model if self._embedder is not None else None
        extra = (embedder,) if embedder is not None and self._store.ready(embedder.id) else ()
        return (*self.library.refs(), *extra)

    def generate(self, works: Sequence[Work], progress: Progress) -> list[Output]:
        """Raises InputError for a scene or size that cannot be drawn, ModelMissing without art, Cancelled."""
        outputs = []
        for index, work in enumerate(works):
            progress.check()
            progress.report(index / max(len(works), 1), "composing")
            outputs.append(self._draw(work))
        progress.report(1.0, "composed")
        return outputs

    def _draw(self, work: Work) -> Output:
        started = time.perf_counter()
        parameters, seed = work.recipe.parameters, work.recipe.seed
        # 1. the finished scene, size and exports, checked
        scene, extras = scene_of(parameters, self.vocabulary), exports_of(parameters)
        width, height = pixels_of(parameters, "width"), pixels_of(parameters, "height")
        # 2. a drawing for every subject and prop, of one family where there is one
        cast = Casting(self.library, self.searcher(), self.vocabulary, self._wardrobe).choose(scene, seed)
        # 3. setting, places, shadows, light
        drawn = draw_scene(
            scene, cast.items, (width, height), seed, self.library, self.looks, self.vocabulary, cast.foreground, cast.figure,
            {w.thing: w.wearer for w in cast.worn},
        )  # fmt: skip
        svg = drawn.svg
        # 4. pixels, and what else was asked for
        png = render(svg, width, height)
        free = drawn.stage.free
        facts: dict[str, JsonValue] = {
            "width": width,
            "height": height,
            "subjects": [*_subjects(drawn), *_worn(cast.worn, drawn)],
            "foreground": [_told(p, drawn) for p in drawn.front],
            "substitutions": [{"asked": asked, "drawn": stands_in} for asked, stands_in in cast.substitutions],
            "colours": _colours(drawn, scene),
            "overlap": round(covered(drawn.placed), 3),
            "unmet_relations": list(drawn.unmet),
            "layers": list(drawn.canvas.layers),
            "palette_used": list(_main_colours(png)),
            "family": cast.family,
            "free": [round(v) for v in (free.x, free.y, free.width, free.height)] if free else [],
        }
        credits_ = self._credits((*cast.items, *cast.foreground))
        files = [OutputFile("picture.png", "image/png", png), OutputFile("picture.svg", "image/svg+xml", svg.encode())]
        files += [export(kind, drawn, png, credits_, (width, height)) for kind in extras]
        trace = Trace(device="cpu", versions={"resvg-py": version_of("resvg-py")}, seconds=time.perf_counter() - started)
        return Output(files=tuple(files), trace=trace, credits=credits_, facts=facts)

    def _credits(self, items: Iterable[Item]) -> tuple[Credit, ...]:
        return tuple(dict.fromkeys(self.library.credit(item.concept, item.drawing) for item in items))

    def searcher(self) -> ArtSearch:
        """The search over the library, made on first use."""
        with self._lock:
            if self._search is None:
                library = self.library
                colours = {**self.vocabulary.colours.anywhere, **self.vocabulary.colours.before}
                self._search = ArtSearch(library.concepts, library.synonyms, library.near, library.embeddings, self._embedder, colours)
            return self._search


def scene_of(parameters: Mapping[str, JsonValue], vocabulary: Vocabulary) -> Scene:
    """A palette may name shipped palettes beside colours. Raises InputError naming the field at fault."""
    try:
        scene = Scene.model_validate(parameters.get("scene"))
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in ("scene", *first["loc"]))
        raise InputError("{name}: {first}.", hint="Edit the scene of this step.", field=field, name=field, first=first["msg"]) from error
    check(scene)
    colours: list[str] = []
    for index, entry in enumerate(scene.palette):
        named = vocabulary.palette(entry)
        colours += named.colours if named else [colour_of(entry, f"scene.palette.{index}", vocabulary.colours)]
    return scene.model_copy(update={"palette": tuple(colour for colour in colours if colour)})


def exports_of(parameters: Mapping[str, JsonValue]) -> tuple[str, ...]:
    """The extra files asked for. Raises InputError."""
    asked = parameters.get("exports", [])
    if not isinstance(asked, list) or any(kind not in EXPORTS for kind in asked):
        raise InputError(
            "exports is {asked}.", hint="Use a list of: {known}.", field="exports", asked=repr(asked), known=", ".join(EXPORTS)
        )
    return tuple(kind for kind in EXPORTS if kind in asked)


def pixels_of(parameters: Mapping[str, JsonValue], field: str) -> int:
    value = parameters.get(field)
    if not isinstance(value, int) or isinstance(value, bool) or not LEAST_PIXELS <= value <= MOST_PIXELS:
        raise InputError(
            "{name} is {value}.",
            hint="Use a whole number from {least} to {most}.",
            field=field,
            name=field,
            value=repr(value),
            least=LEAST_PIXELS,
            most=MOST_PIXELS,
        )
    return value


def _subjects(drawn: Drawn) -> list[JsonValue]:
    """Name and ink box in pixels of everything drawn, furthest first."""
    figures: list[JsonValue] = [
        {"name": name, "box": _box(box.x, box.y, box.width, box.height), "cut": True} for name, box in drawn.figures
    ]
    return [_told(p, drawn) for p in drawn.placed] + figures


def _worn(worn: Sequence[Worn], drawn: Drawn) -> list[JsonValue]:
    """What somebody wears, in the upper part of the box of who wears it."""
    found: list[JsonValue] = []
    for one in worn:
        boxes = [p.bounds for p in drawn.placed if p.item.subject == one.wearer] or [box for _, box in drawn.figures]
        for box in boxes[:1]:
            head = _box(box.x + box.width * 0.25, box.y, box.width * 0.5, box.height * 0.12)
            found.append({"name": one.name, "box": head, "subject": one.thing, "cut": False, "worn": True})
    return found


def _told(placed: Placed, drawn: Drawn) -> JsonValue:
    box, item = placed.bounds, placed.item
    told: dict[str, JsonValue] = {"name": item.concept.name, "box": _box(box.x, box.y, box.width, box.height), "subject": item.subject}
    told["cut"] = placed.cut
    return told


def _box(*values: float) -> list[JsonValue]:
    return [round(v, 1) for v in values]


def _colours(drawn: Drawn, scene: Scene) -> list[JsonValue]:
    """What was asked and what came out: before the light of the scene and in it; distances are CIEDE2000."""
    every = (*scene.subjects, *scene.props)
    return [
        {
            "subject": number, "what": every[number].what, "asked": a.asked, "painted": a.painted, "seen": a.seen,
            "delta_e": round(a.delta, 2), "share": a.share,
        }
        for (number, copy), a in sorted(drawn.achieved.items())
        if copy == 0 and number < len(every)
    ]  # fmt: skip


def _main_colours(png: bytes) -> tuple[str, ...]:
    """Five colours by area, of what is not transparent."""
    import numpy as np
    from PIL import Image

    image = Image.open(io.BytesIO(png)).convert("RGBA").resize((48, 48), Image.Resampling.BOX)
    pixels = np.asarray(image).reshape(-1, 4)
    seen = pixels[pixels[:, 3] > 127][:, :3]
    if not len(seen):
        return ()
    strip = Image.fromarray(np.ascontiguousarray(seen.reshape(1, -1, 3)))
    small = strip.quantize(5, Image.Quantize.MEDIANCUT)
    flat = small.getpalette() or []
    counts = sorted(small.getcolors() or [], reverse=True)
    return tuple("#" + "".join(f"{c:02x}" for c in flat[3 * int(i) : 3 * int(i) + 3]) for _, i in counts if isinstance(i, int))
