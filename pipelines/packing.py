"""Linear layers laid out once as oneDNN reads them, on the CPU.

torch hands a plain weight to oneDNN or MKL at every call, which reorders it first: for the few rows of a decoding step that costs
more than the multiplication. Inductor keeps reordered weights by the same two operators (torch/_inductor/fx_passes/mkldnn_fusion.py).
Results differ from the plain layer by the order of summation only. Knows nothing of what a model is for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import torch

#: Rows that the layout is chosen for: a decoding step of a few requests. One of hundreds of rows is as fast with it.
_ROWS: Final = 8

#: Layers below this many numbers gain nothing.
_SMALLEST: Final = 64 * 64


def pack(model: torch.nn.Module) -> int:
    """Replace each plain nn.Linear of a model on the CPU by one with a packed weight; returns how many.

    For inference only: gradients, `state_dict` and `to` are gone for these layers. A weight that others share (an embedding tied to
    the output) stays beside its packed copy. Does nothing where a probe finds that this torch cannot do it.
    """
    import torch

    if not _works():
        return 0
    shared = _shared(model)
    packed = 0
    for module in list(model.modules()):
        for name, child in list(module.named_children()):
            # Only the class itself: a subclass computes something else.
            if type(child) is torch.nn.Linear and _suits(child):
                setattr(module, name, _packed(child, keep=id(child.weight) in shared))
                packed += 1
    return packed


def _suits(layer: torch.nn.Linear) -> bool:
    import torch

    weight = layer.weight
    return weight.device.type == "cpu" and weight.dtype in (torch.float32, torch.bfloat16) and weight.numel() >= _SMALLEST


def _works() -> bool:
    """Whether the two operators, which are not torch's public ones, give what a plain layer gives."""
    import torch

    with torch.inference_mode():
        layer = torch.nn.Linear(64, 64)
        rows = torch.linspace(-1, 1, 3 * 64).view(3, 64)
        try:
            return torch.allclose(_packed(layer, keep=True)(rows), layer(rows), atol=1e-4)
        except (AttributeError, NotImplementedError, RuntimeError, TypeError):
            return False


def _shared(model: torch.nn.Module) -> set[int]:
    """Ids of the parameters that more than one module holds."""
    seen: set[int] = set()
    twice: set[int] = set()
    for module in model.modules():
        for parameter in module._parameters.values():
            if parameter is not None:
                (twice if id(parameter) in seen else seen).add(id(parameter))
    return twice


def _packed(layer: torch.nn.Linear, *, keep: bool) -> torch.nn.Module:
    """keep: the plain weight stays; otherwise its numbers are freed, and only its shape and dtype are left to be asked."""
    import torch

    class PackedLinear(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.in_features, self.out_features = layer.in_features, layer.out_features
            plain = layer.weight.detach()
            self._weight: Any = torch.ops.mkldnn._reorder_linear_weight(plain.contiguous(), _ROWS)
            self.weight = layer.weight if keep else torch.nn.Parameter(torch.empty_like(plain, device="meta"), requires_grad=False)
            self.bias = layer.bias

        def forward(self, rows: torch.Tensor) -> Any:
            return torch.ops.mkldnn._linear_pointwise(rows, self._weight, self.bias, "none", [], "")

    return PackedLinear()
