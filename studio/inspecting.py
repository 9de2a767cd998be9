"""What a file carries: where it says it comes from, who signed it, whether it was altered since; in plain words and as a value.

Any file, of the studio or of others; nothing is kept and nothing is asked over a network. What stands in a file is what somebody wrote
there: it is told, not believed, and nothing is called verified.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Literal, Protocol

from domain.asset import Asset
from domain.errors import LimitError, MaquetteError
from domain.labels import (
    AI_SOURCES,
    COMPOSITE,
    Carried,
    Credentials,
    FileFormat,
    Inspection,
    MarkedAsset,
    PackedFile,
    read_aigc,
)
from domain.metadata import PictureMetadata
from domain.said import Said
from pipelines.labels.credentials import opened, read_credentials
from pipelines.labels.formats import Formats, carried
from pipelines.media.headers import members
from pipelines.media.metadata import read_metadata
from studio.incoming import FROM

#: Bytes of a file that is looked into.
FILE_MAX = 200_000_000
#: Files and bytes that are unpacked of a pack.
PACK_FILES, PACK_BYTES = 5_000, 2_000_000_000
#: Bytes of the list of its files.
PACK_LIST = 2_000_000
#: Bytes that an archive may unpack to whatever its size, and how many times its size it may be beyond. Silence packs a thousandfold.
SWELLING_MIN, SWELLING_MAX = 100_000_000, 100
_DOCUMENT_MAX = 50_000_000
_PICTURES = frozenset({"png", "jpeg", "webp"})
_TOOLS = {"maquette": "Maquette", "a1111": "stable-diffusion-webui", "comfyui": "ComfyUI"}
Ai = Literal["yes", "partly", "possibly", "no", "unsaid"]


class Anchored(Protocol):
    """The studio's own authority, as far as reading needs it: its certificates as PEM."""

    def anchors(self) -> bytes: ...


