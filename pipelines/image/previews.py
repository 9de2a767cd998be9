"""How a picture looks while it is denoised: latents as rough colours, or through a tiny decoder where a GPU has one.

What latents mean is data (assets/pictures/latents.toml). It knows nothing of who looks, and a preview that cannot be made is none:
the picture itself goes on.
"""

from __future__ import annotations

import logging
import math
import time
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from pydantic import Field, ValidationError

from domain.errors import InputError, MaquetteError, OutOfMemory
from domain.progress import Previewed, Progress
from domain.value import Value
from pipelines.devices import Devices, Weights
from pipelines.image.default_dtype import default_dtype_kept
from pipelines.image.families import Family
from pipelines.media.picture import encode
from pipelines.models.folders import elements, weight_files

log = logging.getLogger(__name__)

#: Seconds between two previews of a batch.
EVERY = 1.0
#: Seconds to wait for memory: what is in use is the very picture that is shown.
_PATIENCE = 2.0
#: Pixels of a preview's longer side.
SIDE = 256


class Space(Value):
    """Latents of some families. Fields are described at the top of the data file."""

    id: str
    families: tuple[str, ...]
    channels: int = Field(ge=1, le=128)
    factors: tuple[tuple[float, float, float], ...]
    bias: tuple[float, float, float] = (0.0, 0.0, 0.0)
    tiny: str = ""
    source: str


class Spaces:
    """All that are known. Frozen after construction."""

    def __init__(self, spaces: Sequence[Space] = ()) -> None:
        self._of = {family: space for space in spaces for family in space.families}

    @classmethod
    def read(cls, path: Path) -> Spaces:
        """Raises InputError naming what is wrong with the file."""
        try:
            found = [Space.model_validate(entry) for entry in tomllib.loads(path.read_text(encoding="utf-8"))["space"]]
        except (OSError, KeyError, UnicodeDecodeError, tomllib.TOMLDecodeError, ValidationError) as error:
            raise InputError("{path} cannot be read: {error}.", hint="Restore the file.", path=path.name, error=error) from error
        for space in found:
            if len(space.factors) != space.channels:
                raise InputError(
                    "The latents {space} have {channels} channels and {count} rows of factors.",
                    space=space.id,
                    channels=space.channels,
                    count=len(space.factors),
                )
        return cls(found)

    def of(self, family: Family) -> Space | None:
        return self._of.get(family.fits) or self._of.get(family.id)


class Sketches:
    """Previews of the pictures of one checkpoint.

    folder: the verified folder of an installed model, by id; None where it is not there. tiny_on_cpu: also use a tiny decoder on the CPU,
    where it takes a third of a second that the picture then waits for. clock: seconds, of whatever start.
    """

    def __init__(
        self,
        spaces: Spaces,
        devices: Devices,
        folder: Callable[[str], Path | None],
        tiny_on_cpu: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = clock
        self._spaces = spaces
        self._devices = devices
        self._folder = folder
        self._tiny_on_cpu = tiny_on_cpu

    def begin(self, progress: Progress, family: Family, device: str, indices: Sequence[int], size: tuple[int, int]) -> Sketch | None:
        """For one batch; None where nobody could look, or nothing is known of this family's latents."""
        space = self._spaces.of(family)
        if space is None or not isinstance(progress, Previewed):
            return None
        return Sketch(progress, space, tuple(indices), size, self._tiny(space, device), self._clock)

    def _tiny(self, space: Space, device: str) -> Callable[[Any], Any] | None:
        """Latents to pixels in -1..1 by the tiny decoder, where there is one for this device."""
        folder = self._folder(space.tiny) if space.tiny and (self._tiny_on_cpu or device != "cpu") else None
        if folder is None:
            return None
        size = sum(elements(path) for path in weight_files(folder)) * 4
        weights: Weights[Any] = Weights(f"{space.tiny}/{folder}/{device}", size, lambda: _load(folder, device), device=device)

        def decode(latents: Any) -> Any:
            until = time.monotonic() + _PATIENCE

            def check() -> None:
                if time.monotonic() > until:
                    raise OutOfMemory("There is no room for a tiny decoder beside what is in use.")

            with self._devices.acquire(weights, "full", check) as decoder:
                return decoder.decode(latents.to(decoder.dtype)).sample

        return decode


class Sketch:
    """One batch. Called after every step; works at most once a second, and only while somebody looks."""

    def __init__(
        self,
        progress: Previewed,
        space: Space,
        indices: tuple[int, ...],
        size: tuple[int, int],
        tiny: Callable[[Any], Any] | None,
        clock: Callable[[], float],
    ) -> None:
        self._clock = clock
        self._progress = progress
        self._space = space
        self._indices = indices
        self._size = size
        self._tiny = tiny
        self._last = -math.inf
        self._broken = False

    def step(self, pipe: Any, values: Mapping[str, Any]) -> None:
        latents = values.get("latents")
        if latents is None or self._broken or self._clock() - self._last < EVERY or not self._progress.watched():
            return
        try:
            pictures = self._pictures(pipe, latents)
        except (RuntimeError, ValueError, TypeError, AttributeError, MaquetteError) as error:
            log.warning("no previews of these pictures: %s", error)
            self._broken = True
            return
        for index, picture in zip(self._indices, pictures, strict=False):
            self._progress.show(index, encode(picture, "WEBP"))
        self._last = self._clock()

    def _pictures(self, pipe: Any, latents: Any) -> list[Image.Image]:
        import torch

        if latents.dim() == 3:
            # a transformer's latents lie in rows of patches
            width, height = self._size
            latents = pipe._unpack_latents(latents, height, width, pipe.vae_scale_factor)
        if latents.dim() != 4 or latents.shape[1] != self._space.channels:
            raise ValueError(f"latents of shape {tuple(latents.shape)} are not those of {self._space.id}")
        with torch.no_grad():
            values = latents.float()
            # some schedulers count in noise many times as large as the picture
            values = values / values.std(dim=(1, 2, 3), keepdim=True).clamp(min=1.0)
            shown = self._tiny(values) if self._tiny is not None else self._coloured(values)
            pixels = ((shown.float().cpu().numpy().transpose(0, 2, 3, 1) + 1) * 127.5).clip(0, 255).round().astype(np.uint8)
        return [_sized(Image.fromarray(one), self._size) for one in np.nan_to_num(pixels)]

    def _coloured(self, latents: Any) -> Any:
        import torch

        factors = torch.tensor(self._space.factors, dtype=torch.float32, device=latents.device)
        bias = torch.tensor(self._space.bias, dtype=torch.float32, device=latents.device)
        return torch.einsum("bchw,cr->brhw", latents, factors) + bias[:, None, None]


def _load(folder: Path, device: str) -> Any:
    import torch
    from diffusers import AutoencoderTiny

    dtype = torch.float32 if device == "cpu" else torch.float16
    with default_dtype_kept():
        tiny = AutoencoderTiny.from_pretrained(folder, torch_dtype=dtype, use_safetensors=True, local_files_only=True)
    return tiny.to(device).eval()


def _sized(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    """At most SIDE on the longer side, in the shape of the finished picture."""
    share = SIDE / max(size)
    wanted = (max(1, round(size[0] * share)), max(1, round(size[1] * share)))
    return picture.resize(wanted, Image.Resampling.BICUBIC)
