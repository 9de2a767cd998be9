"""LoRA: small changes of many layers, added to the loaded weights and taken off again without a trace.

W becomes W + weight x alpha/rank x (up @ down). The layers' own values are kept and put back, so what is made afterwards has the
same bytes as before. Names of layers are read as diffusers, PEFT and kohya write them. Other kinds (LoHa, LoKr, DoRA) are refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from domain.errors import InputError, ModelUnusable
from pipelines.image.headers import Header, read_header

#: How the two halves of a layer end, first the one that narrows.
_ENDS = (
    (".lora_A.weight", ".lora_B.weight"),
    (".lora_down.weight", ".lora_up.weight"),
    (".lora.down.weight", ".lora.up.weight"),
    (".lora_linear_layer.down.weight", ".lora_linear_layer.up.weight"),
    (".lora_A.default.weight", ".lora_B.default.weight"),
)
_OTHER_KINDS = {"hada_w1_a": "LoHa", "lokr_w1": "LoKr", "dora_scale": "DoRA", "lora_magnitude_vector": "DoRA"}
#: kohya's name of a component, and ours.
_KOHYA = {
    "lora_unet_": ("unet", "transformer"),
    "lora_te1_": ("text_encoder",),
    "lora_te2_": ("text_encoder_2",),
    "lora_te_": ("text_encoder",),
}
#: kohya names SDXL's blocks as its authors did.
_SGM = re.compile(r"^lora_unet_(input_blocks|middle_block|output_blocks)_")
_COMPONENTS = ("unet", "transformer", "text_encoder", "text_encoder_2")


@dataclass(frozen=True)
class Pair:
    """The halves of one layer by their names in the file, and the name of its alpha ("" where it has none)."""

    down: str
    up: str
    alpha: str


def read_pairs(path: Path) -> tuple[Header, dict[str, Pair]]:
    """The layers a LoRA file changes, by name as written. Raises ModelUnusable for a file that is none."""
    header = read_header(path)
    for name in header.shapes:
        kind = next((kind for sign, kind in _OTHER_KINDS.items() if sign in name), "")
        if kind:
            raise ModelUnusable(
                "{path} is a {kind}, which is not taken here.", hint="Use a plain LoRA.", field="loras", path=path.name, kind=kind
            )
    found: dict[str, Pair] = {}
    for name in header.shapes:
        for down, up in _ENDS:
            layer = name.removesuffix(down)
            if layer != name and layer + up in header.shapes:
                found[layer] = Pair(name, layer + up, f"{layer}.alpha" if f"{layer}.alpha" in header.shapes else "")
    if not found:
        raise ModelUnusable("{path} is no LoRA: it has no pairs of layers.", hint="Choose another file.", field="loras", path=path.name)
    return header, found


class Layers:
    """The layers of a loaded pipeline by every name a LoRA file may give them."""

    def __init__(self, pipe: Any) -> None:
        self._by_name: dict[str, Any] = {}
        for component in _COMPONENTS:
            model = getattr(pipe, component, None)
            if model is None:
                continue
            for name, layer in model.named_modules():
                if getattr(layer, "weight", None) is None or layer.weight.dim() not in (2, 4):
                    continue
                for written in _spellings(component, name):
                    self._by_name.setdefault(written, layer)

    def get(self, name: str) -> Any:
        """None for a layer that is not there."""
        return self._by_name.get(name) or self._by_name.get(name.removeprefix("base_model.model."))


def _spellings(component: str, name: str) -> Iterator[str]:
    # transformers 5 dropped a level of CLIP's names that files still have
    names = [name, name.replace("text_model.", "", 1)] if name.startswith("text_model.") else [name]
    if component.startswith("text_encoder") and not name.startswith("text_model."):
        names.append(f"text_model.{name}")
    for one in names:
        yield f"{component}.{one}"
        if not component.startswith("text"):
            yield one
            yield f"diffusion_model.{one}"
        for prefix, components in _KOHYA.items():
            if component in components:
                yield prefix + one.replace(".", "_")


def resolved(path: Path, pairs: Mapping[str, Pair], header: Header, layers: Layers, family: str) -> dict[str, tuple[Pair, Any]]:
    """Each pair with its layer. Raises InputError for a LoRA of another family: a layer that is not there, or has another shape."""
    names = _sgm(pairs) if any(_SGM.match(name) for name in pairs) else {name: name for name in pairs}
    found, missing, other = {}, [], []
    for name, pair in pairs.items():
        layer = layers.get(names[name])
        if layer is None:
            missing.append(name)
        elif not _fits(header.shapes[pair.down], header.shapes[pair.up], tuple(layer.weight.shape)):
            other.append(name)
        else:
            found[name] = (pair, layer)
    if len(found) < len(pairs):
        told = (
            "The LoRA {path} is not for {family}: {count} of its {all} layers are not in this model."
            if missing
            else "The LoRA {path} is not for {family}: {layer} has another size here."
        )
        given = {"path": path.name, "family": family, "count": len(missing), "all": len(pairs), "layer": other[0] if other else ""}
        raise InputError(told, hint="Choose a LoRA that was trained for this family.", field="loras", given=given)
    return found


def _fits(down: tuple[int, ...], up: tuple[int, ...], weight: tuple[int, ...]) -> bool:
    """A pair fits a weight when its inner sizes agree, and its outer ones are the weight's; a 1x1 convolution may be written flat."""
    flat = ((), (1, 1))
    kernel = down[2:] == weight[2:] or (down[2:] in flat and weight[2:] in flat)
    return down[0] == up[1] and up[0] == weight[0] and down[1] == weight[1] and kernel


