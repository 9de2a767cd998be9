"""Cuts the main thing of a raster picture out of its background: U²-Net on the CPU says where it is, its edges are drawn at full size.

The network sees 320 x 320 pixels. A guided filter (He, Sun and Tang, "Guided Image Filtering", 2010) brings its mask to the edges of the
picture, and the colour of the background is taken out of half-transparent pixels. Knows pixels; nothing of where a picture came from.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version as version_of
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from domain.capability import Capability, StepKind
from domain.errors import EngineFailed, InputError, InvalidOutput, LimitError
from domain.progress import Progress
from domain.recipe import ModelRef, Output, OutputFile, Trace, Work
from domain.value import JsonValue
from pipelines.devices import Devices, Weights
from pipelines.media.picture import decode, encode, examine
from pipelines.models.onnx import open_network
from pipelines.models.store import ModelStore

if TYPE_CHECKING:
    from PIL import Image

MODEL: Final = "u2netp"
MOST_PIXELS: Final = 4096
EDGES: Final = ("soft", "hard")
_SIDE: Final = 320
_MEAN, _SPREAD = np.array([0.485, 0.456, 0.406], np.float32), np.array([0.229, 0.224, 0.225], np.float32)
#: With what one picture needs besides the weights, measured.
_FOOTPRINT: Final = 250_000_000
#: A mask whose brightest pixel is less sure than this has found nothing.
_SURE: Final = 0.5
#: Share of the picture that must be left for it to be a cut-out.
_LEAST: Final = 0.002
_COLOUR = re.compile(r"^#[0-9a-fA-F]{6}$")

Plane = NDArray[np.float32]


class Cutter:
    """A Pipeline (pipelines/pipeline.py). threads: of the CPU."""

    kind = StepKind.CUTOUT
    name = "u2net"
    version = 1

    def __init__(self, store: ModelStore, devices: Devices, *, threads: int = 0) -> None:
        self._store = store
        self._devices = devices
        self._threads = threads

    def capability(self) -> Capability | None:
        """None until the network has been fetched."""
        if not self._store.ready(MODEL):
            return None
        return Capability(kind=self.kind, maker=self.name, models=(MODEL,), reason="U²-Net on the CPU.")

    def models(self, parameters: Mapping[str, JsonValue]) -> tuple[ModelRef, ...]:
        return (self._store.ref(MODEL),)

    def generate(self, works: Sequence[Work], progress: Progress) -> list[Output]:
        """One PNG per work, with transparency unless a background is asked for. facts: width, height, kept (share of the picture, 0..1).

        Raises InputError for parameters and a missing source, LimitError for a source over MOST_PIXELS a side, both before anything is
        loaded; AttachmentError for a source that is no picture; InvalidOutput where nothing stands out; Cancelled; ModelMissing,
        ModelUnusable, EngineFailed.
        """
        outputs = []
        for index, work in enumerate(works):
            progress.check()
            progress.report(index / len(works), "finding the subject")
            started = time.perf_counter()
            # 1. What is asked.
            order = _Order.read(work)
            # 2. Where the subject is, at the network's size.
            with self._devices.acquire(self._weights(), check=progress.check) as session:
                coarse = _mask(session, order.source)
            progress.check()
            progress.report((index + 0.6) / len(works), "drawing the edges")
            # 3. Its edges at full size.
            picture, kept = _cut(order, coarse)
            facts: dict[str, JsonValue] = {"width": picture.width, "height": picture.height, "kept": round(kept, 4)}
            versions = {"onnxruntime": version_of("onnxruntime")}
            trace = Trace(device="cpu", dtype="float32", versions=versions, seconds=time.perf_counter() - started)
            outputs.append(Output((OutputFile("cutout.png", "image/png", encode(picture)),), trace, facts=facts))
        progress.report(1.0, "cut out")
        return outputs

    def _weights(self) -> Weights[Any]:
        ref, network = self._store.ref(MODEL), self._store.file(MODEL, "u2netp.onnx")
        return Weights(
            key=f"{MODEL}/{ref.sha256 or ref.id}/{self._threads}",
            footprint=_FOOTPRINT,
            load=lambda: open_network(network, self._threads),
            unload=lambda held: None,
        )


@dataclass(frozen=True)
class _Order:
    """One cut-out, checked. source: upright, RGB. seen: its own transparency, 0..1. background: "" transparent, else #rrggbb."""

    source: Image.Image
    seen: Plane | None
    edge: str
    background: str

    @staticmethod
    def read(work: Work) -> _Order:
        """Raises InputError, LimitError, AttachmentError."""
        parameters = work.recipe.parameters
        edge, background = parameters.get("edge", "soft"), parameters.get("background", "")
        if edge not in EDGES:
            raise InputError("edge is {edge}.", hint="Use one of: {known}.", field="edge", edge=repr(edge), known=", ".join(EDGES))
        if not isinstance(background, str) or (background and not _COLOUR.match(background)):
            raise InputError(
                "background is {background}.",
                hint='Write a colour as #rrggbb, or "" for none.',
                field="background",
                background=repr(background),
            )
        sources = work.all("source")
        if not sources:
            hint = "Let the step use a picture of the plan, or attach a PNG or JPEG to the brief."
            raise InputError("There is no picture to cut out.", hint=hint, field="inputs")
        data = sources[0].path.read_bytes()
        facts = examine(data, "The source")
        if max(facts.width, facts.height) > MOST_PIXELS:
            told = "The source has {width}x{height} pixels; {most} a side are the most."
            given = {"width": facts.width, "height": facts.height, "most": MOST_PIXELS}
            raise LimitError(told, hint="Scale it down first.", field="source", given=given)
        picture = decode(data, "The source")
        seen = np.asarray(picture.getchannel("A"), np.float32) / 255.0 if picture.mode == "RGBA" else None
        return _Order(picture.convert("RGB"), seen, str(edge), background)


