"""Dia through transformers: lively dialogue speech, with the codec DAC in the folder `codec` of the model's folder.

Source: nari-labs/Dia-1.6B-0626 (Apache-2.0), descript/dac_44khz (MIT). It has no voices of its own: a speaker is invented by the seed,
or taken over from a recording with what is said in it.
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

_CODEC = "codec"


class Dia:
    label = "Dia"
    version = 1
    longest = Longest(latin=170, han=50)
    paced = False
    clones = True

    def load(self, folder: Path) -> Generator:
        import torch
        from transformers import DacModel, DiaFeatureExtractor, DiaForConditionalGeneration, DiaProcessor, DiaTokenizer

        given: dict[str, Any] = {"local_files_only": True, "use_safetensors": True, "dtype": torch.float32}
        # The published processor names its codec by a repository; it is read from the folder beside it, never from the network.
        codec = DacModel.from_pretrained(str(folder / _CODEC), **given).eval()
        hears = DiaFeatureExtractor.from_pretrained(str(folder), local_files_only=True)
        tokenizer = DiaTokenizer.from_pretrained(str(folder), local_files_only=True)
        model = DiaForConditionalGeneration.from_pretrained(str(folder), **given).eval()
        rate = int(codec.config.sampling_rate)
        processor = DiaProcessor(feature_extractor=hears, tokenizer=tokenizer, audio_tokenizer=codec)
        return Generator(model, processor, rate, rate / int(codec.config.hop_length))

    def say(self, engine: Generator, said: Utterance) -> tuple[Samples, int]:
        text, given, start = f"{said.voice.id} {said.text}", {}, None
        if said.reference is not None:
            text = f"{said.voice.id} {said.reference.text} {text}"
            given = {"audio": [resampled(said.reference.samples, RATE, engine.rate)]}
        inputs = engine.processor(text=[text], text_kwargs={"padding": False}, **given)
        if said.reference is not None:
            start = engine.processor.get_audio_prompt_len(inputs["decoder_attention_mask"])
        delay = max(engine.model.config.delay_pattern)
        most = ceil(most_seconds(said.text) * engine.frames) + delay
        codes = engine.model.generate(**inputs, max_new_tokens=most, logits_processor=cancellable(said.check))
        made = engine.processor.batch_decode(codes, audio_prompt_len=start)[0]
        return np.asarray(made.float().numpy(), np.float32).reshape(-1), engine.rate
