"""The illustrator: pictures composed of licensed vector art in a drawn setting. Seconds on one core, any size, SVG and PNG.

It is not generative: every drawing in a picture is somebody's, credited with its licence. It calls no LLM; the scene stands
finished in the recipe (agents/writers/scene.py writes it).
"""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version as version_of
from pathlib import Path

from pydantic import ValidationError

from domain.capability import Capability, StepKind
from domain.chat import Embedder
from domain.errors import EngineFailed, InputError, ModelMissing
from domain.progress import Progress
from domain.recipe import Credit, ModelRef, Output, OutputFile, Trace, Work
from domain.scene import Scene, Subject
from domain.value import JsonValue
from pipelines.image.illustration.art import ArtLibrary, ArtSet, ArtStore, Concept, Drawing
from pipelines.image.illustration.colour import parse
from pipelines.image.illustration.composition import FACTORS, PROP, Item, Placed
from pipelines.image.illustration.draw import draw_scene
from pipelines.image.illustration.search import ArtSearch, Match, normalise

#: How many leaves, blossoms or sparkles one prop of that sort stands for.
DRIFTING = 6
LEAST_PIXELS, MOST_PIXELS = 64, 4096
#: A subject that only says where we are is drawn by the setting, not as a thing.
PLACES: dict[str, frozenset[str]] = {
    "forest": frozenset({"forest", "woods", "woodland", "trees", "森林", "树林"}),
    "mountains": frozenset({"mountains", "mountain", "mountain range", "peaks", "山", "群山", "高山"}),
    "hills": frozenset({"hills", "hill", "countryside", "丘陵", "山丘"}),
    "meadow": frozenset({"meadow", "field", "grass", "grassland", "lawn", "草地", "草原", "田野"}),
    "city": frozenset({"city", "skyline", "city skyline", "cityscape", "buildings", "城市", "都市"}),
    "street": frozenset({"street", "road", "alley", "街道", "街"}),
    "interior": frozenset({"room", "interior", "table", "desk", "window", "wall", "房间", "室内", "桌子"}),
    "space": frozenset({"space", "outer space", "galaxy", "universe", "stars", "太空", "宇宙", "星空"}),
    "sea": frozenset({"sea", "ocean", "waves", "water", "lake", "大海", "海洋", "海", "湖"}),
    "beach": frozenset({"beach", "sand", "shore", "沙滩", "海滩"}),
    "desert": frozenset({"desert", "dunes", "沙漠"}),
    "cave": frozenset({"cave", "cavern", "dungeon", "洞穴", "山洞"}),
    "studio": frozenset({"studio", "podium", "studio podium", "backdrop", "摄影棚"}),
}
EVERYWHERE = frozenset(
    {"sky", "sunset", "sunrise", "night", "night sky", "background", "scene", "landscape", "天空", "背景", "夜空", "夕阳"}
)


@dataclass(frozen=True)
class _Cast:
    """The items of one picture, the family they come from, and what stands in for what."""

    items: tuple[Item, ...]
    family: str
    substitutions: tuple[tuple[str, str], ...]


