"""Expressive speech by Bark through transformers, from a folder of the store (pulled from a hub or given by a person).

Source: suno/bark and suno/bark-small (MIT). Bark invents prosody, laughter and accent; it keeps to the text less strictly than the
other engines and has no speed control. Only safetensors weights are loaded.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from domain.capability import Capability, StepKind
from domain.errors import EngineFailed, InputError, ModelUnusable, OutOfMemory
from domain.progress import Progress
from domain.recipe import ModelRef, Output, Work
from domain.value import JsonValue
from pipelines.audio import speech
from pipelines.audio import text as speakable
from pipelines.audio.normal import Normaliser
from pipelines.audio.speech import Piece, SpeechRequest
from pipelines.audio.voices import Voice, VoiceCatalogue
from pipelines.devices import Devices, Mode, Weights
from pipelines.media.sound import Samples
from pipelines.models.store import ModelStore
from pipelines.packing import pack

MODEL = "bark-small"

#: One utterance of Bark lasts at most about 14 seconds: this many letters, or Han characters.
_LONGEST_LATIN = 170
_LONGEST_HAN = 50


@dataclass(frozen=True)
class _Engine:
    model: Any
    processor: Any
    presets: frozenset[str]
    mode: str


class BarkPipeline:
    """kind speech, name "bark". model: "bark" or "bark-small". device: "cpu" or "cuda"; half precision is used on CUDA only."""

    kind = StepKind.SPEECH
    name = "bark"
    version = 3

    def __init__(self, store: ModelStore, devices: Devices, assets: Path, model: str = MODEL, device: str = "cpu") -> None:
        self._store = store
        self._devices = devices
        self._voices = VoiceCatalogue.read(assets / "voices.toml")
        self._normaliser = Normaliser(assets)
        self._model = model
        self._device = device

    def capability(self) -> Capability | None:
        if not self._store.ready(self._model):
            return None
        return speech.capability(self.name, (self._model,), self._voices, "expressive speech with laughter and breath")

    def voices(self) -> tuple[Voice, ...]:
        """The speaker prompts this folder holds. Without any, Bark invents a speaker from the seed: leave the voice empty."""
        file = self._store.folder(self._model) / "speaker_embeddings_path.json"
        held = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
        return tuple(voice for voice in self._voices.of(self.name) if voice.id in held)

    def models(self, parameters: Mapping[str, JsonValue]) -> tuple[ModelRef, ...]:
        return (self._store.ref(self._model),)

    def generate(self, works: Sequence[Work], progress: Progress) -> list[Output]:
        return [self._speak(work, progress) for work in works]

    def _speak(self, work: Work, progress: Progress) -> Output:
        started = time.monotonic()
        # 1. Read and check what is asked.
        request = SpeechRequest.read(work.recipe.parameters, self._normaliser)
        self._voices.default(request.language, self.name)
        pieces = _pieces(request.plain)
        # 2. Load once, for everybody.
        with self._devices.acquire(self._weights(), "auto", progress.check) as engine:
            preset = self._preset(engine, request)
            # 3. Speak piece by piece, all with the same speaker.
            seed = work.recipe.seed
            queue = [(piece, self._utter(engine, piece, preset, seed + index, progress)) for index, piece in enumerate(pieces)]
            samples = speech.spoken(queue, 1.0, progress, self.name)
        # 4. Level and pack.
        notes = ("Bark speaks at its own pace: the speed asked for was not applied.",) if request.speed != 1.0 else ()
        dtype = "float16" if self._device.startswith("cuda") else "float32"
        trace = speech.trace(started, ("transformers", "torch"), dtype, notes, self._device).model_copy(update={"memory_mode": engine.mode})
        return speech.finished(samples, work.recipe, request, {"voice": preset or "unprompted", "sentences": len(pieces)}, trace)

    def _preset(self, engine: _Engine, request: SpeechRequest) -> str:
        """The speaker prompt's name; "" lets Bark choose a speaker by the seed. Raises InputError for one the folder lacks."""
        if request.voice:
            if request.voice not in engine.presets:
                known = sorted(engine.presets)
                hint = f"It holds {', '.join(known[:6])}." if known else "It holds none: leave the voice empty."
                raise InputError(f"This Bark folder has no speaker prompt {request.voice!r}.", hint=hint, field="voice")
            return request.voice
        own = sorted(name for name in engine.presets if f"{request.language.split('-')[0]}_speaker" in name)
        return own[0] if own else ""

    def _utter(self, engine: _Engine, piece: Piece, preset: str, seed: int, progress: Progress) -> Iterator[Samples]:
        import torch
        from transformers import StoppingCriteriaList

        def watching(tokens: Any, scores: Any, **_: Any) -> Any:
            """Never stops by itself; raises Cancelled between tokens when a person has asked to stop."""
            progress.check()
            return torch.zeros(tokens.shape[0], dtype=torch.bool, device=tokens.device)

        watch = StoppingCriteriaList([watching])
        cards = [torch.cuda.current_device()] if self._device.startswith("cuda") else []
        try:
            inputs = engine.processor(piece.text, voice_preset=preset or None).to(self._device)
            # Bark samples from torch's global generator: borrow it, seeded, and give it back as it was.
            with torch.random.fork_rng(devices=cards):
                torch.manual_seed(seed)
                spoken = engine.model.generate(**inputs, do_sample=True, semantic_stopping_criteria=watch, coarse_stopping_criteria=watch)
        except torch.cuda.OutOfMemoryError as error:
            raise OutOfMemory("Bark does not fit in the memory of this device.", hint="Use bark-small, or the CPU.") from error
        except (RuntimeError, ValueError, IndexError) as error:
            raise EngineFailed(f"Bark could not speak {piece.text[:60]!r}: {error}.", hint="Rephrase it, or try another seed.") from error
        yield np.asarray(spoken.float().cpu().numpy(), np.float32).reshape(-1)

    def _weights(self) -> Weights[_Engine]:
        folder = self._store.folder(self._model)
        size = sum(file.stat().st_size for file in folder.glob("*.safetensors"))

        def load(mode: str) -> _Engine:
            try:
                import torch
                from transformers import AutoProcessor, BarkModel
            except ImportError as error:
                raise ModelUnusable("The packages torch and transformers are not installed.", hint="Run `make run` once more.") from error
            dtype = torch.float16 if self._device.startswith("cuda") else torch.float32
            try:
                model = BarkModel.from_pretrained(str(folder), local_files_only=True, use_safetensors=True, dtype=dtype)
                processor = AutoProcessor.from_pretrained(str(folder), local_files_only=True)
            except (OSError, ValueError, RuntimeError) as error:
                hint = "It needs config.json, generation_config.json, tokenizer files and safetensors weights."
                raise ModelUnusable(f"The folder of {self._model} cannot be loaded as Bark: {error}", hint=hint) from error
            model.eval()
            if mode == "model_offload":
                model.enable_cpu_offload(accelerator_id=torch.device(self._device).index or 0)
            else:
                model.to(self._device)
                if self._device == "cpu":
                    pack(model)
            return _Engine(model, processor, frozenset(processor.available_voice_presets), mode)

        # One of Bark's three stages is on the GPU at a time, and the files hold numbers of twice the width used there.
        offload = Mode("model_offload", footprint=size // 2, load=lambda: load("model_offload"), host=size // 2)
        return Weights(
            key=f"{self._model}/{folder}/{self._device}",
            footprint=max(size, 1) * 2,
            load=lambda: load("full"),
            device=self._device,
            modes=(offload,) if self._device.startswith("cuda") else (),
        )


def _pieces(text: str) -> list[Piece]:
    """Sentences joined up to one utterance; a longer sentence is cut at commas, then at spaces."""
    found: list[Piece] = []
    for paragraph in text.split("\n"):
        longest = _LONGEST_HAN if speakable.has_han(paragraph) else _LONGEST_LATIN
        parts: list[str] = []
        for sentence in speakable.sentences(paragraph):
            for part in _cut(sentence, longest):
                if parts and len(parts[-1]) + len(part) < longest:
                    parts[-1] = f"{parts[-1]} {part}"
                else:
                    parts.append(part)
        if parts:
            found += [*(Piece(text=part) for part in parts[:-1]), Piece(text=parts[-1], ends_paragraph=True)]
    return found


def _cut(sentence: str, longest: int) -> list[str]:
    parts: list[str] = []
    rest = sentence
    while len(rest) > longest:
        window = rest[:longest]
        cut = max((match.end() for match in re.finditer(r"[,;:，；：、]\s*", window)), default=0)
        if cut < longest // 3:
            cut = window.rfind(" ") + 1 or longest
        parts.append(rest[:cut].strip())
        rest = rest[cut:].strip()
    return [*parts, rest] if rest else parts
