"""A depth map of a picture for a ControlNet: near is white, far is black. By Depth Anything, from the folder of its entry.

Depth is relative within one picture (L. Yang and others, "Depth Anything V2", 2024). It knows nothing of ControlNets.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from domain.errors import ModelUnusable
from pipelines.devices import Devices, Weights
from pipelines.image.default_dtype import default_dtype_kept
from pipelines.models.folders import elements, read_object, refuse_own_code, weight_files

MODEL = "depth-anything-v2-small"
#: Pixels of the shorter side that the published weights were trained at, where their folder says nothing.
_SIDE = 518
#: Means and deviations of ImageNet, likewise.
_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def depth_map(picture: Image.Image, folder: Path, devices: Devices, device: str, check: Callable[[], None]) -> Image.Image:
    """RGB in the picture's size. Raises ModelError for a folder that is no Depth Anything, OutOfMemory, Cancelled."""
    import torch

    size = sum(elements(path) for path in weight_files(folder)) * 4
    weights: Weights[Any] = Weights(f"{MODEL}/{folder}/{device}", size, lambda: _load(folder, device), device=device)
    with devices.acquire(weights, "full", check) as model:
        given = torch.from_numpy(_values(picture, folder, model.config.patch_size)).to(device)
        with torch.no_grad():
            found = model(pixel_values=given).predicted_depth[0].float().cpu().numpy()
    low, high = float(found.min()), float(found.max())
    grey = ((found - low) / ((high - low) or 1.0) * 255).round().astype(np.uint8)
    return Image.fromarray(grey).resize(picture.size, Image.Resampling.BICUBIC).convert("RGB")


def _values(picture: Image.Image, folder: Path, patch: int) -> np.ndarray:
    """The picture as the model takes it: float32, shape (1, 3, height, width), both sides multiples of its patch."""
    told = read_object(folder / "preprocessor_config.json", needed=False)
    size = told.get("size")
    side = int(size.get("height", _SIDE)) if isinstance(size, dict) else _SIDE
    scale = side / min(picture.size)
    width, height = (max(1, round(length * scale / patch)) * patch for length in picture.size)
    pixels = np.asarray(picture.convert("RGB").resize((width, height), Image.Resampling.BICUBIC), np.float32) / 255
    mean, deviation = (_three(told.get(name), usual) for name, usual in (("image_mean", _MEAN), ("image_std", _DEVIATION)))
    return np.ascontiguousarray(((pixels - mean) / deviation).transpose(2, 0, 1)[None], dtype=np.float32)


def _three(told: Any, usual: Sequence[float]) -> np.ndarray:
    return np.asarray(told if isinstance(told, list) and len(told) == 3 else usual, np.float32)


def _load(folder: Path, device: str) -> Any:
    from transformers import DepthAnythingForDepthEstimation

    config = read_object(folder / "config.json")
    refuse_own_code(folder, config)
    if config.get("model_type") != "depth_anything":
        raise ModelUnusable(
            "{folder} is no Depth Anything.", hint="Fetch {model} again.", field="controls", folder=folder.name, model=MODEL
        )
    with default_dtype_kept():
        model = DepthAnythingForDepthEstimation.from_pretrained(str(folder), use_safetensors=True, local_files_only=True)
    return model.eval().to(device)
