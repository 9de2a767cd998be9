"""CSM through transformers: speech that goes on from what a speaker said before.

Source: sesame/csm-1b (Apache-2.0). It has no voices of its own: a speaker is invented by the seed, or taken over from a recording with
what is said in it.
Loaded within the Weights of networks.py.
"""

from __future__ import annotations

from math import ceil
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.audio.networks import Generator, Utterance, cancellable, most_seconds, resampled
from pipelines.audio.pieces import Longest
from pipelines.audio.speech import RATE
from pipelines.media.sound import Samples


class Csm:
    label = "CSM"
    version = 1
    longest = Longest(latin=170, han=50)
    paced = False
    clones = True

    def load(self, folder: Path) -> Generator:
        import torch
        from transformers import CsmForConditionalGeneration, CsmProcessor

        processor = CsmProcessor.from_pretrained(str(folder), local_files_only=True)
        model = CsmForConditionalGeneration.from_pretrained(str(folder), local_files_only=True, use_safetensors=True, dtype=torch.float32)
        codec = model.config.codec_config
        return Generator(model.eval(), processor, int(codec.sampling_rate), float(codec.frame_rate))

    def say(self, engine: Generator, said: Utterance) -> tuple[Samples, int]:
        words: dict[str, Any] = {"type": "text", "text": said.text}
        turns: list[dict[str, Any]] = [{"role": said.voice.id, "content": [words]}]
        if said.reference is not None:
            before = resampled(said.reference.samples, RATE, engine.rate)
            heard: list[dict[str, Any]] = [{"type": "text", "text": said.reference.text}, {"type": "audio", "audio": before}]
            turns.insert(0, {"role": said.voice.id, "content": heard})
        inputs = engine.processor.apply_chat_template(turns, tokenize=True, return_dict=True, return_tensors="pt")
        most = ceil(most_seconds(said.text) * engine.frames)
        made = engine.model.generate(**inputs, output_audio=True, max_new_tokens=most, logits_processor=cancellable(said.check))
        return np.asarray(made[0].float().numpy(), np.float32), engine.rate