class Inspecting:
    """outside: PEM of authorities the owner of this machine trusts, b"" for none.

    mark: what the invisible mark of a picture says, "" for none. beginning: results whose id begins so.
    """

    def __init__(
        self,
        formats: Formats,
        authority: Anchored,
        outside: bytes = b"",
        *,
        mark: Callable[[bytes, str], str] = lambda data, name: "",
        beginning: Callable[[str], Sequence[Asset]] = lambda letters: (),
    ) -> None:
        self._formats = formats
        self._authority = authority
        self._outside = outside
        self._mark = mark
        self._beginning = beginning

    def inspect(self, data: bytes, name: str) -> Inspection:
        """Raises LimitError for a file over 200 MB; a damaged one is told, not refused."""
        require_size(data, name)
        found = Inspection(name=name, media_type="", size=len(data), sha256=hashlib.sha256(data).hexdigest())
        if _crowded(data):
            return _told(found, [Said.of("The archive holds more than is looked into.")])
        row = self._formats.of_file(data, name)
        found = found.model_copy(update={"media_type": row.media_types[0] if row else ""})
        if row is None:
            return _told(found, [Said.of("This is no kind of file that is known here, so nothing can be said of it.")])
        if row.id == "zip":
            return self._pack(data, found)
        return self._file(data, found, row)

    def _file(self, data: bytes, found: Inspection, row: FileFormat) -> Inspection:
        said: list[Said] = []
        marks = Carried()
        try:
            marks = carried(data, row)
        except MaquetteError as error:
            said += error.said
        credentials = read_credentials(data, row.media_types[0], self._authority.anchors(), self._outside) if row.c2pa else None
        seal = opened(data, self._authority.anchors(), self._outside) if row.id == "data" else None
        if seal is not None:
            document, credentials = seal
            marks = _of_document(document)
            said.append(Said.of("It is a statement about the file {file}.", file=str(document.get("file", "?"))[:200]))
        picture = PictureMetadata()
        if row.id in _PICTURES:
            with suppress(MaquetteError):
                picture = read_metadata(data, found.name)
        mark = self._mark(data, found.name) if row.id in _PICTURES else ""
        labels = [one for one in (read_aigc(text) for text in marks.aigc) if one is not None]
        ai = _ai([marks.source_type, credentials.source_type if credentials else ""], [one.label for one in labels], picture)
        whole = found.model_copy(
            update={
                "ai": "possibly" if mark and ai == "unsaid" else ai,
                "watermark": mark,
                "marked": self._marked(mark),
                "aigc": labels[0].fields() if labels else {},
                "carried": marks,
                "credentials": credentials,
                "tool": picture.tool,
                "prompt": picture.prompt,
                "settings": tuple((field.name, field.text) for field in picture.settings),
            }
        )
        return _told(whole, [*_origin(whole), *_labels(whole), *_invisible(whole, row), *_signed(credentials), *_made(whole), *said])

    def _marked(self, letters: str) -> tuple[MarkedAsset, ...]:
        known = self._beginning(letters) if letters else ()
        return tuple(MarkedAsset(id=one.id, project_id=one.project_id, title=one.title) for one in known)

    def _pack(self, data: bytes, found: Inspection) -> Inspection:
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as pack:
                infos = [info for info in pack.infolist() if not info.is_dir()]
                unpacked = sum(info.file_size for info in infos)
                bomb = unpacked > SWELLING_MIN and unpacked > SWELLING_MAX * len(data)
                if len(infos) > PACK_FILES or unpacked > PACK_BYTES or bomb:
                    return _told(found, [Said.of("The archive holds more than is looked into.")])
                if "manifest.json" not in pack.namelist():
                    return _told(found, [Said.of("It is an archive without a manifest of this studio: look at its files one by one.")])
                digests = {info.filename: _digest(pack, info) for info in infos}
                manifest = _read(pack, "manifest.json")
                seal = _read(pack, "manifest.seal.json") if "manifest.seal.json" in digests else b""
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError, EOFError) as error:
            return _told(found, [Said.of("The archive is damaged: {error}.", error=str(error)[:200])])
        credentials, said = self._sealed(seal, digests["manifest.json"])
        files = _files(manifest, digests)
        wrong = [one.name for one in files if one.state == "altered"]
        gone = [one.name for one in files if one.state == "missing"]
        more = [one.name for one in files if one.state == "unsaid"]
        count = len(files) - len(more)
        said.append(
            Said.of("All {count} files are as its manifest says.", count=count)
            if not wrong and not gone
            else Said.of("Not as its manifest says: {names}.", names=", ".join([*wrong, *gone])[:2000])
        )
        if more:
            said.append(Said.of("Files that its manifest does not name: {names}.", names=", ".join(more)[:2000]))
        ai: Ai = "yes" if any(one.ai for one in files) else "no" if files else "unsaid"
        whole = found.model_copy(update={"ai": ai, "files": files, "credentials": credentials})
        return _told(whole, [Said.of("It is a pack of Maquette."), *_origin(whole), *said])

    def _sealed(self, seal: bytes, sha256: str) -> tuple[Credentials | None, list[Said]]:
        read = opened(seal, self._authority.anchors(), self._outside) if seal else None
        if read is None:
            return None, [Said.of("Its manifest is not signed: nothing shows whether it was altered.")]
        document, credentials = read
        if document.get("sha256") != sha256:
            credentials = credentials.model_copy(update={"state": "altered"})
        return credentials, _signed(credentials)


def _crowded(data: bytes) -> bool:
    """Whether an archive lists more files than are looked into, by what it says at its end: its list is not read for that."""
    if data[:4] != b"PK\3\4":
        return False
    count, size = members(data)
    return count > PACK_FILES or size > PACK_LIST


def _digest(pack: zipfile.ZipFile, info: zipfile.ZipInfo) -> str:
    """Piece by piece: a file of a pack is never held whole."""
    found = hashlib.sha256()
    with pack.open(info) as file:
        while piece := file.read(1 << 20):
            found.update(piece)
    return found.hexdigest()


def _read(pack: zipfile.ZipFile, name: str) -> bytes:
    """Raises ValueError for a document larger than any that this studio writes."""
    if pack.getinfo(name).file_size > _DOCUMENT_MAX:
        raise ValueError(f"{name} is too large")
    return pack.read(name)


def require_size(data: bytes, name: str) -> None:
    if len(data) > FILE_MAX:
        raise LimitError(
            "{name} has {size} MB; {most} MB is the most that is looked into.",
            hint="Take it apart, or give a smaller one.",
            field="file",
            name=name,
            size=len(data) // 10**6,
            most=FILE_MAX // 10**6,
        )


def _of_document(document: dict[str, Any]) -> Carried:
    aigc = document.get("AIGC")
    return Carried(
        aigc=(json.dumps(aigc),) if isinstance(aigc, dict) else (),
        source_type=str(document.get("digital_source_type", ""))[:500],
        title=str(document.get("title", ""))[:1000],
    )


