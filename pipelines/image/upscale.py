"""Enlarges raster pictures two or four times with the Real-ESRGAN networks, run by ncnn on the CPU, tile by tile.

Knows pixels and networks; nothing of where a picture came from but whether it was drawn as vectors. It calls no LLM.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version as version_of
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from domain.capability import Capability, StepKind
from domain.errors import EngineFailed, InputError, LimitError, ModelUnusable
from domain.progress import Part, Progress
from domain.recipe import ModelRef, Output, OutputFile, Trace, Work
from domain.value import JsonValue
from pipelines.devices import Devices, Weights
from pipelines.media.picture import PictureFacts, decode, encode, examine
from pipelines.models.store import ModelStore

if TYPE_CHECKING:
    from PIL import Image

MODEL: Final = "realesrgan"
MOST_PIXELS: Final = 4096
SCALES: Final = (2, 4)
#: What every network enlarges by.
_NATIVE: Final = 4
#: Side in pixels of the source that one run of a network is asked for.
_TILE: Final = 128
#: Pixels of the source that a tile sees beyond its border. Animevideov3 looks 18 pixels far, so its tiles join exactly; what lies
#: farther away counts for next to nothing in the other two.
_CONTEXT: Final = 18
#: A larger source is enlarged by the fast network unless a person chose another: the others take minutes for it.
_FAST_ABOVE: Final = 512 * 512

Pixels = NDArray[np.float32]


@dataclass(frozen=True)
class Network:
    """file: name of its two files without the ending. footprint: bytes with what one tile needs, measured."""

    file: str
    footprint: int


NETWORKS: Final[Mapping[str, Network]] = {
    "photo": Network("realesrgan-x4plus", 1_700_000_000),
    "drawing": Network("realesrgan-x4plus-anime", 1_450_000_000),
    "fast": Network("realesr-animevideov3-x4", 110_000_000),
}


class Upscaler:
    """A Pipeline (pipelines/pipeline.py). threads: of the CPU."""

    kind = StepKind.UPSCALE
    name = "realesrgan"
    version = 1

    def __init__(self, store: ModelStore, devices: Devices, *, threads: int = 0) -> None:
        self._store = store
        self._devices = devices
        self._threads = threads

    def capability(self) -> Capability | None:
        """None until the networks have been fetched and where ncnn is not installed."""
        if not self._store.ready(MODEL) or find_spec("ncnn") is None:
            return None
        return Capability(
            kind=self.kind, maker=self.name, models=(MODEL,), limits={"scale": float(max(SCALES))}, reason="Real-ESRGAN on the CPU."
        )

    def models(self, parameters: Mapping[str, JsonValue]) -> tuple[ModelRef, ...]:
        return (self._store.ref(MODEL),)

    def generate(self, works: Sequence[Work], progress: Progress) -> list[Output]:
        """One PNG per work. facts: width, height, source_width, source_height, scale, network, tiles.

        Raises InputError for parameters and a missing source, LimitError for a result over MOST_PIXELS a side, both before anything is
        loaded; AttachmentError for a source that is no picture; Cancelled between two tiles; ModelMissing, ModelUnusable, EngineFailed.
        """
        outputs = []
        for index, work in enumerate(works):
            progress.check()
            started = time.perf_counter()
            order = _Order.read(work)
            picture, tiles = self._enlarged(order, Part(progress, index / len(works), 1 / len(works)))
            facts: dict[str, JsonValue] = {
                "width": picture.width,
                "height": picture.height,
                "source_width": order.source.width,
                "source_height": order.source.height,
                "scale": order.scale,
                "network": order.network,
                "tiles": tiles,
            }
            trace = Trace(device="cpu", dtype="float32", versions={"ncnn": version_of("ncnn")}, seconds=time.perf_counter() - started)
            outputs.append(Output((OutputFile("picture.png", "image/png", encode(picture)),), trace, facts=facts))
        progress.report(1.0, "enlarged")
        return outputs

    def _enlarged(self, order: _Order, share: Part) -> tuple[Image.Image, int]:
        """The result and how many tiles it took. Transparency is enlarged beside the colours."""
        from PIL import Image

        colours = _colours(order.source)
        height, width = colours.shape[:2]
        made = np.empty((height * order.scale, width * order.scale, 3), dtype=np.uint8)
        tiles = [(x, y) for y in range(0, height, _TILE) for x in range(0, width, _TILE)]
        padded = np.pad(colours, ((_CONTEXT, _CONTEXT), (_CONTEXT, _CONTEXT), (0, 0)), mode="reflect")
        with self._loaded(order.network, share.check) as run:
            for number, (x, y) in enumerate(tiles):
                share.check()
                share.report(number / len(tiles), f"enlarging {number + 1}/{len(tiles)}")
                right, bottom = min(x + _TILE, width), min(y + _TILE, height)
                seen = padded[y : bottom + 2 * _CONTEXT, x : right + 2 * _CONTEXT]
                made[y * order.scale : bottom * order.scale, x * order.scale : right * order.scale] = _fitted(run(seen), order.scale)
        picture = Image.fromarray(made)
        if order.source.mode == "RGBA":
            picture.putalpha(order.source.getchannel("A").resize(picture.size, Image.Resampling.LANCZOS))
        return picture, len(tiles)

    @contextmanager
    def _loaded(self, network: str, check: Callable[[], None]) -> Iterator[Callable[[Pixels], Pixels]]:
        chosen = NETWORKS[network]
        ref = self._store.ref(MODEL)
        files = tuple(self._store.file(MODEL, f"{chosen.file}.{end}") for end in ("param", "bin"))
        weights = Weights(
            key=f"{MODEL}/{chosen.file}/{ref.sha256 or ref.id}/{self._threads}",
            footprint=chosen.footprint,
            load=lambda: _Net(files[0], files[1], self._threads),
            unload=lambda held: held.close(),
        )
        with self._devices.acquire(weights, check=check) as held:
            try:
                yield held.run
            finally:
                held.rest()


@dataclass(frozen=True)
class _Order:
    """One enlargement, checked. network: a key of NETWORKS. source: upright, RGB or RGBA."""

    source: Image.Image
    scale: int
    network: str

    @staticmethod
    def read(work: Work) -> _Order:
        """Raises InputError, LimitError, AttachmentError."""
        parameters = work.recipe.parameters
        scale, style = parameters.get("scale"), parameters.get("style")
        if isinstance(scale, bool) or scale not in SCALES:
            raise InputError("scale is {scale}.", hint="Use 2 or 4.", field="scale", scale=repr(scale))
        if style != "auto" and style not in NETWORKS:
            raise InputError(
                "style is {style}.", hint="Use one of: auto, {known}.", field="style", style=repr(style), known=", ".join(NETWORKS)
            )
        sources = work.all("source")
        if not sources:
            hint = "Let the step use a picture of the plan, or attach a PNG or JPEG to the brief."
            raise InputError("There is no picture to enlarge.", hint=hint, field="inputs")
        data = sources[0].path.read_bytes()
        facts = examine(data, "The source")
        factor = 4 if scale == 4 else 2
        _require_room(facts, factor)
        network = str(style) if style != "auto" else _network(facts, drawn=parameters.get("drawn") is True)
        return _Order(decode(data, "The source"), factor, network)


def _network(facts: PictureFacts, *, drawn: bool) -> str:
    if facts.width * facts.height > _FAST_ABOVE:
        return "fast"
    return "drawing" if drawn else "photo"


def _require_room(facts: PictureFacts, scale: int) -> None:
    """Raises LimitError naming the nearest that fits."""
    longest = max(facts.width, facts.height)
    if longest * scale <= MOST_PIXELS:
        return
    fits = [factor for factor in SCALES if longest * factor <= MOST_PIXELS]
    hint = "Use scale {fitting}." if fits else "It is large already; a source of {doubled} pixels a side can be doubled."
    raise LimitError(
        "{width}x{height} pixels, each side times {scale}, are more than {most} a side; a source has at most {source} pixels a side.",
        hint=hint,
        field="scale",
        width=facts.width,
        height=facts.height,
        scale=scale,
        most=MOST_PIXELS,
        source=MOST_PIXELS // scale,
        fitting=fits[-1] if fits else scale,
        doubled=MOST_PIXELS // min(SCALES),
    )


def _colours(source: Image.Image) -> Pixels:
    """Height x width x 3 in 0..1. Where nothing is seen, the colours near by: else what lies hidden there would make a rim."""
    if source.mode != "RGBA":
        return np.asarray(source, dtype=np.float32) / 255.0
    from scipy.ndimage import gaussian_filter

    pixels = np.asarray(source, dtype=np.float32) / 255.0
    colours, alpha = pixels[..., :3], pixels[..., 3:]
    weight = gaussian_filter(alpha, sigma=(4, 4, 0))
    near = gaussian_filter(colours * alpha, sigma=(4, 4, 0)) / np.maximum(weight, 1e-6)
    filled: Pixels = np.where(alpha > 0, colours, np.clip(near, 0.0, 1.0)).astype(np.float32)
    return filled


def _fitted(enlarged: Pixels, scale: int) -> NDArray[np.uint8]:
    """A tile's own pixels without its context, brought to the scale by the mean of each area."""
    edge = _CONTEXT * _NATIVE
    own = enlarged[edge:-edge, edge:-edge]
    step = _NATIVE // scale
    if step > 1:
        height, width = own.shape[0] // step, own.shape[1] // step
        own = own.reshape(height, step, width, step, 3).mean(axis=(1, 3))
    whole: NDArray[np.uint8] = np.rint(np.clip(own, 0.0, 1.0) * 255.0).astype(np.uint8)
    return whole


