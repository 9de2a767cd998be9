"""The art library: what can be drawn, from which licensed set, and how it stands.

`ArtLibrary` reads the shipped index (assets/art) and, when a drawing is wanted, the icons.json of its set from the model store.
It knows nothing of scenes and does not search; see search.py.
"""

from __future__ import annotations

import json
import re
import threading
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from domain.errors import ModelCorrupt
from domain.recipe import Credit, ModelRef

#: What one-colour art is drawn in until it is recoloured. Its packages say "currentColor", which no picture of ours has.
INK = "#3b4252"


class ArtStore(Protocol):
    """What the illustrator needs of a model store (pipelines/models/store.py)."""

    def ready(self, model_id: str) -> bool: ...

    def file(self, model_id: str, name: str) -> Path: ...

    def ref(self, model_id: str) -> ModelRef: ...


@dataclass(frozen=True)
class ArtSet:
    """A licensed set. family: sets of one family may stand in one picture. rank: which family is tried first. grid: its square.

    style: flat, cartoon, outlined, duotone (tones of one colour) or silhouette (one colour). file: where its icons are in the store.
    backdrop: pattern of the disc its drawings stand on, which is taken away, or "".
    """

    id: str
    model: str
    family: str
    rank: int
    grid: float
    title: str
    author: str
    licence: str
    source: str
    style: str = "flat"
    file: str = "icons.json"
    backdrop: str = ""

    @property
    def colourful(self) -> bool:
        """False for sets in one colour or tones of one: they come last, and want colouring."""
        return self.style not in ("duotone", "silhouette")


@dataclass(frozen=True)
class Drawing:
    """One icon. silhouette: one colour, INK, to be painted by who composes. duotone: tones of one colour. markup: its SVG when it was
    made for this picture (people.py), "" when its set has it.

    hand: where a figure's hand is that holds something, as shares of its box from the left and top; None where nobody could say.

    box (x0, y0, x1, y1) and foot (x0, x1, the lowest part) as fractions of the set's square. ink: share of it covered.
    """

    set_id: str
    icon: str
    box: tuple[float, float, float, float]
    foot: tuple[float, float]
    ink: float
    colours: tuple[str, ...]
    silhouette: bool = False
    duotone: bool = False
    markup: str = ""
    hand: tuple[float, float] | None = None

    @property
    def colourful(self) -> bool:
        return not (self.silhouette or self.duotone)

    @property
    def aspect(self) -> float:
        """Width over height of the ink."""
        x0, y0, x1, y1 = self.box
        return max(x1 - x0, 0.02) / max(y1 - y0, 0.02)