def _mask(session: Any, source: Image.Image) -> Plane:
    """Where the subject is: 320 x 320, 0..1. Raises InvalidOutput where nothing stands out, EngineFailed."""
    from PIL.Image import Resampling

    small = np.asarray(source.resize((_SIDE, _SIDE), Resampling.LANCZOS), np.float32)
    values = (small / max(float(small.max()), 1.0) - _MEAN) / _SPREAD
    try:
        made = session.run(None, {session.get_inputs()[0].name: values.transpose(2, 0, 1)[None]})[0]
    except Exception as error:  # onnxruntime raises classes of its own, which are no part of its interface
        raise EngineFailed(
            "onnxruntime stopped: {error}.", hint="Run the step again; if it fails again, free memory.", error=error
        ) from error
    mask: Plane = np.asarray(made, np.float32)[0, 0]
    if mask.shape != (_SIDE, _SIDE) or not np.isfinite(mask).all():
        raise EngineFailed("The network gave a mask of {shape}.", hint="Verify the model on the Models page.", shape=mask.shape)
    low, high = float(mask.min()), float(mask.max())
    if high < _SURE:
        raise InvalidOutput("Nothing stands out in this picture.", hint="Use a picture with one clear subject.")
    spread: Plane = (mask - low) / max(high - low, 1e-6)
    return spread


def _cut(order: _Order, coarse: Plane) -> tuple[Image.Image, float]:
    """The picture and the share of it that is left. Raises InvalidOutput where next to nothing is left."""
    from PIL import Image

    colours = np.asarray(order.source, np.float32) / 255.0
    size = order.source.size
    mask = np.asarray(Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC), np.float32)
    alpha = _fitted(colours, np.clip(mask, 0.0, 1.0))
    # What the network was nearly sure of is whole: a subject must not be seen through.
    alpha = np.clip((alpha - 0.12) / 0.78, 0.0, 1.0)
    if order.edge == "hard":
        alpha = (alpha >= 0.5).astype(np.float32)
    if order.seen is not None:
        alpha *= order.seen
    kept = float(alpha.mean())
    if kept < _LEAST:
        raise InvalidOutput("Next to nothing stands out in this picture.", hint="Use a picture with one clear subject.")
    cut = Image.fromarray(np.rint(_clean(colours, alpha) * 255.0).astype(np.uint8))
    cut.putalpha(Image.fromarray(np.rint(alpha * 255.0).astype(np.uint8)))
    if order.background:
        cut = Image.alpha_composite(Image.new("RGBA", size, order.background), cut).convert("RGB")
    return cut, kept


def _fitted(colours: Plane, mask: Plane) -> Plane:
    """The mask brought to the edges of the picture. Both are height x width (x 3), 0..1."""
    from scipy.ndimage import gaussian_filter, uniform_filter

    # One pixel of the network's mask covers this many of the picture; the edge is somewhere in there.
    ratio = max(mask.shape) / _SIDE
    mask = gaussian_filter(mask, 0.7 * ratio)
    radius = max(2, round(2 * ratio))
    window = 2 * radius + 1

    def mean(plane: Plane) -> Plane:
        found: Plane = uniform_filter(plane, window, mode="nearest")
        return found

    guide: Plane = (colours @ np.array([0.299, 0.587, 0.114], np.float32)).astype(np.float32)
    guide_mean, mask_mean = mean(guide), mean(mask)
    slope = (mean(guide * mask) - guide_mean * mask_mean) / (mean(guide * guide) - guide_mean**2 + 1e-4)
    offset = mask_mean - slope * guide_mean
    fitted: Plane = np.clip(mean(slope) * guide + mean(offset), 0.0, 1.0)
    return fitted


def _clean(colours: Plane, alpha: Plane) -> Plane:
    """Colours of the subject alone: half-seen pixels take those of the whole ones near by, so that the old background makes no rim."""
    from scipy.ndimage import gaussian_filter

    whole = (alpha > 0.95).astype(np.float32)[..., None]
    reach = max(2.0, max(alpha.shape) / 200)
    weight = gaussian_filter(whole, sigma=(reach, reach, 0))
    near = gaussian_filter(colours * whole, sigma=(reach, reach, 0)) / np.maximum(weight, 1e-6)
    mixed = np.where(weight > 1e-3, near, colours)
    share = alpha[..., None]
    cleaned: Plane = np.clip(share * colours + (1.0 - share) * mixed, 0.0, 1.0).astype(np.float32)
    return cleaned
