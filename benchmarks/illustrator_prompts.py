"""The 200 prompts and 1,000 nouns the illustrator is measured on, and the real way from a prompt to a picture.

The way is the product's: agents/writers/scene.py makes a scene of the words, pipelines/image/illustrator.py draws it. Knows nothing of
measuring.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from agents.writers.calls import Desk
from agents.writers.scene import prepare_scene
from domain.capability import StepKind
from domain.chat import ChatModel
from domain.context import StepContext
from domain.progress import CancelToken, Silent
from domain.recipe import Output, Recipe, Work
from domain.scene import Scene
from domain.specs import PictureSpec
from pipelines.devices import Devices
from pipelines.image.illustration.search import Match, normalise, singular
from pipelines.image.illustrator import Illustrator
from pipelines.models.catalogue import Catalogue
from pipelines.models.store import ModelStore
from pipelines.worker import InstalledEmbedder

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(__file__).resolve().parent / "data"
CHAT = "qwen2.5-coder-1.5b-instruct-q4"
#: Longer side of a measured picture, in pixels; the scene is made for the size that was asked.
SIDE = 720
#: A search scores at least this when the whole phrase is a drawing's name.
WHOLE = 0.92
#: Colours that the fixed file asks of things although the words of their prompts name none: not counted as asked.
NOT_ASKED = frozenset(
    {("m005", "coffee"), ("m046", "cake"), ("m047", "lemon"), ("m048", "carrot"), ("m050", "sunflower"), ("m057", "snowman")}
)


@dataclass(frozen=True)
class Wanted:
    """A thing a picture must show. least: `count` or more. colour: a name of the prompts' [colours], "" where none was asked."""

    what: str
    count: int = 1
    least: bool = False
    colour: str = ""


@dataclass(frozen=True)
class Prompt:
    """settings: any of these is right, empty where the words name none. space: side to be kept free, "" for none."""

    id: str
    domain: str
    language: str
    kind: str
    size: tuple[int, int]
    level: int
    prompt: str
    subjects: tuple[Wanted, ...]
    settings: tuple[str, ...]
    space: str

    def drawn_size(self, side: int = SIDE) -> tuple[int, int]:
        """The asked proportions, at most `side` long and at least 64."""
        wide, high = self.size
        share = min(1.0, side / max(wide, high))
        return max(64, round(wide * share)), max(64, round(high * share))


@cache
def prompts() -> tuple[Prompt, ...]:
    return tuple(_prompt(entry) for entry in _read("prompts.toml")["prompts"])


@cache
def unseen() -> tuple[Prompt, ...]:
    """Wishes that are none of the 200, written down with their things before they were drawn for the first time."""
    return tuple(_prompt(entry) for entry in _read("unseen.toml")["prompts"])


@cache
def colours() -> dict[str, str]:
    """Colour names of the prompts, as "#rrggbb"."""
    return dict(_read("prompts.toml")["colours"])


@cache
def nouns() -> dict[str, tuple[str, ...]]:
    """By category."""
    return {name: tuple(words) for name, words in _read("nouns.toml").items()}


@cache
def wordings() -> tuple[tuple[str, ...], ...]:
    """Groups of five wordings of one wish."""
    return tuple(tuple(entry["wordings"]) for entry in _read("wordings.toml")["wish"])


@cache
def palettes() -> dict[str, tuple[str, ...]]:
    """Brand palettes by name, "#rrggbb"."""
    return {name: tuple(colours) for name, colours in _read("palettes.toml")["palettes"].items()}


@cache
def readers_words() -> dict[str, tuple[str, ...]]:
    """What a person may rightly call a requested thing when they see it."""
    return {name: tuple(words) for name, words in _read("readers_words.toml")["words"].items()}


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((DATA / name).read_text("utf-8"))


def _prompt(entry: Mapping[str, Any]) -> Prompt:
    return Prompt(
        id=entry["id"],
        domain=entry["domain"],
        language=entry["language"],
        kind=entry["kind"],
        size=(entry["size"][0], entry["size"][1]),
        level=entry["level"],
        prompt=entry["prompt"],
        subjects=tuple(_wanted(entry["id"], subject) for subject in entry["subjects"]),
        settings=tuple(entry["settings"]),
        space=entry["space"],
    )


