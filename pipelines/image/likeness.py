"""Which IP-Adapter fits which denoiser, by the sizes that both say of themselves. It reads headers and configuration, and loads nothing."""

from __future__ import annotations

from pathlib import Path

from pipelines.image.headers import read_header
from pipelines.models.folders import read_object, weight_files

IMAGE_ENCODER = "image_encoder"


def adapter_file(folder: Path) -> Path | None:
    """The one file of an IP-Adapter that has its encoder of pictures beside it; None for what is none. Raises ModelError as the reader."""
    files = [path for path in weight_files(folder) if any(name.startswith("ip_adapter.") for name in read_header(path).shapes)]
    return files[0] if len(files) == 1 and (files[0].parent / IMAGE_ENCODER / "config.json").is_file() else None


def adapter_width(file: Path) -> int:
    """Numbers of a word as the adapter's layers take it; 0 where it has none."""
    return next((shape[1] for name, shape in read_header(file).shapes.items() if name.endswith("to_k_ip.weight")), 0)


def word_width(checkpoint: Path) -> int:
    """Numbers of a word as the UNet of a checkpoint in the layout of diffusers takes it; 0 for one without."""
    width = read_object(checkpoint / "unet" / "config.json", needed=False).get("cross_attention_dim")
    return width if isinstance(width, int) else 0