@dataclass(frozen=True)
class Concept:
    """Something that can be drawn. art: set id -> drawing; variants: set id -> the set's other drawings of it.

    names: what it is called besides its name; en, zh: looser words.
    flag: person, face, symbol, flag, logo, scene or "". height: metres, 0 where nobody could say.

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
    variants: Mapping[str, tuple[Drawing, ...]] = field(default_factory=dict)
    names: tuple[str, ...] = ()
    height: float = 0.0


@dataclass(frozen=True)
class Embeddings:
    """Concept vectors as signed bytes, row by row: value = byte * scale. model is the id of the embedder they came from.

    projection: little-endian float16 (source dimensions, dimensions) by which a query comes into the space of the rows; b"" when the
    rows have all dimensions. translations: Chinese -> English, for an embedder that reads no Chinese.
    """

    model: str
    dimensions: int
    scale: float
    data: bytes
    projection: bytes = b""
    translations: Mapping[str, str] = field(default_factory=dict)


class ArtLibrary:
    """Thread-safe; drawings of a set are read on first use and kept (a few MB a set).

    Raises ModelCorrupt when a set's icons.json cannot be read, OSError-free otherwise: `assets` is ours.
    """

    def __init__(self, store: ArtStore, assets: Path) -> None:
        self._store = store
        self._folder = assets / "art"
        self._lock = threading.Lock()
        self._bodies: dict[str, dict[str, str]] = {}
        self._drawn_by: dict[str, dict[str, str]] | None = None
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

    def height(self, name: str, group: str) -> float:
        """Metres a thing of this name or group is tall, by assets/art/behaviour.toml; 0 where nobody could say."""
        return _height(name, group, self._toml("behaviour.toml")["height"])

    def refs(self) -> tuple[ModelRef, ...]:
        return tuple(self._store.ref(s.model) for s in self.ready() if s.model)

    @property
    def concepts(self) -> tuple[Concept, ...]:
        return self._index()[0]

    @property
    def embeddings(self) -> Embeddings:
        return self._index()[1]

    def chosen(
        self, families: Sequence[str] = (), licences: Sequence[str] = (), styles: Sequence[str] = (), ready: bool = True
    ) -> frozenset[str]:
        """Ids of the sets of these families, licences and styles; an empty filter lets everything through. For ArtSearch.find."""
        known = self.ready() if ready else self.sets.values()
        return frozenset(
            s.id
            for s in known
            if (not families or s.family in families) and (not licences or s.licence in licences) and (not styles or s.style in styles)
        )

    def body(self, drawing: Drawing) -> str:
        """The SVG markup of a drawing as its set has it: material, to be cleaned before use. Raises ModelCorrupt, ModelMissing."""
        if drawing.markup:
            return drawing.markup
        with self._lock:
            if drawing.set_id not in self._bodies:
                self._bodies[drawing.set_id] = self._read_set(self.sets[drawing.set_id])
            bodies = self._bodies[drawing.set_id]
        try:
            return bodies[drawing.icon]
        except KeyError as error:
            raise ModelCorrupt(
                "The art set {set_id} has no drawing {icon}.",
                hint="Pull it again on the Models page.",
                set_id=drawing.set_id,
                icon=repr(drawing.icon),
            ) from error

    def credit(self, concept: Concept, drawing: Drawing) -> Credit:
        owner = self.sets[drawing.set_id]
        author = self._authors().get(drawing.set_id, {}).get(drawing.icon, owner.author)
        return Credit(title=f"{concept.name} ({owner.title})", author=author, licence=owner.licence, source=owner.source)

    def _authors(self) -> Mapping[str, Mapping[str, str]]:
        """Set id -> icon -> who drew it, for sets of many authors."""
        with self._lock:
            if self._drawn_by is None:
                table = json.loads((self._folder / "authors.json").read_text("utf-8"))
                self._drawn_by = {
                    set_id: {icon: author for author, icons in authors.items() for icon in icons.split()}
                    for set_id, authors in table.items()
                }
            return self._drawn_by

    def _read_set(self, owner: ArtSet) -> dict[str, str]:
        if not owner.model:
            return {e["name"]: e["body"] for e in self._toml("house.toml")["art"]}
        concepts = [c for c in self._index_unlocked()[0] if owner.id in c.art]
        wanted = {drawing.icon for c in concepts for drawing in (c.art[owner.id], *c.variants.get(owner.id, ()))}
        try:
            icons = json.loads(self._store.file(owner.model, owner.file).read_text("utf-8"))["icons"]
            return {name: inked(str(icons[name]["body"]), owner.backdrop) for name in sorted(wanted) if name in icons}
        except (ValueError, KeyError, TypeError, OSError) as error:
            raise ModelCorrupt(
                "The art set {owner} cannot be read: {error}.", hint="Pull it again on the Models page.", owner=owner.id, error=error
            ) from error

    def _index(self) -> tuple[tuple[Concept, ...], Embeddings]:
        with self._lock:
            return self._index_unlocked()

    def _index_unlocked(self) -> tuple[tuple[Concept, ...], Embeddings]:
        if self._known is None:
            data = json.loads((self._folder / "index.json").read_text("utf-8"))
            behaviour, hidden = self._toml("behaviour.toml"), set(self._toml("synonyms.toml")["hidden"]["names"])
            concepts = tuple(_concept(row, entry, behaviour, hidden, self.sets) for row, entry in enumerate(data["concepts"]))
            head = data["embedding"]
            self._known = (
                concepts,
                Embeddings(
                    head["model"],
                    head["dimensions"],
                    head["scale"],
                    (self._folder / "index.i8").read_bytes(),
                    (self._folder / "index.f16").read_bytes(),
                    json.loads((self._folder / "chinese.json").read_text("utf-8")),
                ),
            )
        return self._known

    def _toml(self, name: str) -> dict[str, Any]:
        return tomllib.loads((self._folder / name).read_text("utf-8"))


def inked(body: str, backdrop: str = "") -> str:
    """The markup with a colour where its package leaves it to the page, so that it can be recoloured like any other; no backdrop."""
    return (re.sub(backdrop, "", body, count=1) if backdrop else body).replace("currentColor", INK)


def _art_set(entry: Mapping[str, Any]) -> ArtSet:
    told = {name: entry[name] for name in ("id", "model", "family", "rank", "grid", "title", "author", "licence", "source")}
    return ArtSet(**told, style=entry["style"], file=entry.get("file", "icons.json"), backdrop=entry.get("backdrop", ""))


def _concept(row: int, entry: Mapping[str, Any], behaviour: Mapping[str, Any], hidden: set[str], sets: Mapping[str, ArtSet]) -> Concept:
    name, group = entry["name"], entry["group"]
    manner = behaviour["name"].get(name) or behaviour["group"].get(group) or behaviour["default"]
    drawings = {owner: tuple(_drawing(owner, facts, sets[owner].style) for facts in found) for owner, found in entry["art"].items()}
    return Concept(
        row=row,
        name=name,
        group=group,
        flag=entry["flag"] or ("scene" if name in hidden else ""),
        en=tuple(entry["en"]),
        zh=tuple(entry["zh"]),
        art={set_id: found[0] for set_id, found in drawings.items()},
        scale=float(manner["scale"]),
        stands=str(manner["stands"]),
        bust="house" not in drawings and _bust(name, group, behaviour["busts"]),
        variants={set_id: found[1:] for set_id, found in drawings.items() if len(found) > 1},
        names=tuple(entry["as"]),
        height=_height(name, group, behaviour["height"]),
    )


def _bust(name: str, group: str, busts: Mapping[str, Any]) -> bool:
    return name in busts["names"] or (group.startswith("person") and name not in busts["whole"])


def _height(name: str, group: str, known: Mapping[str, Any]) -> float:
    own = known.get(name)
    return float(own if isinstance(own, float) else known["group"].get(group, 0.0))


def _drawing(set_id: str, facts: Sequence[Any], style: str) -> Drawing:
    """facts: icon, [x0, y0, x1, y1, foot x0, foot x1, ink] in thousandths, "#rrggbb#rrggbb"."""
    icon, place, colours = facts
    x0, y0, x1, y1, left, right, ink = (value / 1000 for value in place)
    found = tuple(colours[i : i + 7] for i in range(0, len(colours), 7))
    return Drawing(set_id, icon, (x0, y0, x1, y1), (left, right), ink, found, style == "silhouette", style == "duotone")
