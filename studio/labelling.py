"""Files as they leave the studio: labelled, read back, signed last. A file whose promised mark cannot be written is not handed over.

Only what the studio made with AI is marked; a person's own file leaves as it came. Files of the library stay as they were made: what is
labelled lies in the cache, and the same file, certificate and settings give it again. What a format has no place for stands in a sealed
document beside it.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from domain.asset import Asset, FileRef
from domain.errors import AssetDamaged, MaquetteError
from domain.labels import COMPOSITE, AigcLabel, Credentials, FileFormat, Marks, require_producer
from domain.value import JsonValue, canonical_json
from library.library import Library
from pipelines.labels.authority import Authority, Signer
from pipelines.labels.credentials import Claim, Ingredient, read_credentials, sealed, signed
from pipelines.labels.explicit import Explicit
from pipelines.labels.formats import Formats, labelled, require
from pipelines.labels.watermark import VERSION as MARK_VERSION
from studio.caching import put, sweep, touched
from studio.gate import Gate
from studio.incoming import Incoming, Incomings, taken_on
from studio.picture_marks import PictureMarks

#: Raised when the same file would be labelled otherwise.
VERSION = 2
KEPT_BYTES = 2_000_000_000
#: A pack reads what it labelled within this time.
YOUNG_SECONDS = 3600.0
#: Without a code of its own a studio names its software: the standard asks for a code of those who offer a service in China.
PRODUCER = "Maquette"


@dataclass(frozen=True)
class Leaving:
    """One file as it leaves. sidecar: what stands beside it (JSON), b"" where everything is inside. marks: what it says, for a manifest."""

    name: str
    media_type: str
    path: Path
    sha256: str
    size: int
    sidecar: bytes = b""
    marks: dict[str, JsonValue] | None = None


class Labeller(Protocol):
    """Who marks and signs what leaves. Nothing that packs or hands over files can be built without one."""

    def file(self, asset: Asset, file: FileRef, name: str = "") -> Leaving: ...

    def given(self, asset: Asset, name: str, media_type: str, data: bytes) -> Leaving: ...

    def seal(self, document: dict[str, JsonValue]) -> bytes: ...


class Labelling:
    """Args:
    folder: where labelled files wait; may be emptied at any time.
    producer: the code of 27 characters a provider in China has, "" for none.
    """

    def __init__(
        self,
        library: Library,
        formats: Formats,
        explicit: Explicit,
        authority: Authority,
        folder: Path,
        *,
        producer: str = "",
        version: str = "",
    ) -> None:
        self._library = library
        self._formats = formats
        self._explicit = explicit
        self._authority = authority
        self._folder = folder
        self._producer = require_producer(producer) or PRODUCER
        self._version = version
        self._incomings = Incomings(library, formats)
        self._pictures = PictureMarks(authority)

    @property
    def formats(self) -> Formats:
        return self._formats

    def file(self, asset: Asset, file: FileRef, name: str = "") -> Leaving:
        """A stored file of an asset as it leaves, under a name of its own. Raises ContentHeld, LabelError, AssetDamaged, StorageError."""
        Gate(self._library).require([asset])
        path, name = self._library.file_path(file.sha256), name or file.name
        if not asset.labels.ai_generated:
            return Leaving(name, file.media_type, path, file.sha256, file.size)
        return self._made(asset, name, file.media_type, file.sha256, path)

    def given(self, asset: Asset, name: str, media_type: str, data: bytes) -> Leaving:
        """Bytes that were made from an asset just now (a dialogue for an engine, a drawing of another size) as they leave.

        Raises ContentHeld."""
        Gate(self._library).require([asset])
        sha256 = hashlib.sha256(data).hexdigest()
        path = put(self._folder / f"{sha256}.given", data)
        if not asset.labels.ai_generated:
            return Leaving(name, media_type, path, sha256, len(data))
        return self._made(asset, name, media_type, sha256, path)

    def seal(self, document: dict[str, JsonValue]) -> bytes:
        """A document of ours with a signature in it, as JSON."""
        return _json(sealed(document, self._authority.signer()))

    def _made(self, asset: Asset, name: str, media_type: str, sha256: str, path: Path) -> Leaving:
        signer = self._authority.signer()
        row = self._formats.of_type(media_type)
        project = self._library.project(asset.project_id)
        explicit, invisible = project.explicit_label, project.watermark and row is not None and row.watermark
        incoming = self._incomings.of(asset)
        marks = self._marks(asset, sha256, incoming)
        told: list[JsonValue] = [
            VERSION,
            sha256,
            media_type,
            asset.title,
            marks.model_dump(mode="json"),
            signer.fingerprint,
            explicit,
            [MARK_VERSION] if invisible else [],
            self._version,
            [one.sha256 for one in incoming if one.marked],
        ]
        key = hashlib.sha256(canonical_json({"of": told}).encode()).hexdigest()
        kept = self._folder / f"{key}.labelled"
        if not touched(kept):
            data = self._read(path, sha256)
            data = self._pictures.marked(data, row.id, asset) if row is not None and invisible else data
            put(kept, self._written(data, asset, name, row, marks, signer, incoming, explicit=explicit))
            sweep(self._folder, KEPT_BYTES, kept, young=YOUNG_SECONDS)
        data = kept.read_bytes()
        digest = hashlib.sha256(data).hexdigest()
        inside = row is not None and row.embeds
        said: dict[str, JsonValue] = {
            "AIGC": {**marks.aigc.fields()},
            "digital_source_type": marks.source_type,
            "inside": inside,
            "credentials": row is not None and row.c2pa,
            **({"invisible": True} if invisible else {}),
            **_went_in(incoming),
        }
        beside = b"" if row is not None and row.c2pa else self._beside(asset, name, media_type, digest, len(data), said, signer)
        return Leaving(name, media_type, kept, digest, len(data), beside, said)

    def _written(
        self,
        data: bytes,
        asset: Asset,
        name: str,
        row: FileFormat | None,
        marks: Marks,
        signer: Signer,
        incoming: tuple[Incoming, ...],
        *,
        explicit: bool,
    ) -> bytes:
        """1. what a person sees or hears; 2. what machines read, read back; 3. the signature, and everything read back again."""
        if row is None:
            return data
        if explicit and row.explicit:
            data = self._explicit.shown(data, row.id)
        if not row.embeds:
            return data
        data = labelled(data, row, marks)
        if not row.c2pa:
            return data
        claim = Claim(asset.title or name, marks.source_type, self._version, asset.created.isoformat(), self._ingredients(incoming))
        data = signed(data, row.media_types[0], claim, signer)
        require(data, row, marks)
        found = read_credentials(data, row.media_types[0], signer.chain)
        require_intact(found, name)
        return data

    def _marks(self, asset: Asset, sha256: str, incoming: tuple[Incoming, ...]) -> Marks:
        origin = asset.labels.digital_source_type if all(one.ai for one in incoming) else COMPOSITE
        rights = "\n".join(dict.fromkeys(f"{one.title}: {one.author or one.source}, {one.licence}" for one in asset.credits))
        aigc = AigcLabel(producer=self._producer, produce_id=asset.id, reserved1=sha256, reserved2=taken_on(incoming))
        return Marks(aigc=aigc, source_type=origin, title=asset.title, rights=rights)

    def _ingredients(self, incoming: tuple[Incoming, ...]) -> tuple[Ingredient, ...]:
        """What came with marks of its own: credentials are kept whole, a label stands in the description. What was edited goes first."""
        found: list[Ingredient] = []
        for one in sorted(incoming, key=lambda one: not one.parent):
            row = self._formats.of_type(one.media_type)
            if not one.marked or row is None or not row.c2pa:
                continue
            with suppress(MaquetteError, OSError):  # the file of a deleted input
                data = self._incomings.data(one)
                told = one.aigc.text() if one.aigc else one.source_type
                found.append(Ingredient(one.role, one.media_type, data, parent=one.parent, description=told))
        return tuple(found)

    def _beside(
        self, asset: Asset, name: str, media_type: str, sha256: str, size: int, said: dict[str, JsonValue], signer: Signer
    ) -> bytes:
        document: dict[str, JsonValue] = {
            "AIGC": said["AIGC"],
            "digital_source_type": said["digital_source_type"],
            "file": name,
            "media_type": media_type,
            "sha256": sha256,
            "size": size,
            **{name: said[name] for name in ("ingredients",) if name in said},
            "title": asset.title,
            "created": asset.created.isoformat(),
            "created_by": {"software": "Maquette", "version": self._version},
        }
        return _json(sealed(document, signer))

    def _read(self, path: Path, sha256: str) -> bytes:
        data = path.read_bytes() if path.is_file() else b""
        if hashlib.sha256(data).hexdigest() != sha256:
            raise AssetDamaged("A file was altered since it was made.", hint="Run `python app.py check`, then make it again.")
        return data


def _went_in(incoming: tuple[Incoming, ...]) -> dict[str, JsonValue]:
    """What a manifest and a statement say of marked files that people gave; nothing where there were none."""
    told: list[JsonValue] = [
        {
            "role": one.role,
            "media_type": one.media_type,
            "sha256": one.sha256,
            **({"AIGC": {**one.aigc.fields()}} if one.aigc else {}),
            **({"digital_source_type": one.source_type} if one.source_type else {}),
            "credentials": one.credentials,
        }
        for one in incoming
        if one.marked
    ]
    return {"ingredients": told} if told else {}


def require_intact(found: Credentials | None, name: str) -> None:
    """Raise LabelError when credentials that were just written do not read back as intact."""
    from domain.errors import LabelError

    if found is None or found.state != "intact":
        raise LabelError(
            "The credentials of {name} do not read back as they were signed: {problems}.",
            hint="Make the file again, then export it.",
            name=name,
            problems=", ".join(found.problems) if found else "none",
        )


def _json(document: dict[str, JsonValue]) -> bytes:
    return (json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False) + "\n").encode()
