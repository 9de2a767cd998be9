"""How likely a picture shows nudity, by Open NSFW (Yahoo, 2016) on the CPU. One score; it knows nothing of violence, age or consent.

Which score has which consequence is data, and none of its business: assets/moderation/pictures.toml.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from domain.errors import EngineFailed
from pipelines.devices import Devices, Weights
from pipelines.media.picture import decode
from pipelines.models.onnx import open_network
from pipelines.models.store import ModelStore

if TYPE_CHECKING:
    from PIL import Image

MODEL: Final = "opennsfw"
_FILE: Final = "open-nsfw.onnx"
#: The picture is brought to 256 x 256 and its middle of 224 x 224 is looked at, in BGR, as the published weights were trained.
_SIDE, _SEEN = 256, 224
_MEAN_BGR: Final = np.array([104, 117, 123], np.float32)
#: With what one picture needs besides the weights, measured.
_FOOTPRINT: Final = 120_000_000
#: A wide or tall picture is looked at in so many squares at most, so that its sides are seen undistorted too.
_MOST_SQUARES: Final = 5


class Nudity:
    """Thread-safe; one picture at a time. threads: of the CPU."""

    def __init__(self, store: ModelStore, devices: Devices, *, threads: int = 0) -> None:
        self._store = store
        self._devices = devices
        self._threads = threads

    @property
    def model(self) -> str:
        """Its id in the catalogue."""
        return MODEL

    def ready(self) -> bool:
        """Whether the network has been fetched. Loads nothing."""
        return self._store.ready(MODEL)

    def score(self, data: bytes) -> float:
        """0 (nothing) to 1 (surely): the highest of the whole picture and, where it is long, of its squares.

        Raises AttachmentError for what is no picture, ModelMissing, ModelCorrupt, ModelUnusable, EngineFailed.
        """
        picture = _flat(decode(data))
        ref, network = self._store.ref(MODEL), self._store.file(MODEL, _FILE)
        weights: Weights[Any] = Weights(
            key=f"{MODEL}/{ref.sha256 or ref.id}/{self._threads}", footprint=_FOOTPRINT, load=lambda: open_network(network, self._threads)
        )
        with self._devices.acquire(weights) as session:
            return max(_score(session, _values(view)) for view in _views(picture))


def _flat(picture: Image.Image) -> Image.Image:
    """What is transparent is white, as on a page."""
    from PIL import Image

    if picture.mode != "RGBA":
        return picture.convert("RGB")
    return Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert("RGB")


def _views(picture: Image.Image) -> list[Image.Image]:
    """The whole picture; and of one longer than 3:2 also squares along its longer side."""
    width, height = picture.size
    short, long = min(width, height), max(width, height)
    if long * 2 <= short * 3:
        return [picture]
    count = min(_MOST_SQUARES, -(-long // short))
    starts = [round(number * (long - short) / (count - 1)) for number in range(count)]
    across = width > height
    boxes = [(start, 0, start + short, short) if across else (0, start, short, start + short) for start in starts]
    return [picture, *(picture.crop(box) for box in boxes)]


def _values(picture: Image.Image) -> NDArray[np.float32]:
    """1 x 224 x 224 x 3, BGR, the mean of its training taken off. The published scores were of JPEGs, so it goes through one."""
    from PIL import Image

    edge = (_SIDE - _SEEN) // 2
    small = picture.resize((_SIDE, _SIDE), Image.Resampling.BILINEAR).crop((edge, edge, edge + _SEEN, edge + _SEEN))
    buffer = io.BytesIO()
    small.save(buffer, format="JPEG")
    pixels = np.asarray(Image.open(buffer), np.float32)[:, :, ::-1] - _MEAN_BGR
    values: NDArray[np.float32] = np.ascontiguousarray(pixels, np.float32)[None]
    return values


def _score(session: Any, values: NDArray[np.float32]) -> float:
    try:
        found = np.asarray(session.run(None, {session.get_inputs()[0].name: values})[0], np.float32).reshape(-1)
    except Exception as error:  # onnxruntime raises classes of its own, which are no part of its interface
        raise EngineFailed("onnxruntime stopped: {error}.", hint="Try once more; if it fails again, free memory.", error=error) from error
    if found.shape != (2,) or not np.isfinite(found).all():
        raise EngineFailed("The network gave {shape} values.", hint="Verify the model on the Models page.", shape=found.shape)
    return float(np.clip(found[1], 0.0, 1.0))