def _sgm(pairs: Mapping[str, Pair]) -> dict[str, str]:
    """kohya's names of SDXL's blocks in ours: 3 levels, one down-sampler each, as all SDXL denoisers have."""
    names = {}
    for name in pairs:
        found = re.match(r"^lora_unet_(input_blocks|output_blocks)_(\d+)_(\d)_(.*)$", name)
        if name.startswith("lora_unet_middle_block_1_"):
            names[name] = name.replace("middle_block_1_", "mid_block_attentions_0_")
        elif found is None:
            names[name] = name
        else:
            side, block, part, rest = found.group(1), int(found.group(2)), int(found.group(3)), found.group(4)
            level, place = divmod(block - 1, 3) if side == "input_blocks" else divmod(block, 3)
            blocks = "down_blocks" if side == "input_blocks" else "up_blocks"
            names[name] = f"lora_unet_{blocks}_{level}_attentions_{place}_{rest}" if part == 1 else name
    return names


@contextmanager
def laid_on(pipe: Any, files: Sequence[tuple[Path, float]], family: str) -> Iterator[None]:
    """Add these LoRAs to the weights, in order; put the weights back afterwards, however it ends.

    files: path and weight. Raises InputError for one of another family, ModelUnusable and ModelCorrupt for a file that is none.
    """
    if not files:
        yield
        return
    import torch
    from safetensors import safe_open

    layers = Layers(pipe)
    checked = [(path, weight, resolved(path, *_reversed(read_pairs(path)), layers, family)) for path, weight in files]
    own: dict[int, tuple[Any, Any]] = {}
    try:
        with torch.no_grad():
            for path, weight, found in checked:
                with safe_open(str(path), framework="pt", device="cpu") as file:
                    for pair, layer in found.values():
                        own.setdefault(id(layer), (layer, layer.weight.detach().to("cpu", copy=True)))
                        alpha = float(file.get_tensor(pair.alpha)) if pair.alpha else None
                        layer.weight.copy_(_changed(layer.weight, file.get_tensor(pair.down), file.get_tensor(pair.up), alpha, weight))
        yield
    finally:
        with torch.no_grad():
            for layer, values in own.values():
                layer.weight.copy_(values)


def _reversed(read: tuple[Header, dict[str, Pair]]) -> tuple[dict[str, Pair], Header]:
    return read[1], read[0]


def _changed(own: Any, down: Any, up: Any, alpha: float | None, weight: float) -> Any:
    """In float32, whatever the weights are kept in."""
    rank = down.shape[0]
    scale = weight * (alpha / rank if alpha is not None else 1.0)
    down, up = down.to(own.device).float(), up.to(own.device).float()
    if own.dim() == 4:
        kernel = down.shape[2:] if down.dim() == 4 else (1, 1)
        change = (up.reshape(up.shape[0], rank) @ down.reshape(rank, -1)).reshape(own.shape[0], own.shape[1], *kernel)
    else:
        change = up.reshape(up.shape[0], rank) @ down.reshape(rank, -1)
    return (own.float() + scale * change).to(own.dtype)
