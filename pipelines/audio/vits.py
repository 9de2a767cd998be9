"""VITS through transformers: Meta's MMS voices, one language each, and others of the kind.

Source: Kim, Kong and Son, 2021 (VITS); Pratap et al., 2023 (MMS, weights CC-BY-NC-4.0). A network that needs a phonemizer or a
romanizer beside it is refused: those are not part of this studio.
Loaded within the Weights of networks.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from domain.errors import ModelUnusable
from domain.said import Said
from pipelines.audio.networks import Utterance
from pipelines.media.sound import Samples


@dataclass(frozen=True)
class _Engine:
    model: Any
    tokenizer: Any


class Vits:
    label = "VITS"
    version = 1
    longest = None
    paced = True
    clones = False

    def load(self, folder: Path) -> _Engine:
        import torch
        from transformers import VitsModel, VitsTokenizer

        tokenizer = VitsTokenizer.from_pretrained(str(folder), local_files_only=True)
        model = VitsModel.from_pretrained(str(folder), local_files_only=True, use_safetensors=True, dtype=torch.float32)
        needs = Said.of("a phonemizer") if tokenizer.phonemize else Said.of("a romanizer") if tokenizer.is_uroman else None
        if needs is not None:
            hint = "Use a VITS model that reads letters, as most of MMS do."
            raise ModelUnusable("{model} needs {needs} beside it.", hint=hint, model=folder.name, needs=needs)
        return _Engine(model.eval(), tokenizer)

    def say(self, engine: _Engine, said: Utterance) -> tuple[Samples, int] | None:
        inputs = engine.tokenizer(said.text, return_tensors="pt")
        if not (inputs["input_ids"] != 0).any():
            return None
        several = engine.model.config.num_speakers > 1
        speaker = int(said.voice.id or 0) if several else None
        made = engine.model(**inputs, speaker_id=speaker, speaking_rate=said.speed)
        return made.waveform[0].numpy(), int(engine.model.config.sampling_rate)
