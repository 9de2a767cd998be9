"""Captions as the U-Net reads them: the last hidden states of all-MiniLM-L6-v2, exactly as the exported pipeline will compute them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from domain.errors import ModelMissing

if TYPE_CHECKING:
    import torch

WIDTH = 384
BATCH = 256


def text_parts(folder: Path, tokens: int) -> tuple[Any, Any]:
    """(tokenizer, BertModel) as they are put into the pipeline. Raises ModelMissing."""
    import torch
    from transformers import AutoTokenizer, BertModel

    if not (folder / "config.json").is_file():
        raise ModelMissing(f"There is no text encoder in {folder}.", hint="Run `python app.py models pull all-minilm-l6-v2`.")
    tokenizer = AutoTokenizer.from_pretrained(str(folder), local_files_only=True)
    # The file of the publisher truncates at 128 by itself; a pipeline asks for the length it is told here.
    tokenizer.model_max_length = tokens
    encoder = BertModel.from_pretrained(str(folder), local_files_only=True, use_safetensors=True, dtype=torch.float32).eval()
    # What makes StableDiffusionPipeline hide the padding from the encoder.
    encoder.config.use_attention_mask = True
    return tokenizer, encoder


class CaptionEncoder:
    """Turns captions into (n, tokens, 384)."""

    def __init__(self, folder: Path, tokens: int, device: str = "cpu") -> None:
        self._tokenizer, encoder = text_parts(folder, tokens)
        self._encoder = encoder.to(device)
        self._tokens, self._device = tokens, device

    def states(self, captions: Sequence[str]) -> torch.Tensor:
        """On the encoder's device; float32 on a CPU, bfloat16 elsewhere."""
        import torch

        kind = torch.float32 if self._device == "cpu" else torch.bfloat16
        rows = []
        with torch.inference_mode():
            for start in range(0, len(captions), BATCH):
                told = self._tokenizer(
                    list(captions[start : start + BATCH]),
                    padding="max_length",
                    max_length=self._tokens,
                    truncation=True,
                    return_tensors="pt",
                ).to(self._device)
                rows.append(self._encoder(told.input_ids, attention_mask=told.attention_mask)[0].to(kind))
        return torch.cat(rows).clone()
