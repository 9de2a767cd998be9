"""Tiny archives of the real kinds, and clients that serve them from memory, for the model store's tests."""

from __future__ import annotations

import hashlib
import io
import json
import lzma
import tarfile
import threading
import zipfile
from collections.abc import Mapping
from pathlib import Path

from domain.model import ArchiveSource, HubSource, Model, ModelFile, Task
from domain.progress import Progress
from pipelines.models.clients import Arrived, SourceFailed
from pipelines.models.hub import HubFile, HubListing


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def zip_bytes(members: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


def tar_bytes(members: Mapping[str, bytes], compression: str = "gz") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz" if compression == "gz" else "w") as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def deb_bytes(members: Mapping[str, bytes]) -> bytes:
    """deb(5): an ar archive of debian-binary, control.tar.gz and data.tar.xz."""
    data = lzma.compress(tar_bytes({f"./{name}": content for name, content in members.items()}, ""))
    parts = {"debian-binary": b"2.0\n", "control.tar.gz": tar_bytes({"./control": b"Package: small\n"}), "data.tar.xz": data}
    out = b"!<arch>\n"
    for name, content in parts.items():
        out += f"{name:<16}{0:<12}{0:<6}{0:<6}{100644:<8}{len(content):<10}`\n".encode() + content + (b"\n" if len(content) % 2 else b"")
    return out


class Shelf:
    """An archive client that serves what lies on it, counts what was asked, and fails where it is told to."""

    def __init__(self, packages: Mapping[str, bytes], suffix: str = ".whl") -> None:
        self.packages = dict(packages)
        self.suffix = suffix
        self.asked: list[str] = []
        self.failing: dict[str, Exception] = {}
        self.gate: threading.Event | None = None

    def fetch(self, package: str, folder: Path, progress: Progress, arrived: Arrived) -> Path:
        self.asked.append(package)
        if self.gate is not None:
            self.gate.wait(20)
        progress.check()
        if package in self.failing:
            raise self.failing[package]
        if package not in self.packages:
            raise SourceFailed(f"there is no {package} on the shelf")
        data = self.packages[package]
        arrived(len(data))
        path = folder / f"archive{self.suffix}"
        path.write_bytes(data)
        return path


class HubOfFiles:
    """A hub with one repository that lives in a mapping. commit changes when the files do."""

    def __init__(self, repository: str, files: Mapping[str, bytes]) -> None:
        self.repository = repository
        self.files = dict(files)
        self.fetched: list[str] = []

    def list(self, repository: str, revision: str) -> HubListing:
        if repository != self.repository:
            raise SourceFailed(f"the hub has no {repository}")
        files = tuple(HubFile(name=name, size=len(data), sha256=sha256(data)) for name, data in self.files.items())
        return HubListing(revision="c0ffee", files=files)

    def fetch(self, repository: str, revision: str, name: str, folder: Path, progress: Progress, arrived: Arrived) -> Path:
        self.fetched.append(name)
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(self.files[name])
        return path


class NoHub:
    """A hub that cannot be reached."""

    def list(self, repository: str, revision: str) -> HubListing:
        raise SourceFailed("the hub cannot be reached", "Check the connection.")

    def fetch(self, repository: str, revision: str, name: str, folder: Path, progress: Progress, arrived: Arrived) -> Path:
        raise SourceFailed("the hub cannot be reached")


#: Three parts of one file in three wheels, and two voices in one npm tarball.
PARTS = (b"first " * 4000, b"second " * 4000, b"third " * 4000)
WHOLE = b"".join(PARTS)
VOICES = {"a.bin": b"\x01\x02" * 900, "b.bin": b"\x03\x04" * 900}
WHEELS = {
    f"parts-{n}==1.0": zip_bytes({f"parts_{n}/data/part.bin": data, f"parts_{n}/__init__.py": b""}) for n, data in enumerate(PARTS, 1)
}
TARBALLS = {"@scope/voices@2.0": tar_bytes({f"package/voices/{name}": data for name, data in VOICES.items()} | {"package/README.md": b"x"})}


def speaker(**changes: object) -> Model:
    """A model in the shape of Kokoro: a file of three wheel parts, voices from npm."""
    entry = Model(
        id="speaker",
        name="Speaker",
        task=Task.SPEECH,
        licence="MIT",
        files=(
            ModelFile(
                name="speaker.onnx",
                sha256=sha256(WHOLE),
                size=len(WHOLE),
                members=tuple(f"parts-{n}:parts_{n}/data/*.bin" for n in (1, 2, 3)),
            ),
            *(
                ModelFile(name=f"voices/{name}", sha256=sha256(data), size=len(data), members=(f"@scope/voices:package/voices/{name}",))
                for name, data in VOICES.items()
            ),
        ),
        sources=(ArchiveSource(kind="wheel", packages=tuple(WHEELS)), ArchiveSource(kind="npm", packages=tuple(TARBALLS))),
    )
    return entry.model_copy(update=changes)


def painter(**changes: object) -> Model:
    """An entry that is not pinned: patterns of one hub repository."""
    entry = Model(
        id="painter",
        name="Painter",
        task=Task.PICTURE,
        licence="Apache-2.0",
        pinned=False,
        files=(ModelFile(name="*.json"), ModelFile(name="unet/*.safetensors")),
        sources=(HubSource(repository="someone/painter"),),
    )
    return entry.model_copy(update=changes)


PAINTER_FILES = {
    "model_index.json": json.dumps({"_class_name": "Small"}).encode(),
    "unet/model.safetensors": b"weights" * 500,
    "unet/model.bin": b"a pickle, never to be taken",
    "README.md": b"# painter",
}