def _wanted(prompt: str, entry: Mapping[str, Any]) -> Wanted:
    kept = {name: value for name, value in entry.items() if name != "colour" or (prompt, entry["what"]) not in NOT_ASKED}
    return Wanted(**kept)


class Studio:
    """What is needed to make a picture of a prompt, on this machine's installed models. chat: with the chat model, else rules alone."""

    def __init__(self, cache_folder: Path, chat: bool = False) -> None:
        self.store = ModelStore(Catalogue.read(ROOT / "assets" / "models.toml"), cache_folder)
        self.devices = Devices(3_000_000_000)
        self.illustrator = Illustrator(self.store, InstalledEmbedder(self.store, self.devices), ROOT / "assets")
        ready = self.illustrator.library.ready()
        self.everything, self._colourful = frozenset(s.id for s in ready), frozenset(s.id for s in ready if s.colourful)
        self._desk = Desk(ROOT / "assets")
        self._chat = self._model() if chat else None
        self._named: dict[str, frozenset[str]] = {}

    def scene(self, prompt: str, size: tuple[int, int]) -> Scene:
        """Raises what prepare_scene raises."""
        context = StepContext(spec=PictureSpec(about=prompt, width=size[0], height=size[1]))
        return prepare_scene(context, self._chat, CancelToken(), self._desk)

    def draw(self, scene: Scene, size: tuple[int, int], seed: int, cutout: bool = False) -> Output:
        """cutout: with the things alone on nothing as a second picture. Raises what the illustrator raises."""
        parameters: dict[str, Any] = {"scene": scene.model_dump(mode="json"), "width": size[0], "height": size[1]}
        parameters |= {"exports": ["cutout"]} if cutout else {}
        recipe = Recipe(kind=StepKind.PICTURE, maker=self.illustrator.name, maker_version=1, parameters=parameters, seed=seed)
        return self.illustrator.generate([Work(recipe)], Silent())[0]

    def named(self, noun: str) -> frozenset[str]:
        """Names of the drawings that the library has by this name, "Y" for "X of Y"; empty when it has none."""
        if noun not in self._named:
            self._named[noun] = by_name(noun, self._matches(noun.rpartition(" of ")[2]))
        return self._named[noun]

    def loosely(self, noun: str) -> frozenset[str]:
        """Names of the drawings that the search takes for this noun outright, by keywords and last words too: not told as substitutions."""
        return frozenset(m.concept.name for m in self._matches(noun))

    def _matches(self, noun: str) -> list[Match]:
        """By all the art, and by the art in many colours alone, as a picture is cast: a kind of the thing may be found only there."""
        search = self.illustrator.searcher()
        return [m for sets in (self.everything, self._colourful) for m in search.find(noun, sets, 12) if m.exact]

    def _model(self) -> ChatModel:
        from pipelines.text.llamacpp import LlamaCppChat

        gguf = next(self.store.folder(CHAT).glob("*.gguf"))
        return LlamaCppChat(gguf, self.store.ref(CHAT), self.devices, slots=1, threads=1)


def by_name(noun: str, found: Sequence[Match]) -> frozenset[str]:
    """Names among what was found that are the noun's own.

    A keyword or the last word of a longer name does not count ("hot air balloon" is no balloon), unless the drawing's name ends in the
    noun ("spiral shell" is a shell).
    """
    return frozenset(m.concept.name for m in found if m.score >= WHOLE or own_name(noun, m.concept.name))


def own_name(noun: str, name: str) -> bool:
    """Whether a drawing's name is the noun or ends in it; "heart with arrow" is no arrow."""
    plain, said = singular(normalise(noun.rpartition(" of ")[2])), singular(normalise(name))
    return f" {said}".endswith(f" {plain}") and " with " not in said


def seed_of(prompt: Prompt) -> int:
    """Fixed by the prompt's number, so that every run draws the same pictures."""
    return int(prompt.id[1:]) + (1000 if prompt.domain == "game" else 0)