class Illustrator:
    """A Pipeline (pipelines/pipeline.py). Thread-safe; the index is read on first use and kept.

    Args:
        store: where art sets lie. embedder: finds drawings by meaning, None for words only. assets: the shipped assets folder.
    """

    kind = StepKind.PICTURE
    name = "illustrator"
    version = 1

    def __init__(self, store: ArtStore, embedder: Embedder | None, assets: Path) -> None:
        self._store = store
        self.library = ArtLibrary(store, assets)
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
        parameters = work.recipe.parameters
        # 1. the finished scene and size, checked
        scene, width, height = scene_of(parameters), pixels_of(parameters, "width"), pixels_of(parameters, "height")
        # 2. a drawing for every subject and prop, of one family where there is one
        cast = self._choose(scene)
        # 3. setting, places, shadows, light
        svg, placed, stage = draw_scene(scene, cast.items, (width, height), work.recipe.seed, self.library)
        # 4. pixels
        png = _render(svg, width, height)
        free = stage.free
        facts: dict[str, JsonValue] = {
            "width": width,
            "height": height,
            "subjects": _subjects(placed),
            "substitutions": [{"asked": asked, "drawn": drawn} for asked, drawn in cast.substitutions],
            "palette_used": list(_main_colours(png)),
            "family": cast.family,
            "free": [round(v) for v in (free.x, free.y, free.width, free.height)] if free else [],
        }
        files = (OutputFile("picture.png", "image/png", png), OutputFile("picture.svg", "image/svg+xml", svg.encode()))
        trace = Trace(device="cpu", versions={"resvg-py": version_of("resvg-py")}, seconds=time.perf_counter() - started)
        return Output(files=files, trace=trace, credits=self._credits(cast.items), facts=facts)

    def _credits(self, items: Iterable[Item]) -> tuple[Credit, ...]:
        return tuple(dict.fromkeys(self.library.credit(item.concept, item.drawing) for item in items))

    def searcher(self) -> ArtSearch:
        """The search over the library, made on first use."""
        with self._lock:
            if self._search is None:
                library = self.library
                self._search = ArtSearch(library.concepts, library.synonyms, library.near, library.embeddings, self._embedder)
            return self._search

    def _choose(self, scene: Scene) -> _Cast:
        ready = self.library.ready()
        if not ready:
            raise ModelMissing("The illustrator has no art to draw with.", hint="Pull art-fluent-emoji-flat on the Models page.")
        for role, subjects in (("subjects", scene.subjects), ("props", scene.props)):
            for index, subject in enumerate(subjects):
                _colour(subject.colour, f"scene.{role}.{index}.colour")
        wanted = [(s, False) for s in _things(scene.subjects, scene)] + [(s, True) for s in _things(scene.props, scene)]
        family = self._best_family([(s.what, 1 if prop else 3) for s, prop in wanted], ready)
        inside = frozenset(s.id for s in ready if s.family == family)
        items: list[Item] = []
        missing: list[tuple[str, str]] = []
        for subject, prop in wanted:
            found = self._find(subject, inside, frozenset(s.id for s in ready))
            if found is None or not found[0].exact:
                missing.append((subject.what, found[0].concept.name if found else ""))
            if found:
                items += _items(subject, found[0].concept, found[1], prop, self._asked_colour(subject), scene, items)
        families = {self.library.sets[i.drawing.set_id].family for i in items}
        return _Cast(tuple(items), "+".join(sorted(families)) or family, tuple(missing))

    def _best_family(self, wanted: Sequence[tuple[str, int]], ready: Sequence[ArtSet]) -> str:
        """The family that names most of what was asked; the better ranked of equals."""
        scores: dict[str, float] = {}
        for owner in ready:
            if owner.family not in scores:
                sets = frozenset(s.id for s in ready if s.family == owner.family)
                found = ((self.searcher().find(what, sets, 1), weight) for what, weight in wanted)
                scores[owner.family] = sum(weight for matches, weight in found if matches and matches[0].exact)
        return max(scores, key=lambda family: scores[family])

    def _find(self, subject: Subject, inside: frozenset[str], everywhere: frozenset[str]) -> tuple[Match, Drawing] | None:
        """Named in the family, else named in any family, else the nearest in the family, else nothing."""
        near = self.searcher().find(subject.what, inside, 1)
        if not near or not near[0].exact:
            other = self.searcher().find(subject.what, everywhere, 1)
            near = other if other and (other[0].exact or not near) else near
        if not near:
            return None
        art = near[0].concept.art
        order = [s.id for s in self.library.ready() if s.id in inside] + [s.id for s in self.library.ready()]
        return near[0], next(art[set_id] for set_id in order if set_id in art)

    def _asked_colour(self, subject: Subject) -> str | None:
        """The colour field, else a colour word leading the phrase, unless it is part of a name ("red apple")."""
        if subject.colour:
            return parse(subject.colour)
        if self.searcher().named(subject.what):
            return None
        words = normalise(subject.what).split()
        for length in (2, 1):
            for start in range(len(words) - length):
                colour = parse(" ".join(words[start : start + length]))
                if colour:
                    return colour
        prefix = next((subject.what[:end] for end in range(4, 0, -1) if parse(subject.what[:end])), "")
        return parse(prefix) if prefix and not prefix.isascii() else None