class _Net:
    """A loaded network. Used by one thread at a time."""

    def __init__(self, param: Path, weights: Path, threads: int) -> None:
        try:
            import ncnn
        except ImportError as error:
            raise ModelUnusable("ncnn is not installed: {error}.", hint="Run `pip install ncnn`.", error=error) from error
        self._ncnn = ncnn
        self._net = net = ncnn.Net()
        # Pools of our own, so that what a tile needed can be given back: ncnn's keep more than a gigabyte as long as the network lives.
        self._pools = (ncnn.UnlockedPoolAllocator(), ncnn.PoolAllocator())
        net.opt.blob_allocator, net.opt.workspace_allocator = self._pools
        net.opt.use_vulkan_compute = False
        # Half precision would make the result depend on the processor.
        net.opt.use_fp16_packed = net.opt.use_fp16_storage = net.opt.use_fp16_arithmetic = False
        net.opt.use_bf16_storage = False
        net.opt.openmp_blocktime = 0  # threads that wait do not burn the processor meanwhile
        if threads:
            net.opt.num_threads = threads
        if net.load_param(str(param)) != 0 or net.load_model(str(weights)) != 0:
            raise ModelUnusable("{stem} could not be loaded.", hint="Verify it on the Models page.", stem=param.stem)

    def run(self, seen: Pixels) -> Pixels:
        """Height x width x 3 in 0..1 to four times that. Raises EngineFailed."""
        planes = np.ascontiguousarray(seen.transpose(2, 0, 1))
        extractor = self._net.create_extractor()
        # A Mat made of an array only borrows its memory; the copy is ncnn's own, aligned as it wants it.
        failed = extractor.input("data", self._ncnn.Mat(planes).clone())
        if not failed:
            failed, made = extractor.extract("output")
        if failed:
            raise EngineFailed("ncnn failed with code {failed}.", hint="Run the step again; if it fails again, free memory.", failed=failed)
        enlarged: Pixels = np.array(made, dtype=np.float32).transpose(1, 2, 0)
        if enlarged.shape != (seen.shape[0] * _NATIVE, seen.shape[1] * _NATIVE, 3):
            raise EngineFailed(
                "The network gave {shape} for {shape2}.",
                hint="Verify the model on the Models page.",
                shape=enlarged.shape,
                shape2=seen.shape,
            )
        return enlarged

    def rest(self) -> None:
        """Give back what the last tiles needed beside the weights."""
        for pool in self._pools:
            pool.clear()

    def close(self) -> None:
        self._net.clear()
        self.rest()
