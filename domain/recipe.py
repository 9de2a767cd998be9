"""Everything that makes one output again (Recipe), what a pipeline is handed (Work), gives back (Output) and cost (Trace)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from domain.capability import StepKind
from domain.value import JsonValue, Value, canonical_json, content_hash


class ModelRef(Value):
    """A model is its content hash: sha256 over the sorted hashes of its files, or of its single file."""

    id: str
    sha256: str = ""


class InputRef(Value):
    """One input asset by content, in a role."""

    role: str
    sha256: str
    media_type: str
    asset_id: str = ""


class Recipe(Value):
    """Frozen. Re-run alone on the same device and package versions it gives the same decoded content.

    prompt: the words a person would recognise and edit (a prompt, the spoken text, the subject of a scene).
    parameters: the prepared step: everything else the maker reads (a scene, a score, limits, sampling, size).
    """

    kind: StepKind
    maker: str
    maker_version: int
    models: tuple[ModelRef, ...] = ()
    prompt: str = ""
    parameters: dict[str, JsonValue] = {}
    seed: int = 0
    inputs: tuple[InputRef, ...] = ()

    @property
    def sha256(self) -> str:
        return content_hash(canonical_json(self.model_dump(mode="json")))


@dataclass(frozen=True)
class InputFile:
    """An input asset opened for a maker: where its bytes lie, read-only."""

    role: str
    path: Path
    media_type: str


@dataclass(frozen=True)
class Work:
    """A Recipe plus its opened input files."""

    recipe: Recipe
    inputs: tuple[InputFile, ...] = ()

    def all(self, role: str) -> tuple[InputFile, ...]:
        return tuple(i for i in self.inputs if i.role == role)


class Credit(Value):
    """Someone whose licensed work is inside an output. share says what it is ("fox, vector art")."""

    title: str
    author: str = ""
    licence: str
    source: str


@dataclass(frozen=True)
class OutputFile:
    """One file of an output: its bytes, or the path where a worker wrote them for the caller to move away.

    name is a bare file name with its extension ("picture.svg"). data is empty where path is given. sha256: of a file that lies at
    path, as whoever wrote it counted; "" unknown.
    """

    name: str
    media_type: str
    data: bytes = field(default=b"", repr=False)
    path: Path | None = None
    sha256: str = ""

    def read(self) -> bytes:
        return self.data if self.path is None else self.path.read_bytes()


class Trace(Value):
    """How an asset was in fact made. Apart from its Recipe: it never decides what comes out.

    stages: seconds by stage ("queue", "prepare", "load", "make", "store"). joules: energy of the run, None where unreadable.
    """

    device: str = "cpu"
    dtype: str = ""
    attention: str = ""
    memory_mode: str = "full"
    batch: int = 1
    versions: dict[str, str] = {}
    candidates: int = 1
    seconds: float = 0.0
    peak_bytes: int = 0
    stages: dict[str, float] = {}
    joules: float | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Output:
    """What a maker gives back: the main file first, then companions (the SVG of a PNG, a MIDI of a WAV).

    facts: small measured facts kept on the asset and read by checks ("seconds", "lufs", "width", "words").
    """

    files: tuple[OutputFile, ...]
    trace: Trace
    credits: tuple[Credit, ...] = ()
    facts: Mapping[str, JsonValue] = field(default_factory=dict)

    @property
    def main(self) -> OutputFile:
        return self.files[0]


class Measurement(Value):
    """What one run cost: the basis of every estimate. size is what the cost grows with (pixels, characters, seconds).

    seconds: preparing and making, without waiting in the queue and, for a batch, this output's share. load_seconds: of these,
    spent loading weights. stages: see Trace. joules: None where energy cannot be read.
    plan_id and person: whose budget it counts against.
    """

    kind: StepKind
    maker: str
    model: str
    device: str
    size: float
    seconds: float
    steps: int = 0
    batch: int = 1
    load_seconds: float = 0.0
    stages: dict[str, float] = {}
    joules: float | None = None
    peak_bytes: int = 0
    plan_id: str = ""
    person: str = ""
