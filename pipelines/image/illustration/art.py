"""The art library: what can be drawn, from which licensed set, and how it stands.

`ArtLibrary` reads the shipped index (assets/art) and, when a drawing is wanted, the icons.json of its set from the model store.
It knows nothing of scenes and does not search; see search.py.
"""

from __future__ import annotations

import json
import threading
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from domain.errors import ModelCorrupt
from domain.recipe import Credit, ModelRef


class ArtStore(Protocol):
    """What the illustrator needs of a model store (pipelines/models/store.py)."""

    def ready(self, model_id: str) -> bool: ...

    def file(self, model_id: str, name: str) -> Path: ...

    def ref(self, model_id: str) -> ModelRef: ...


@dataclass(frozen=True)
class ArtSet:
    """A licensed set. family: sets of one family may stand in one picture. rank: which family is tried first. grid: its square."""

    id: str
    model: str
    family: str
    rank: int
    grid: float
    title: str
    author: str
    licence: str
    source: str


@dataclass(frozen=True)
class Drawing:
    """One icon. box (x0, y0, x1, y1) and foot (x0, x1, the lowest part) as fractions of the set's square. ink: share of it covered."""

    set_id: str
    icon: str
    box: tuple[float, float, float, float]
    foot: tuple[float, float]
    ink: float
    colours: tuple[str, ...]

    @property
    def aspect(self) -> float:
        """Width over height of the ink."""
        x0, y0, x1, y1 = self.box
        return max(x1 - x0, 0.02) / max(y1 - y0, 0.02)


@dataclass(frozen=True)
class Concept:
    """Something that can be drawn. art: set id -> drawing. flag: person, face, symbol, flag, logo, scene or "".

    A concept with a flag other than "" is shown only to those who ask for it by name. row is its line in the embedding table.
    """

    row: int
    name: str
    group: str
    flag: str
    en: tuple[str, ...]
    zh: tuple[str, ...]
    art: Mapping[str, Drawing]
    scale: float
    stands: str
    bust: bool


@dataclass(frozen=True)
class Embeddings:
    """Concept vectors as signed bytes, row by row: value = byte * scale. model is the id of the embedder they came from."""

    model: str
    dimensions: int
    scale: float
    data: bytes


class ArtLibrary:
    """Thread-safe; drawings of a set are read on first use and kept (a few MB a set).

    Raises ModelCorrupt when a set's icons.json cannot be read, OSError-free otherwise: `assets` is ours.
    """

    def __init__(self, store: ArtStore, assets: Path) -> None:
        self._store = store
        self._folder = assets / "art"
        self._lock = threading.Lock()
        self._bodies: dict[str, dict[str, str]] = {}
        self._known: tuple[tuple[Concept, ...], Embeddings] | None = None
        self.sets = {e["id"]: _art_set(e) for e in self._toml("sets.toml")["set"]}
        self.synonyms: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
            e["name"]: (tuple(e["en"]), tuple(e["zh"])) for e in self._toml("synonyms.toml")["concept"]
        }
        self.near: dict[str, tuple[str, ...]] = {name: tuple(words) for name, words in self._toml("synonyms.toml")["near"].items()}

    def ready(self) -> tuple[ArtSet, ...]:
        """The sets whose drawings are here, best family first. Our own drawings alone are no library: empty without a fetched set."""
        found = [s for s in self.sets.values() if s.model and self._store.ready(s.model)]
        if not found:
            return ()
        own = [s for s in self.sets.values() if not s.model]
        return tuple(sorted([*own, *found], key=lambda s: s.rank))

    def refs(self) -> tuple[ModelRef, ...]:
        return tuple(self._store.ref(s.model) for s in self.ready() if s.model)

    @property
    def concepts(self) -> tuple[Concept, ...]:
        return self._index()[0]

    @property
    def embeddings(self) -> Embeddings:
        return self._index()[1]

    def body(self, drawing: Drawing) -> str:
        """The SVG markup of a drawing as its set has it: material, to be cleaned before use. Raises ModelCorrupt, ModelMissing."""
        with self._lock:
            if drawing.set_id not in self._bodies:
                self._bodies[drawing.set_id] = self._read_set(self.sets[drawing.set_id])
            bodies = self._bodies[drawing.set_id]
        try:
            return bodies[drawing.icon]
        except KeyError as error:
            raise ModelCorrupt(
                f"The art set {drawing.set_id} has no drawing {drawing.icon!r}.", hint="Pull it again on the Models page."
            ) from error

    def credit(self, concept: Concept, drawing: Drawing) -> Credit:
        owner = self.sets[drawing.set_id]
        return Credit(title=f"{concept.name} ({owner.title})", author=owner.author, licence=owner.licence, source=owner.source)

    def _read_set(self, owner: ArtSet) -> dict[str, str]:
        if not owner.model:
            return {e["name"]: e["body"] for e in self._toml("house.toml")["art"]}
        wanted = {c.art[owner.id].icon for c in self._index_unlocked()[0] if owner.id in c.art}
        try:
            icons = json.loads(self._store.file(owner.model, "icons.json").read_text("utf-8"))["icons"]
            return {name: str(icons[name]["body"]) for name in sorted(wanted) if name in icons}
        except (ValueError, KeyError, TypeError, OSError) as error:
            raise ModelCorrupt(f"The art set {owner.id} cannot be read: {error}.", hint="Pull it again on the Models page.") from error

    def _index(self) -> tuple[tuple[Concept, ...], Embeddings]:
        with self._lock:
            return self._index_unlocked()

    def _index_unlocked(self) -> tuple[tuple[Concept, ...], Embeddings]:
        if self._known is None:
            data = json.loads((self._folder / "index.json").read_text("utf-8"))
            behaviour, hidden = self._toml("behaviour.toml"), set(self._toml("synonyms.toml")["hidden"]["names"])
            concepts = tuple(_concept(row, entry, behaviour, hidden) for row, entry in enumerate(data["concepts"]))
            head = data["embedding"]
            vectors = Embeddings(head["model"], head["dimensions"], head["scale"], (self._folder / "index.i8").read_bytes())
            self._known = (concepts, vectors)
        return self._known

    def _toml(self, name: str) -> dict[str, Any]:
        return tomllib.loads((self._folder / name).read_text("utf-8"))


def _art_set(entry: Mapping[str, Any]) -> ArtSet:
    return ArtSet(**{name: entry[name] for name in ("id", "model", "family", "rank", "grid", "title", "author", "licence", "source")})


def _concept(row: int, entry: Mapping[str, Any], behaviour: Mapping[str, Any], hidden: set[str]) -> Concept:
    name, group = entry["name"], entry["group"]
    manner = behaviour["name"].get(name) or behaviour["group"].get(group) or behaviour["default"]
    return Concept(
        row=row,
        name=name,
        group=group,
        flag=entry["flag"] or ("scene" if name in hidden else ""),
        en=tuple(entry["en"]),
        zh=tuple(entry["zh"]),
        art={set_id: _drawing(set_id, facts) for set_id, facts in entry["art"].items()},
        scale=float(manner["scale"]),
        stands=str(manner["stands"]),
        bust=name in behaviour["busts"]["names"] or (group.startswith("person") and name not in behaviour["busts"]["whole"]),
    )


def _drawing(set_id: str, facts: Mapping[str, Any]) -> Drawing:
    x0, y0, x1, y1 = (value / 1000 for value in facts["box"])
    left, right = (value / 1000 for value in facts["foot"])
    return Drawing(set_id, facts["icon"], (x0, y0, x1, y1), (left, right), float(facts["ink"]), tuple(facts["colours"]))
