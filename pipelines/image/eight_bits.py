"""Linear layers whose weights are held in 8 bits: one signed number per weight, and one scale per row. Lossy, and half of 16 bits.

Each layer is unpacked to the number format of what comes in when it is used, so it is no faster. It reads no files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

#: Largest number of a signed byte, the same on both sides.
_LARGEST = 127


def hold(model: torch.nn.Module) -> int:
    """Hold the linear layers of a model's blocks in 8 bits; what is outside the blocks stays. How many layers. The model is changed."""
    import torch

    layers = [(name, layer) for name, layer in model.named_modules() if type(layer) is torch.nn.Linear and _in_a_block(name)]
    for name, layer in layers:
        owner, _, own = name.rpartition(".")
        setattr(model.get_submodule(owner), own, _held(layer))
    return len(layers)


def _in_a_block(name: str) -> bool:
    return any(part.isdigit() for part in name.split("."))


def _held(layer: torch.nn.Linear) -> torch.nn.Module:
    import torch

    class Linear8(torch.nn.Module):
        numbers: torch.Tensor
        scale: torch.Tensor

        def __init__(self) -> None:
            super().__init__()
            self.in_features, self.out_features = layer.in_features, layer.out_features
            plain = layer.weight.detach().float()
            scale = plain.abs().amax(dim=1, keepdim=True).clamp(min=torch.finfo(torch.float32).tiny) / _LARGEST
            self.register_buffer("numbers", (plain / scale).round().to(torch.int8))
            self.register_buffer("scale", scale.to(layer.weight.dtype))
            self.bias = layer.bias

        @property
        def weight(self) -> torch.Tensor:
            """As it is used: libraries ask a layer for its number format and device."""
            return self.numbers.to(self.scale.dtype) * self.scale

        def forward(self, rows: torch.Tensor) -> Any:
            return torch.nn.functional.linear(rows, self.weight.to(rows.dtype), self.bias)

    return Linear8()
