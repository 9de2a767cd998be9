"""What the studio has opened in a process of its own: pictures and recordings that are handed in, and files that are looked into.

sandbox = Sandbox(TASKS)
Opening(sandbox).picture(data, "fox.png")
InspectingApart(Opening(sandbox), formats, authority, outside).inspect(data, "pack.zip")
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from PIL import Image
from pydantic import ValidationError

from domain.asset import Asset
from domain.errors import AttachmentError, MaquetteError
from domain.labels import FileFormat, Inspection
from domain.value import JsonValue
from pipelines.labels.formats import Formats
from pipelines.media.headers import require_few_parts
from pipelines.media.opening import Opening
from pipelines.media.opening import tasks as media_tasks
from pipelines.media.picture import sniff
from pipelines.sandbox.child import Task
from pipelines.sandbox.limits import MB, Limits
from studio.inspecting import Anchored, Inspecting, require_size

TASKS = "studio.opening:tasks"

#: The largest file that is looked into has 200 MB, and its reader holds it several times over.
_INSPECTING = Limits(seconds=60, cpu=45, memory=1_600 * MB, answer=0)


@dataclass(frozen=True)
class _Anchors:
    pem: bytes

    def anchors(self) -> bytes:
        return self.pem


def tasks() -> dict[str, Task]:
    import c2pa  # noqa: F401 - so that copies of the process have it

    return {**media_tasks(), "inspect": _inspect}


def _inspect(given: Mapping[str, Any], data: bytes) -> tuple[JsonValue, bytes]:
    rows = tuple(FileFormat.model_validate(row) for row in given["formats"])
    reading = Inspecting(
        Formats(rows), _Anchors(given["anchors"].encode()), given["outside"].encode(), mark=lambda data, name: str(given["mark"])
    )
    return reading.inspect(data, given["name"]).model_dump(mode="json"), b""


class InspectingApart(Inspecting):
    """Inspecting, in a process of its own: the same words, and a file that ends its reader is refused."""

    def __init__(
        self,
        opening: Opening,
        formats: Formats,
        authority: Anchored,
        outside: bytes = b"",
        *,
        mark: Callable[[Image.Image], str] = lambda picture: "",
        beginning: Callable[[str], Sequence[Asset]] = lambda letters: (),
    ) -> None:
        """mark: reads the invisible mark here, of pixels that were opened apart: its key stays out of that process."""
        super().__init__(formats, authority, outside, mark=self._read_mark, beginning=beginning)
        self._opening = opening
        self._of_pixels = mark

    def inspect(self, data: bytes, name: str) -> Inspection:
        """See Inspecting.inspect. Raises AttachmentError too, for a file that ends its reader, and LimitError for one it cannot bear."""
        require_size(data, name)
        require_few_parts(data, sniff(data), name)
        given: dict[str, JsonValue] = {
            "name": name,
            "formats": [row.model_dump(mode="json") for row in self._formats.rows],
            "anchors": self._authority.anchors().decode("ascii"),
            "outside": self._outside.decode("utf-8", "replace"),
            "mark": self._mark(data, name),
        }
        said, _ = self._opening.sandbox.run("inspect", given, data, name=name, limits=_INSPECTING)
        try:
            found = Inspection.model_validate(said)
        except ValidationError as error:
            raise AttachmentError(
                "{name} cannot be opened: it is damaged.", hint="Save it again and retry.", field=name, name=name
            ) from error
        return found.model_copy(update={"marked": self._marked(found.watermark)})

    def _read_mark(self, data: bytes, name: str) -> str:
        if not sniff(data).startswith("image/"):
            return ""
        with suppress(MaquetteError):  # too large or damaged: nothing is found in it
            return self._of_pixels(self._opening.picture(data, name))
        return ""
