"""A batch of Bark's lines against one after the other by transformers' `BarkModel.generate`, at random weights of the size of bark-small.

Random weights never end a line by themselves, so each line has as many semantic codes as it may. Speed only: what comes out is noise.
"""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

import numpy as np

CODES = 128
Row = tuple[str, str, str]


def bark_rows(count: int, threads: int, codes: int = CODES) -> list[Row]:
    """count: lines of the batch. Sequential in float32, as it loads by default, and in half precision where this CPU computes in it."""
    import torch

    from pipelines.audio.bark_stages import Stages
    from pipelines.packing import pack
    from pipelines.placement import placed

    torch.set_num_threads(threads)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    _, half = placed(device, bfloat16_on_cpu=True)
    rows: list[Row] = []
    model = _model(device)
    plain = _sequential(model, device, 1 if device == "cpu" else count, codes)
    rows.append((f"Bark, {CODES} codes, one by one by generate, float32", f"{plain:.1f} s a line", f"{threads} threads, {device}"))
    if half != "float32":
        model.to(getattr(torch, half))
        model.codec_model.float()
        narrow = _sequential(model, device, 1 if device == "cpu" else count, codes)
        rows.append((f"the same in {half}", f"{narrow:.1f} s a line", f"{plain / narrow:.2f}x"))
    if device == "cpu":
        pack(model)
    stages = Stages(model, device, lambda: None)
    for size in (1, count):
        lines = _lines(size, codes)
        took = _timed(lambda lines=lines: stages.speak(lines), device) / size
        rows.append((f"Bark, {size} in one go, {half}", f"{took:.1f} s a line", f"{plain / took:.2f}x of one by one in float32"))
    return rows


def _model(device: str) -> Any:
    """bark-small's shape: 12 layers of 768 in each stage, and its codec."""
    import torch
    from transformers import BarkConfig, BarkModel, EncodecConfig
    from transformers.models.bark.configuration_bark import BarkCoarseConfig, BarkFineConfig, BarkSemanticConfig
    from transformers.models.bark.generation_configuration_bark import (
        BarkCoarseGenerationConfig,
        BarkFineGenerationConfig,
        BarkSemanticGenerationConfig,
    )

    config = BarkConfig(
        semantic_config=BarkSemanticConfig(input_vocab_size=129_600, output_vocab_size=10_048).to_dict(),
        coarse_acoustics_config=BarkCoarseConfig(input_vocab_size=12_096, output_vocab_size=12_096).to_dict(),
        fine_acoustics_config=BarkFineConfig(input_vocab_size=1_056, output_vocab_size=1_056).to_dict(),
        codec_config=EncodecConfig().to_dict(),
    )
    torch.manual_seed(0)
    model = BarkModel(config).eval().to(device)
    # As they stand in the files of bark-small.
    model.generation_config = SimpleNamespace(
        semantic_config=BarkSemanticGenerationConfig(temperature=0.7).to_dict(),
        coarse_acoustics_config=BarkCoarseGenerationConfig(temperature=0.7).to_dict(),
        fine_acoustics_config=BarkFineGenerationConfig(temperature=0.5).to_dict(),
        codebook_size=1024,
    )
    return model


def _lines(count: int, codes: int) -> list[Any]:
    from pipelines.audio.bark_stages import Line

    draw = np.random.default_rng(0)
    return [Line(draw.integers(1_000, 100_000, 24).tolist(), None, seed, codes) for seed in range(count)]


def _sequential(model: Any, device: str, count: int, codes: int) -> float:
    """Seconds a line."""
    import torch

    def run() -> None:
        for line in _lines(count, codes):
            tokens = torch.zeros((1, 256), dtype=torch.long, device=device)
            tokens[0, : len(line.tokens)] = torch.tensor(line.tokens)
            mask = torch.ones_like(tokens)
            model.generate(tokens, attention_mask=mask, do_sample=True, semantic_max_new_tokens=codes)

    return _timed(run, device) / count


def _timed(run: Any, device: str) -> float:
    import torch

    if device == "cuda":
        run()  # kernels are chosen before the clock starts
        torch.cuda.synchronize()
    started = time.perf_counter()
    run()
    if device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - started
