"""A Bark folder with the real classes at a tiny random configuration: same files, same loading path, a few megabytes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np


def save_tiny_bark(folder: Path, presets: tuple[str, ...] = ()) -> Path:
    """Write config, generation config, safetensors, tokenizer and, for each preset, its three prompt arrays."""
    import torch
    from transformers import BarkConfig, BarkModel, BarkProcessor, BertTokenizer, EncodecConfig
    from transformers.models.bark.configuration_bark import BarkCoarseConfig, BarkFineConfig, BarkSemanticConfig
    from transformers.models.bark.generation_configuration_bark import (
        BarkCoarseGenerationConfig,
        BarkFineGenerationConfig,
        BarkGenerationConfig,
        BarkSemanticGenerationConfig,
    )

    small = {"num_layers": 1, "num_heads": 2, "hidden_size": 8, "dropout": 0.0}
    config = BarkConfig(
        semantic_config=BarkSemanticConfig(input_vocab_size=129_600, output_vocab_size=10_048, **small).to_dict(),
        coarse_acoustics_config=BarkCoarseConfig(input_vocab_size=12_096, output_vocab_size=12_096, **small).to_dict(),
        fine_acoustics_config=BarkFineConfig(input_vocab_size=1_056, output_vocab_size=1_056, **small).to_dict(),
        codec_config=EncodecConfig(num_filters=4, hidden_size=16, codebook_dim=16, num_lstm_layers=1).to_dict(),
    )
    torch.manual_seed(0)
    model = BarkModel(config)
    for layer in model.codec_model.quantizer.layers:
        # A fresh codec has empty code books, and every code would sound the same.
        layer.codebook.embed.normal_()
    model.save_pretrained(folder)
    generation = BarkGenerationConfig.from_sub_model_configs(
        BarkSemanticGenerationConfig(max_new_tokens=24), BarkCoarseGenerationConfig(), BarkFineGenerationConfig()
    )
    # transformers 5.23 cannot save this config itself (it validates fields Bark's class does not have); the file is the same.
    (folder / "generation_config.json").write_text(json.dumps(generation.to_dict()), encoding="utf-8")
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "hello", "world", "good", "evening", ".", "!", ","]
    (folder / "vocab.txt").write_text("\n".join(vocabulary), encoding="utf-8")
    embeddings = None
    if presets:
        embeddings = {"repo_or_path": str(folder)}
        for preset in presets:
            embeddings[preset] = _prompts(folder, preset)
    BarkProcessor(BertTokenizer(vocab=str(folder / "vocab.txt")), embeddings).save_pretrained(str(folder))
    return folder


def _prompts(folder: Path, preset: str) -> dict[str, str]:
    draw = np.random.default_rng(1)
    prompts = {
        "semantic_prompt": draw.integers(0, 10_000, 20),
        "coarse_prompt": draw.integers(0, 1_024, (2, 30)),
        "fine_prompt": draw.integers(0, 1_024, (8, 30)),
    }
    paths = {}
    for name, array in prompts.items():
        file = folder / "speaker_embeddings" / f"{preset}_{name}.npy"
        file.parent.mkdir(parents=True, exist_ok=True)
        np.save(file, array)
        paths[name] = str(file.relative_to(folder))
    return paths