def _files(manifest: bytes, digests: dict[str, str]) -> tuple[PackedFile, ...]:
    """Every file the manifest names, then those it does not."""
    try:
        told = json.loads(manifest)
        rows: list[tuple[str, str, bool | None, str]] = [
            (str(file["name"]), str(file["sha256"]), bool(asset.get("labels", {}).get("ai_generated")), str(file.get("label", "")))
            for asset in told["assets"]
            for file in asset["files"]
        ]
        rows += [(str(file["name"]), str(file["sha256"]), None, "") for file in told.get("files", [])]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        rows = []
    found = []
    for name, sha256, ai, _ in rows:
        state: Literal["as_said", "altered", "missing"] = "missing" if name not in digests else "altered"
        found.append(PackedFile(name=name, state="as_said" if digests.get(name) == sha256 else state, ai=ai))
    known = {"README.md", "CREDITS.md", "manifest.json", "manifest.seal.json", *(row[0] for row in rows), *(row[3] for row in rows)}
    return (*found, *(PackedFile(name=name, state="unsaid") for name in digests if name not in known))


def _ai(sources: list[str], labels: list[str], picture: PictureMetadata) -> Ai:
    if COMPOSITE in sources:
        return "partly"
    if AI_SOURCES.intersection(sources) or "1" in labels:
        return "yes"
    if labels or picture.tool in _TOOLS:
        return "possibly"
    return "no" if any(sources) else "unsaid"


def _origin(found: Inspection) -> list[Said]:
    words = {
        "yes": Said.of("It says of itself that AI made it."),
        "partly": Said.of("It says of itself that AI made a part of it."),
        "possibly": Said.of("It carries signs that AI may have made it."),
        "no": Said.of("It says of itself where it comes from, and that is not AI."),
        "unsaid": Said.of("It says nothing of where it comes from. That does not mean that no AI made it."),
    }
    return [words[found.ai]]


def _labels(found: Inspection) -> list[Said]:
    said = []
    if found.carried.source_type:
        name = found.carried.source_type.rstrip("/").rpartition("/")[2]
        said.append(Said.of("Digital source type (IPTC): {name}.", name=name[:200]))
    if found.aigc:
        said.append(
            Said.of(
                "Implicit label (AIGC): producer {producer}, id {id}.",
                producer=found.aigc["ContentProducer"] or "-",
                id=found.aigc["ProduceID"] or "-",
            )
        )
    if found.aigc.get("ReservedCode2", "").startswith(FROM):
        before = found.aigc["ReservedCode2"].removeprefix(FROM).replace(";", ", ")
        said.append(Said.of("It takes on the labels of what went into it (producer and id): {names}.", names=before[:500]))
    if len(found.carried.aigc) > 1:
        said.append(Said.of("It carries {count} implicit labels; there should be one.", count=len(found.carried.aigc)))
    if found.carried.aigc and not found.aigc:
        said.append(Said.of("Its implicit label (AIGC) is not in the form the standard asks for."))
    return said


def _invisible(found: Inspection, row: FileFormat) -> list[Said]:
    if found.watermark:
        return [Said.of("A mark of this studio was found in its pixels; the id begins with {letters}.", letters=found.watermark)]
    if row.watermark:
        return [Said.of("No mark of this studio was found in its pixels. That proves nothing: most pictures get none, and it can be lost.")]
    return []


def _signed(found: Credentials | None) -> list[Said]:
    if found is None:
        return [Said.of("It carries no signature: nothing shows whether it was altered.")]
    if found.state == "broken":
        return [Said.of("Its signature cannot be read: {problems}.", problems=", ".join(found.problems)[:500] or "-")]
    if found.state == "altered":
        return [Said.of("It was altered after it was signed.")]
    said = [Said.of("It was not altered since it was signed.")]
    if found.own:
        said.append(Said.of("This studio signed it, with a certificate of its own: nobody outside vouches for it."))
    elif found.outside:
        said.append(Said.of("{signer} signed it, and an authority that is trusted on this machine vouches for that.", signer=found.signer))
    else:
        said.append(Said.of("The signer calls itself {signer}; nobody known to this machine vouches for that.", signer=found.signer or "-"))
    if found.ingredients:
        said.append(Said.of("Files with marks of their own went into it: {names}.", names=", ".join(found.ingredients)[:500]))
    return said


def _made(found: Inspection) -> list[Said]:
    said = []
    if found.tool in _TOOLS:
        said.append(Said.of("It tells how it was made, in the form of {tool}.", tool=_TOOLS[found.tool]))
    if found.prompt:
        said.append(Said.of("Prompt: {prompt}", prompt=found.prompt[:2000]))
    return said


def _told(found: Inspection, said: list[Said]) -> Inspection:
    return found.model_copy(update={"said": tuple(said)})
