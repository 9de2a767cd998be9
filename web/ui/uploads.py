"""What a page may hand in as a file: its own uploads, nothing else of this machine and nothing from a web address."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder

from domain.errors import AttachmentError


class GuardedBlocks(gr.Blocks):
    """Blocks whose inputs name no file but an upload. Gradio copies, or fetches, what they name before a component sees it,
    whichever component it is; and its own check of the folder is off in Blocks that were mounted and not launched."""

    async def preprocess_data(self, block_fn: Any, inputs: list[Any], state: Any, explicit_call: bool = False) -> Any:
        for path in named_paths(inputs):
            try:
                require_upload(path)
            except AttachmentError as error:
                raise gr.Error(str(error), print_exception=False) from error
        return await super().preprocess_data(block_fn, inputs, state, explicit_call)


def named_paths(value: Any) -> Iterator[str]:
    """The path of every file that a value from the browser names, however deep."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            if isinstance(one.get("path"), str) and "meta" in one:
                yield one["path"]
            waiting += one.values()
        elif isinstance(one, list | tuple):
            waiting += one


def require_upload(path: str | Path) -> Path:
    """The path when it lies in Gradio's upload folder, links followed. Raises AttachmentError."""
    text = str(path)
    try:
        inside = Path(text).resolve().is_relative_to(Path(get_upload_folder()).resolve())
    except (OSError, ValueError):  # a NUL, a circle of links
        inside = False
    if not inside or "://" in text:
        raise AttachmentError("This file was not uploaded here.", hint="Attach it with the button.", field="files")
    return Path(text)
