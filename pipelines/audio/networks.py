"""Speech by a network through transformers, from a folder of the store. What is one family's own is in its file: vits, speecht5, csm, dia.

Which of them there are is data: entries of the catalogue with the task speech and such a family, and their voices. Only safetensors
weights are loaded. A voice is taken over from a recording only where the family can do that; who may do it is decided by the studio,
which hands over no recording without a consent. Knows nothing of consents.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import gcd
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from domain.capability import Capability, StepKind
from domain.errors import EngineFailed, InputError, LimitError, ModelError, ModelUnusable
from domain.progress import Progress
from domain.recipe import ModelRef, Output, Work
from domain.value import JsonValue
from pipelines.audio import pieces, speech
from pipelines.audio.normal import Normaliser
from pipelines.audio.pieces import Longest
from pipelines.audio.speech import Piece, SpeechRequest
from pipelines.audio.voices import Voice, VoiceCatalogue, taken_over
from pipelines.devices import Devices, Weights
from pipelines.media import sound
from pipelines.media.sound import Samples
from pipelines.models.store import ModelStore

#: Seconds of a recording from which a voice is taken over.
SHORTEST, LONGEST = 1.0, 30.0
REFERENCE = "reference"

#: (recording, language, progress) -> the words that are said in it. Raises ModelMissing without a recogniser.
Hear = Callable[[Path, str, Progress], str]


@dataclass(frozen=True)
class Reference:
    """Something a voice has said before. samples: mono at 24 kHz."""

    text: str
    samples: Samples


@dataclass(frozen=True)
class Utterance:
    """One piece to be said. voice: the catalogue's; its id is the family's own. check raises Cancelled."""

    text: str
    voice: Voice
    speed: float
    reference: Reference | None
    check: Callable[[], None]


@dataclass(frozen=True)
class Generator:
    """What a family that generates frames of sound has loaded. rate: samples a second; frames: of its codec, a second."""

    model: Any
    processor: Any
    rate: int
    frames: float


class Network(Protocol):
    """One family of networks. Stateless.

    label: as a person knows it. version: raised when its output changes. longest: of one utterance, None: one sentence.
    paced: it speaks at a speed. clones: it can take over the voice of a recording, and keeps its own voice through a text that way.
    """

    @property
    def label(self) -> str: ...

    @property
    def version(self) -> int: ...

    @property
    def longest(self) -> Longest | None: ...

    @property
    def paced(self) -> bool: ...

    @property
    def clones(self) -> bool: ...

    def load(self, folder: Path) -> Any:
        """Raises OSError, ValueError, RuntimeError, KeyError for a folder that is not of this family, ModelError for what it needs."""

    def say(self, engine: Any, said: Utterance) -> tuple[Samples, int] | None:
        """Samples and their rate; None where it knows no letter of the text. torch's generator is seeded.

        Raises RuntimeError, ValueError.
        """


class NetworkPipeline:
    """kind speech. model: id of a catalogue entry of the network's family; its name is the engine's, too."""

    kind = StepKind.SPEECH

    def __init__(self, store: ModelStore, devices: Devices, assets: Path, model: str, network: Network, hear: Hear) -> None:
        self._store = store
        self._devices = devices
        self._voices = VoiceCatalogue.read(assets / "voices.toml")
        self._normaliser = Normaliser(assets)
        self._model = model
        self._network = network
        self._hear = hear

    @property
    def name(self) -> str:
        return self._model

    @property
    def version(self) -> int:
        return self._network.version

    @property
    def clones(self) -> bool:
        return self._network.clones

    def capability(self) -> Capability | None:
        if not self._store.ready(self._model):
            return None
        return speech.capability(self.name, (self._model,), self._voices, self._store.catalogue.get(self._model).name)

    def voices(self) -> tuple[Voice, ...]:
        """The voices a person may choose from."""
        return self._voices.of(self.name)

    def models(self, parameters: Mapping[str, JsonValue]) -> tuple[ModelRef, ...]:
        return (self._store.ref(self._model),)

    def generate(self, works: Sequence[Work], progress: Progress) -> list[Output]:
        return [self._speak(work, progress) for work in works]

    def _speak(self, work: Work, progress: Progress) -> Output:
        started = time.monotonic()
        # 1. Read and check what is asked.
        request = SpeechRequest.read(work.recipe.parameters, self._normaliser)
        default = self._voices.default(request.language, self.name)
        cloned = taken_over(request.voice)
        voice = self._voices.get(request.voice, self.name) if request.voice and not cloned else default
        reference = self._reference(work, request, progress) if cloned else None
        longest = self._network.longest
        queue = pieces.by_utterance(request.plain, longest) if longest else pieces.by_sentence(request.plain)
        # 2. Load once, for everybody, and speak piece by piece.
        with self._devices.acquire(self._weights(), "auto", progress.check) as engine:
            parts = self._parts(engine, queue, voice, reference, request.speed, work.recipe.seed, progress)
            samples = speech.spoken(parts, request.speed if self._network.paced else 1.0, progress, self.name)
        # 3. Level and pack.
        slow = request.speed != 1.0 and not self._network.paced
        notes = (f"{self._network.label} speaks at its own pace: the speed asked for was not applied.",) if slow else ()
        facts: dict[str, JsonValue] = {"voice": request.voice if cloned else voice.name, "sentences": len(queue)}
        return speech.finished(
            samples, work.recipe, request, facts, speech.trace(started, ("transformers", "torch"), "float32", notes=notes)
        )

    def _reference(self, work: Work, request: SpeechRequest, progress: Progress) -> Reference:
        """The recording a voice is taken over from, with what is said in it."""
        if not self._network.clones:
            hint = "Speak with a voice of the catalogue."
            raise InputError("{engine} does not take over voices from recordings.", hint=hint, field="voice", engine=self.name)
        given = next(iter(work.all(REFERENCE)), None)
        if given is None:
            hint = "Keep the recording with its consent."
            raise InputError("The recording of the voice {voice} is not here.", hint=hint, field="voice", voice=request.voice)
        samples = sound.trim_silence(sound.decode(given.path, speech.RATE), speech.RATE)
        seconds = len(samples) / speech.RATE
        if not SHORTEST <= seconds <= LONGEST:
            raise LimitError(
                "A voice is taken over from {shortest} to {longest} s of speech; the recording has {seconds} s.",
                hint="Cut it to a few sentences.",
                field="voice",
                shortest=f"{SHORTEST:g}",
                longest=f"{LONGEST:g}",
                seconds=f"{seconds:.1f}",
            )
        words = self._hear(given.path, request.language, progress)
        if not words.strip():
            raise InputError("No words were heard in the recording of the voice.", hint="Use one in which somebody speaks.", field="voice")
        return Reference(text=words.strip(), samples=samples)

    def _parts(
        self, engine: Any, queue: Sequence[Piece], voice: Voice, reference: Reference | None, speed: float, seed: int, progress: Progress
    ) -> list[tuple[Piece, Iterator[Samples]]]:
        """Spoken when they are read, in order. What was said first is what a voice that nobody gave goes on from."""
        held = reference

        def uttered(number: int, piece: Piece) -> Iterator[Samples]:
            nonlocal held
            said = Utterance(text=piece.text, voice=voice, speed=speed, reference=held, check=progress.check)
            samples = self._uttered(engine, said, seed + number)
            if samples is None:
                return
            if held is None and self._network.clones and samples.size:
                held = Reference(text=piece.text, samples=samples)
            yield samples

        return [(piece, uttered(number, piece)) for number, piece in enumerate(queue)]

    def _uttered(self, engine: Any, said: Utterance, seed: int) -> Samples | None:
        """At 24 kHz; None for a piece of which the network knows no letter."""
        import torch

        try:
            # They draw from torch's global generator: borrow it, seeded, and give it back as it was.
            with torch.inference_mode(), torch.random.fork_rng(devices=[]):
                torch.manual_seed(seed)
                made = self._network.say(engine, said)
        except (RuntimeError, ValueError, IndexError) as error:
            raise EngineFailed(
                "{engine} could not speak {words}: {error}.",
                hint="Rephrase it, or use another voice.",
                engine=self.name,
                words=repr(said.text[:60]),
                error=str(error),
            ) from error
        return None if made is None else resampled(*made, speech.RATE)

    def _weights(self) -> Weights[Any]:
        folder = self._store.folder(self._model)
        size = sum(file.stat().st_size for file in folder.rglob("*.safetensors"))
        key = f"{self._model}/{self._store.ref(self._model).sha256[:16]}"
        return Weights(key=key, footprint=max(size, 1) * 2, load=lambda: self._load(folder))

    def _load(self, folder: Path) -> Any:
        try:
            import torch  # noqa: F401
            import transformers  # noqa: F401
        except ImportError as error:
            raise ModelUnusable("The packages torch and transformers are not installed.", hint="Run `make run` once more.") from error
        try:
            return self._network.load(folder)
        except ModelError:
            raise
        except (OSError, ValueError, RuntimeError, KeyError) as error:
            raise ModelUnusable(
                "The folder of {model} cannot be loaded as {family}: {error}.",
                hint="It needs the files that its entry of the catalogue names, and safetensors weights.",
                model=self._model,
                family=self._network.label,
                error=str(error).rstrip("."),
            ) from error


def resampled(samples: Samples, rate: int, to: int) -> Samples:
    """Mono samples at another rate."""
    from scipy.signal import resample_poly

    common = gcd(rate, to)
    return np.asarray(samples if rate == to else resample_poly(samples, to // common, rate // common), np.float32)


def cancellable(check: Callable[[], None]) -> Any:
    """A list of logits processors that changes nothing and hears a cancel at each step of a generation."""
    from transformers import LogitsProcessor, LogitsProcessorList

    class Listening(LogitsProcessor):  # type: ignore[misc]
        def __call__(self, input_ids: Any, scores: Any) -> Any:
            check()
            return scores

    return LogitsProcessorList([Listening()])


def most_seconds(text: str) -> float:
    """So long a text may sound: twice what a slow speaker needs, and a breath. A network that never stops is stopped there."""
    return 2.0 + 2.0 * len(text) / 10.0
