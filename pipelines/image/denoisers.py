"""Denoisers that are published as one file, without the rest of their pipeline: how such a file is told, and what it is built with.

Read from assets/pictures/denoisers.toml. It opens no file and knows nothing of torch.
"""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from domain.errors import ModelUnusable
from domain.value import JsonValue, Value

#: Before the names of a denoiser's tensors in a file that has more than the denoiser, or that was saved by another tool.
PREFIX = "model.diffusion_model."
#: In the names of tensors whose numbers mean something only with the library that packed them.
_PACKED = {".scale_weight": "scaled FP8", "scaled_fp8": "scaled FP8", ".weight_scale": "scaled FP8", ".quant_state.": "bitsandbytes"}

Shapes = Mapping[str, tuple[int, ...]]


class Denoiser(Value):
    """One denoiser. Fields are described at the top of the data file."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9.\-]*$")
    name: str
    families: tuple[str, ...] = Field(min_length=1)
    class_name: str = Field(alias="class", pattern=r"^[A-Za-z0-9]+Model$")
    parts: tuple[str, ...] = Field(min_length=1)
    told: tuple[dict[str, tuple[int, ...]], ...] = Field(min_length=1)
    lacks: tuple[str, ...] = ()
    config: dict[str, JsonValue] = {}
    scheduler: dict[str, JsonValue] = {}

    def is_in(self, shapes: Shapes) -> bool:
        """shapes: without PREFIX."""
        return any(all(shapes.get(name) == shape for name, shape in way.items()) for way in self.told) and not any(
            name in shapes for name in self.lacks
        )


def bare(shapes: Shapes) -> dict[str, tuple[int, ...]]:
    """The shapes by names without the prefix, where the file has it; only those of the denoiser then."""
    inside = {name.removeprefix(PREFIX): shape for name, shape in shapes.items() if name.startswith(PREFIX)}
    return inside or dict(shapes)


def refuse_packed(shapes: Shapes, name: str) -> None:
    """Raises ModelUnusable for numbers that another library packed: read as they are they would give noise."""
    for tensor in shapes:
        for sign, kind in _PACKED.items():
            if sign in tensor:
                raise ModelUnusable(
                    "{name} holds numbers packed as {kind}, which is not read here.",
                    hint="Use the file in 16 bits or in plain FP8, or as GGUF.",
                    field="path",
                    name=name,
                    kind=kind,
                )
