"""English speech by hibari: an 8 MB network with its own grapheme-to-phoneme rules, far faster than real time on one core.

Source of the engine and of its voice: PyPI hibari-tts (Apache-2.0). Only the voice inside the package is used: nothing is
downloaded from here.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from domain.capability import Capability, StepKind
from domain.errors import EngineFailed, ModelUnusable
from domain.progress import Progress
from domain.recipe import ModelRef, Output, Work
from domain.value import JsonValue
from pipelines.audio import speech
from pipelines.audio import text as speakable
from pipelines.audio.normal import Normaliser
from pipelines.audio.speech import Piece, SpeechRequest
from pipelines.audio.voices import Voice, VoiceCatalogue
from pipelines.devices import Devices, Weights
from pipelines.media.sound import Samples
from pipelines.models.store import ModelStore

MODEL = "hibari"
#: Network, lexicons, tagger and the runtime's arena, as measured resident memory.
_FOOTPRINT = 160_000_000


class HibariPipeline:
    """kind speech, name "hibari"."""

    kind = StepKind.SPEECH
    name = "hibari"
    version = 3

    def __init__(self, store: ModelStore, devices: Devices, assets: Path) -> None:
        self._store = store
        self._devices = devices
        self._voices = VoiceCatalogue.read(assets / "voices.toml")
        self._normaliser = Normaliser(assets)

    def capability(self) -> Capability | None:
        if not self._store.ready(MODEL):
            return None
        return speech.capability(self.name, (MODEL,), self._voices, "instant English speech")

    def voices(self) -> tuple[Voice, ...]:
        """The voices a person may choose from."""
        return self._voices.of(self.name)

    def models(self, parameters: Mapping[str, JsonValue]) -> tuple[ModelRef, ...]:
        return (self._store.ref(MODEL),)

    def generate(self, works: Sequence[Work], progress: Progress) -> list[Output]:
        return [self._speak(work, progress) for work in works]

    def _speak(self, work: Work, progress: Progress) -> Output:
        started = time.monotonic()
        # 1. Read and check what is asked.
        request = SpeechRequest.read(work.recipe.parameters, self._normaliser)
        voice = self._voice(request)
        speakable.require_readable(request.plain, frozenset({"en"}), self.name)
        # 2. Load once, for everybody.
        with self._devices.acquire(self._weights(voice)) as engine:
            # 3. Split into sentences as hibari does, and speak each.
            pieces = self._pieces(engine, request.text)
            seed = work.recipe.seed
            queue = [(piece, self._utter(engine, piece, request.speed, seed + index)) for index, piece in enumerate(pieces)]
            samples = speech.spoken(queue, request.speed, progress, self.name)
        # 4. Level and pack.
        trace = speech.trace(started, ("hibari-tts", "onnxruntime"), "int8")
        return speech.finished(samples, work.recipe, request, {"voice": voice.name, "sentences": len(pieces)}, trace)

    def _voice(self, request: SpeechRequest) -> Voice:
        default = self._voices.default(request.language, self.name)
        return self._voices.get(request.voice, self.name) if request.voice else default

    def _pieces(self, engine: Any, text: str) -> list[Piece]:
        pieces = []
        for paragraph in text.split("\n"):
            spoken = [Piece(text=line) for line in engine.split_sentences(paragraph) if any(c.isalnum() for c in line)]
            if spoken:
                pieces += [*spoken[:-1], spoken[-1].model_copy(update={"ends_paragraph": True})]
        return pieces

    def _utter(self, engine: Any, piece: Piece, speed: float, seed: int) -> Iterator[Samples]:
        """Yields nothing for a sentence without sounds (a lone symbol)."""
        try:
            for number, phonemes in enumerate(engine.phonemize(piece.text)):
                samples = engine.from_phonemes(phonemes, speed=speed, seed=seed * 64 + number)
                if samples.size:
                    yield samples
        except (RuntimeError, ValueError, KeyError, IndexError) as error:
            told, words = "{engine} could not speak {words}: {error}.", repr(piece.text[:60])
            hint = "Rephrase it, or use a Kokoro voice."
            raise EngineFailed(told, hint=hint, engine="hibari", words=words, error=error) from error

    def _weights(self, voice: Voice) -> Weights[Any]:
        def load() -> Any:
            try:
                from hibari import Hibari
            except ImportError as error:
                raise ModelUnusable("The package hibari-tts is not installed.", hint="Run `make run` once more.") from error
            # One thread: the network is small, and a pool that spins would starve whatever else runs.
            return Hibari(voice=voice.id, threads=1)

        return Weights(key=f"hibari/{voice.id}", footprint=_FOOTPRINT, load=load)
