"""Expressive speech by Bark through transformers, from a folder of the store (pulled from a hub or given by a person).

Source: suno/bark and suno/bark-small (MIT). Bark invents prosody, laughter and accent; it keeps to the text less strictly than the
other engines and has no speed control. Only safetensors weights are loaded.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from domain.capability import Capability, StepKind
from domain.errors import EngineFailed, ModelUnusable, OutOfMemory
from domain.progress import Progress
from domain.recipe import ModelRef, Output, Work
from domain.value import JsonValue
from pipelines.audio import speech
from pipelines.audio.bark_prompts import Prompt, SpeakerPrompts
from pipelines.audio.bark_stages import Line, Stages
from pipelines.audio.normal import Normaliser
from pipelines.audio.pieces import Longest, by_utterance
from pipelines.audio.speech import Piece, SpeechRequest
from pipelines.audio.voices import Voice, VoiceCatalogue
from pipelines.devices import Devices, Mode, Weights
from pipelines.media.sound import Samples
from pipelines.models.store import ModelStore
from pipelines.packing import pack
from pipelines.pipeline import Company
from pipelines.placement import placed

MODEL = "bark-small"

#: One utterance of Bark lasts at most about 14 seconds.
_LONGEST = Longest(latin=170, han=50)
#: Lines made in one go on the CPU and on a GPU, and how long it pays to wait for another one, in seconds.
_TOGETHER, _TOGETHER_ON_GPU, _WAIT = 4, 16, 0.5
#: Tokens of a text that Bark sees.
_TOKENS = 256


@dataclass(frozen=True)
class _Engine:
    model: Any
    tokenizer: Any
    mode: str


@dataclass(frozen=True)
class _Order:
    """A work, read. prompt: None where Bark chooses a speaker by the seed."""

    request: SpeechRequest
    voice: str
    prompt: Prompt | None
    pieces: tuple[Piece, ...]
    seed: int


class BarkPipeline:
    """kind speech, name "bark". model: "bark" or "bark-small". device: "cpu" or "cuda"; half precision where the device computes in it."""

    kind = StepKind.SPEECH
    name = "bark"
    version = 4

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
        """The speaker prompts there are. Without any, Bark invents a speaker from the seed: leave the voice empty."""
        held = SpeakerPrompts(self._store.folder(self._model)).names
        return tuple(voice for voice in self._voices.of(self.name) if voice.id in held)

    def models(self, parameters: Mapping[str, JsonValue]) -> tuple[ModelRef, ...]:
        return (self._store.ref(self._model),)

    def company(self, parameters: Mapping[str, JsonValue]) -> Company | None:
        """Lines of any speakers, each with its own prompt and seed."""
        return Company(f"bark/{self._model}", self._together, _WAIT)

    @property
    def _together(self) -> int:
        return _TOGETHER_ON_GPU if self._device.startswith("cuda") else _TOGETHER

    def generate(self, works: Sequence[Work], progress: Progress) -> list[Output]:
        started = time.monotonic()
        # 1. Read and check what is asked; texts to pieces of one utterance.
        orders = [self._order(work) for work in works]
        queue = [(order, piece, order.seed + index) for order in orders for index, piece in enumerate(order.pieces)]
        # 2. Load once, for everybody, and speak the pieces of all of them, several at a time.
        found: list[Samples] = []
        with self._devices.acquire(self._weights(), "auto", progress.check) as engine:
            dtype = str(engine.model.dtype).removeprefix("torch.")
            for first in range(0, len(queue), self._together):
                progress.report(first / len(queue), f"speaking {first + 1}/{len(queue)}")
                found += self._spoken(engine, queue[first : first + self._together], progress)
            mode = engine.mode
        # 3. Join, level and pack each.
        spoken = iter(found)
        outputs = []
        for work, order in zip(works, orders, strict=True):
            parts = [(piece, iter([next(spoken)])) for piece in order.pieces]
            samples = speech.spoken(parts, 1.0, progress, self.name)
            slow = order.request.speed != 1.0
            notes = ("Bark speaks at its own pace: the speed asked for was not applied.",) if slow else ()
            trace = speech.trace(started, ("transformers", "torch"), dtype, notes, self._device).model_copy(update={"memory_mode": mode})
            facts: dict[str, JsonValue] = {"voice": order.voice or "unprompted", "sentences": len(order.pieces)}
            outputs.append(speech.finished(samples, work.recipe, order.request, facts, trace))
        return outputs

    def _order(self, work: Work) -> _Order:
        request = SpeechRequest.read(work.recipe.parameters, self._normaliser)
        self._voices.default(request.language, self.name)
        prompts = SpeakerPrompts(self._store.folder(self._model))
        voice = self._voice(prompts, request)
        return _Order(request, voice, prompts.get(voice) if voice else None, tuple(by_utterance(request.plain, _LONGEST)), work.recipe.seed)

    def _voice(self, prompts: SpeakerPrompts, request: SpeechRequest) -> str:
        """The speaker prompt's name; "" lets Bark choose a speaker by the seed."""
        if request.voice:
            return request.voice
        own = sorted(name for name in prompts.names if f"{request.language.split('-')[0]}_speaker" in name)
        return next((name for name in own if name.startswith("v2/")), own[0] if own else "")

    def _spoken(self, engine: _Engine, queue: Sequence[tuple[_Order, Piece, int]], progress: Progress) -> list[Samples]:
        """One recording per piece. Raises EngineFailed, OutOfMemory, Cancelled."""
        import torch

        most = int(engine.model.generation_config.semantic_config["max_new_tokens"])
        try:
            lines = [Line(self._tokens(engine, piece.text), order.prompt, seed, most) for order, piece, seed in queue]
            stages = Stages(engine.model, self._device, progress.check, stagewise=engine.mode == "model_offload")
            return stages.speak(lines)
        except torch.cuda.OutOfMemoryError as error:
            raise OutOfMemory("Bark does not fit in the memory of this device.", hint="Use bark-small, or the CPU.") from error
        except (RuntimeError, ValueError, IndexError) as error:
            told, words = "{engine} could not speak {words}: {error}.", repr(queue[0][1].text[:60])
            hint = "Rephrase it, or try another seed."
            raise EngineFailed(told, hint=hint, engine="Bark", words=words, error=error) from error

    def _tokens(self, engine: _Engine, text: str) -> list[int]:
        return list(engine.tokenizer(text, add_special_tokens=False)["input_ids"])[:_TOKENS]

    def _weights(self) -> Weights[_Engine]:
        folder = self._store.folder(self._model)
        size = sum(file.stat().st_size for file in folder.glob("*.safetensors"))
        # One of Bark's three stages is on the GPU at a time, and the files hold numbers of twice the width used there.
        offload = Mode("model_offload", footprint=size // 2, load=lambda: self._load(folder, "model_offload"), host=size // 2)
        return Weights(
            key=f"{self._model}/{folder}/{self._device}",
            footprint=max(size, 1) * 2,
            load=lambda: self._load(folder, "full"),
            device=self._device,
            modes=(offload,) if self._device.startswith("cuda") else (),
        )

    def _load(self, folder: Path, mode: str) -> _Engine:
        try:
            import torch
            from transformers import AutoTokenizer, BarkModel
        except ImportError as error:
            raise ModelUnusable("The packages torch and transformers are not installed.", hint="Run `make run` once more.") from error
        device, half = placed(self._device, bfloat16_on_cpu=True)
        try:
            model = BarkModel.from_pretrained(str(folder), local_files_only=True, use_safetensors=True, dtype=getattr(torch, half))
            tokenizer = AutoTokenizer.from_pretrained(str(folder), local_files_only=True)
        except (OSError, ValueError, RuntimeError) as error:
            hint = "It needs config.json, generation_config.json, tokenizer files and safetensors weights."
            told = "The folder of {model} cannot be loaded as {family}: {error}."
            raise ModelUnusable(told, hint=hint, model=self._model, family="Bark", error=str(error).rstrip(".")) from error
        model.eval()
        # The codec takes a thousandth of the time, and half precision is heard in it.
        model.codec_model.float()
        if mode == "full":
            model.to(device)
            if device == "cpu":
                pack(model)
        return _Engine(model, tokenizer, mode)
