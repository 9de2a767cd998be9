"""Reads pictures for models that look at the one they change (Qwen-Image-Edit): pixels and words into what its language model takes.

The library's own reads videos too and needs torchvision for it. A picture is never a video: this one does without.
It has no numbers of its own; reading.py asks for it where the Weights of its model are loaded.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

#: What a pipeline's index says of the component that is replaced.
REPLACED = ["transformers", "Qwen2VLProcessor"]


def read_processor(folder: Path) -> Any:
    """folder: with preprocessor_config.json and the tokenizer's files. Raises OSError, ValueError for one that has them not."""
    from transformers import AutoTokenizer, Qwen2VLImageProcessorPil, Qwen2VLProcessor
    from transformers.processing_utils import ProcessorMixin

    class PictureProcessor(Qwen2VLProcessor):  # type: ignore[misc]
        def __init__(self, image_processor: Any, tokenizer: Any, chat_template: str | None = None) -> None:
            for kind in ("image", "video"):
                token = f"<|{kind}_pad|>"
                setattr(self, f"{kind}_token", token)
                setattr(self, f"{kind}_token_id", tokenizer.convert_tokens_to_ids(token))
            ProcessorMixin.__init__(self, image_processor, tokenizer, chat_template=chat_template)

    return PictureProcessor(
        Qwen2VLImageProcessorPil.from_pretrained(str(folder), local_files_only=True),
        AutoTokenizer.from_pretrained(str(folder), local_files_only=True),
    )
