"""Speech by a VITS network through transformers, from a folder of the store: Meta's MMS voices, one language each, and others of the kind.

Source: Kim, Kong and Son, 2021 (VITS); Pratap et al., 2023 (MMS, weights CC-BY-NC-4.0). Which of them there are is data: entries of
the catalogue with the task speech and the family vits, and their voices. Only safetensors weights are loaded. A network that needs a
phonemizer or a romanizer beside it is refused: those are not part of this studio.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import gcd
from pathlib import Path
from typing import Any

import numpy as np

from domain.capability import Capability, StepKind
from domain.errors import EngineFailed, InputError, ModelUnusable
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

FAMILY = "vits"


@dataclass(frozen=True)
class _Engine:
    model: Any
    tokenizer: Any
    rate: int


class VitsPipeline:
    """kind speech. model: id of a catalogue entry of the family vits; its name is the engine's, too."""

    kind = StepKind.SPEECH
    version = 1

    def __init__(self, store: ModelStore, devices: Devices, assets: Path, model: str) -> None:
        self._store = store
        self._devices = devices
        self._voices = VoiceCatalogue.read(assets / "voices.toml")
        self._normaliser = Normaliser(assets)
        self._model = model

    @property
    def name(self) -> str:
        return self._model

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
        voice = self._voices.get(request.voice, self.name) if request.voice else default
        pieces = _pieces(request.plain)
        # 2. Load once, for everybody, and speak sentence by sentence.
        with self._devices.acquire(self._weights(), "auto", progress.check) as engine:
            seed = work.recipe.seed
            queue = [(piece, self._utter(engine, piece, voice, request.speed, seed + n)) for n, piece in enumerate(pieces)]
            samples = speech.spoken(queue, request.speed, progress, self.name)
        # 3. Level and pack.
        facts: dict[str, JsonValue] = {"voice": voice.name, "sentences": len(pieces)}
        return speech.finished(samples, work.recipe, request, facts, speech.trace(started, ("transformers", "torch"), "float32"))

    def _utter(self, engine: _Engine, piece: Piece, voice: Voice, speed: float, seed: int) -> Iterator[Samples]:
        """Yields nothing for a sentence of which the network knows no letter."""
        import torch
        from scipy.signal import resample_poly

        inputs = engine.tokenizer(piece.text, return_tensors="pt")
        if not (inputs["input_ids"] != 0).any():
            return
        several = engine.model.config.num_speakers > 1
        try:
            # VITS draws from torch's global generator: borrow it, seeded, and give it back as it was.
            with torch.inference_mode(), torch.random.fork_rng(devices=[]):
                torch.manual_seed(seed)
                made = engine.model(**inputs, speaker_id=int(voice.id or 0) if several else None, speaking_rate=speed)
        except (RuntimeError, ValueError, IndexError) as error:
            raise EngineFailed(
                f"{self.name} could not speak {piece.text[:60]!r}: {error}.", hint="Rephrase it, or use another voice."
            ) from error
        common = gcd(speech.RATE, engine.rate)
        samples = resample_poly(made.waveform[0].numpy(), speech.RATE // common, engine.rate // common)
        yield np.asarray(samples, np.float32)

    def _weights(self) -> Weights[_Engine]:
        folder = self._store.folder(self._model)
        size = sum(file.stat().st_size for file in folder.glob("*.safetensors"))
        key = f"{self._model}/{self._store.ref(self._model).sha256[:16]}"
        return Weights(key=key, footprint=max(size, 1) * 2, load=lambda: self._load(folder))

    def _load(self, folder: Path) -> _Engine:
        try:
            import torch
            from transformers import VitsModel, VitsTokenizer
        except ImportError as error:
            raise ModelUnusable("The packages torch and transformers are not installed.", hint="Run `make run` once more.") from error
        try:
            tokenizer = VitsTokenizer.from_pretrained(str(folder), local_files_only=True)
            model = VitsModel.from_pretrained(str(folder), local_files_only=True, use_safetensors=True, dtype=torch.float32)
        except (OSError, ValueError, RuntimeError) as error:
            hint = "It needs config.json, vocab.json, tokenizer_config.json and safetensors weights."
            raise ModelUnusable(f"The folder of {self._model} cannot be loaded as VITS: {error}", hint=hint) from error
        needs = "a phonemizer" if tokenizer.phonemize else "a romanizer" if tokenizer.is_uroman else ""
        if needs:
            raise ModelUnusable(f"{self._model} needs {needs} beside it.", hint="Use a VITS model that reads letters, as most of MMS do.")
        return _Engine(model.eval(), tokenizer, int(model.config.sampling_rate))


def _pieces(text: str) -> list[Piece]:
    found: list[Piece] = []
    for paragraph in text.split("\n"):
        spoken = [Piece(text=sentence) for sentence in speakable.sentences(paragraph) if any(c.isalnum() for c in sentence)]
        if spoken:
            found += [*spoken[:-1], spoken[-1].model_copy(update={"ends_paragraph": True})]
    if not found:
        raise InputError("There is nothing to say in this text.", hint="Give it words.", field="text")
    return found