def scene_of(parameters: Mapping[str, JsonValue]) -> Scene:
    """Raises InputError naming the field at fault."""
    try:
        scene = Scene.model_validate(parameters.get("scene"))
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in ("scene", *first["loc"]))
        raise InputError(f"{field}: {first['msg']}.", hint="Edit the scene of this step.", field=field) from error
    palette = tuple(_colour(colour, f"scene.palette.{index}") for index, colour in enumerate(scene.palette))
    return scene.model_copy(update={"palette": tuple(colour for colour in palette if colour)})


def _colour(text: str, field: str) -> str:
    """ "#rrggbb"; "" stays "". Raises InputError naming the field."""
    colour = parse(text) if text else ""
    if colour is None:
        raise InputError(f"{text!r} is not a colour.", hint='Use a colour word or "#rrggbb".', field=field)
    return colour


def pixels_of(parameters: Mapping[str, JsonValue], field: str) -> int:
    value = parameters.get(field)
    if not isinstance(value, int) or isinstance(value, bool) or not LEAST_PIXELS <= value <= MOST_PIXELS:
        raise InputError(f"{field} is {value!r}.", hint=f"Use a whole number from {LEAST_PIXELS} to {MOST_PIXELS}.", field=field)
    return value


def _things(subjects: Sequence[Subject], scene: Scene) -> list[Subject]:
    here = PLACES.get(scene.setting.value, frozenset()) | EVERYWHERE
    return [s for s in subjects if normalise(s.what) not in here]


def _items(
    subject: Subject, concept: Concept, drawing: Drawing, prop: bool, colour: str | None, scene: Scene, before: Sequence[Item]
) -> list[Item]:
    """One Item per count. Sizes are told against the main subject, softened so that a cat beside a house is still seen."""
    main = next((i for i in before if i.main), None)
    against = (concept.scale / main.concept.scale) ** 0.75 if main else 1.0
    scale = FACTORS[subject.size] * min(max(against, 0.45), 1.5) * (PROP if prop and main else 1.0)
    if scene.composition == "row":
        scale = FACTORS[subject.size] * (0.8 if prop and main else 1.0)
    count = subject.count
    if concept.stands == "drift" and prop and main and count == 1:
        count, scale = DRIFTING, scale * 0.62
    return [Item(concept, drawing, colour, scale * (1 - 0.09 * (k % 3)), prop, main=main is None and k == 0) for k in range(count)]


def _subjects(placed: Sequence[Placed]) -> list[JsonValue]:
    """Name and ink box in pixels of everything drawn, furthest first."""
    return [{"name": p.item.concept.name, "box": [round(v, 1) for v in (p.box.x, p.box.y, p.box.width, p.box.height)]} for p in placed]


def _render(svg: str, width: int, height: int) -> bytes:
    import resvg_py

    try:
        return bytes(resvg_py.svg_to_bytes(svg_string=svg, width=width, height=height, skip_system_fonts=True))
    except ValueError as error:
        raise EngineFailed(f"The drawing could not be turned into pixels: {error}.", hint="Try another seed.") from error


def _main_colours(png: bytes) -> tuple[str, ...]:
    """Five colours by area."""
    from PIL import Image

    image = Image.open(io.BytesIO(png)).convert("RGB")
    small = image.resize((48, 48), Image.Resampling.BOX).quantize(5, Image.Quantize.MEDIANCUT)
    flat = small.getpalette() or []
    counts = sorted(small.getcolors() or [], reverse=True)
    return tuple("#" + "".join(f"{c:02x}" for c in flat[3 * int(i) : 3 * int(i) + 3]) for _, i in counts if isinstance(i, int))
