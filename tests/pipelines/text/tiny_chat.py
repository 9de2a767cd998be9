"""A real chat model at a tiny random configuration, saved the way published ones are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import AutoModelForCausalLM, LlamaConfig, PreTrainedConfig, PreTrainedTokenizerFast

TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)

_WORDS = [
    "A poster for the spring fair of a small bakery, with bread, cakes and coffee on a wooden table in the morning light.",
    "Write a headline, a caption and a call to action for the brief. The tone is warm, plain and a little playful.",
    '{"headline": "Fresh every morning", "count": 12, "tags": ["bread", "cake"], "sure": true, "note": null}',
    "名为晨光的小面包店，每天清晨出炉。",
]


def tiny_tokenizer() -> PreTrainedTokenizerFast:
    """Byte-level BPE of 400 tokens, ChatML turns."""
    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=["<|endoftext|>", "<|im_start|>", "<|im_end|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    backend.train_from_iterator(_WORDS, trainer)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=backend, eos_token="<|im_end|>", pad_token="<|endoftext|>", additional_special_tokens=["<|im_start|>"]
    )
    tokenizer.chat_template = TEMPLATE
    return tokenizer


def save_tiny_chat(folder: Path, seed: int = 0, family: type[PreTrainedConfig] = LlamaConfig, **changes: Any) -> Path:
    """Two layers of width 64 with random weights. Its replies are noise that ends by chance or not at all."""
    tokenizer = tiny_tokenizer()
    torch.manual_seed(seed)
    shape: dict[str, Any] = {
        "vocab_size": len(tokenizer) + 5,  # wider than the tokenizer, as padded vocabularies are
        "hidden_size": 64,
        "intermediate_size": 96,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 1024,
        "initializer_range": 0.6,
        "bos_token_id": None,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
    AutoModelForCausalLM.from_config(family(**shape | changes)).save_pretrained(str(folder))
    tokenizer.save_pretrained(str(folder))
    return folder
