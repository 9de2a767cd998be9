"""A real vision-language model at a tiny random configuration, saved the way published ones are."""

from __future__ import annotations

from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import Idefics3Config, Idefics3ForConditionalGeneration, Idefics3Processor, PreTrainedTokenizerFast
from transformers.models.idefics3.image_processing_pil_idefics3 import Idefics3ImageProcessorPil

TEMPLATE = (
    "<|im_start|>{% for message in messages %}{{ message['role'] | capitalize }}:"
    "{% for part in message['content'] %}{% if part['type'] == 'image' %}<image>{% else %}{{ part['text'] }}{% endif %}{% endfor %}"
    "<end_of_utterance>\n{% endfor %}{% if add_generation_prompt %}Assistant:{% endif %}"
)
_MARKS = ["<|im_start|>", "<end_of_utterance>", "<fake_token_around_image>", "<image>", "<global-img>"]
_ROWS = [f"<row_{row}_col_{column}>" for row in range(1, 5) for column in range(1, 5)]
_WORDS = ["Describe what this picture shows in one plain sentence. Answer with yes or no: a red cup on a table. User Assistant"]


def save_tiny_viewer(folder: Path, seed: int = 0) -> Path:
    """The Idefics3 architecture, as SmolVLM has it: 28-pixel tiles, one layer each for picture and words."""
    tokenizer = _tokenizer()
    image = tokenizer.convert_tokens_to_ids("<image>")
    end, pad = tokenizer.eos_token_id, tokenizer.pad_token_id
    text = {
        "model_type": "llama",
        "vocab_size": len(tokenizer),
        "hidden_size": 32,
        "intermediate_size": 48,
        "num_hidden_layers": 1,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 1024,
        "bos_token_id": None,
        "eos_token_id": end,
        "pad_token_id": pad,
        "initializer_range": 0.5,
    }
    vision = {
        "hidden_size": 32,
        "intermediate_size": 48,
        "num_hidden_layers": 1,
        "num_attention_heads": 4,
        "image_size": 28,
        "patch_size": 7,
        "initializer_range": 0.5,
    }
    torch.manual_seed(seed)
    config = Idefics3Config(
        image_token_id=image, text_config=text, vision_config=vision, scale_factor=2, pad_token_id=pad, eos_token_id=end
    )
    model = Idefics3ForConditionalGeneration(config)
    model.save_pretrained(str(folder))
    pictures = Idefics3ImageProcessorPil(size={"longest_edge": 56}, max_image_size={"longest_edge": 28})
    Idefics3Processor(pictures, tokenizer, image_seq_len=4, chat_template=TEMPLATE).save_pretrained(str(folder))
    return folder


def _tokenizer() -> PreTrainedTokenizerFast:
    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=["<|endoftext|>", *_MARKS, *_ROWS],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    backend.train_from_iterator(_WORDS, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=backend,
        bos_token="<|im_start|>",
        eos_token="<end_of_utterance>",
        pad_token="<|endoftext|>",
        additional_special_tokens=[*_MARKS[2:], *_ROWS],
    )
