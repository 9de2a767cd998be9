"""A library whose files leave labelled: for tests of packs, downloads and inspection."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path

from domain.asset import Asset, FileRef, Labels
from domain.capability import StepKind
from domain.recipe import Credit, InputRef, OutputFile, Recipe
from domain.value import JsonValue, canonical_json
from library.library import Library
from pipelines.labels.authority import Authority
from pipelines.labels.explicit import Explicit
from pipelines.labels.formats import Formats
from studio.inspecting import Inspecting
from studio.labelling import Labelling
from studio.labelling import Leaving as AsItLeaves
from studio.picture_marks import PictureMarks

WHEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
FOX = Credit(title="fox", author="Ann Artist", licence="MIT", source="https://example.org/fox")


class Unlabelled:
    """A stand-in for tests of what is packed and where: files leave as they are stored, and a seal is the document without a signature."""

    def __init__(self, library: Library, folder: Path) -> None:
        self._library = library
        self._folder = folder

    def file(self, asset: Asset, file: FileRef, name: str = "") -> AsItLeaves:
        return AsItLeaves(name or file.name, file.media_type, self._library.file_path(file.sha256), file.sha256, file.size)

    def given(self, asset: Asset, name: str, media_type: str, data: bytes) -> AsItLeaves:
        sha256 = hashlib.sha256(data).hexdigest()
        path = self._folder / f"given-{sha256}"
        path.write_bytes(data)
        return AsItLeaves(name, media_type, path, sha256, len(data))

    def seal(self, document: dict[str, JsonValue]) -> bytes:
        return canonical_json(document).encode()


class Leaving:
    """library, labelling and inspecting on one home."""

    def __init__(self, library: Library, home: Path, assets: Path) -> None:
        self.library = library
        self.home = home
        self.formats = Formats.of(assets)
        self.authority = Authority(home / "authority")
        lettering = (assets / "labels" / "lettering.svg").read_text(encoding="utf-8")
        self.labelling = Labelling(library, self.formats, Explicit(lettering), self.authority, home / "labelled", version="1.0")
        self.inspecting = Inspecting(
            self.formats, self.authority, mark=PictureMarks(self.authority).found, beginning=library.assets_beginning
        )
        self.project = library.create_project("Launch")

    def add(self, *files: OutputFile, inputs: tuple[InputRef, ...] = (), kind: StepKind = StepKind.PICTURE, **changes: object) -> Asset:
        fields: dict[str, object] = {
            "id": "",
            "project_id": self.project.id,
            "title": "Key visual 标题",
            "files": (),
            "recipe": Recipe(kind=kind, maker="m", maker_version=1, prompt="p", seed=7, inputs=inputs),
            "credits": (FOX,),
            "created": WHEN,
        }
        return self.library.add_asset(Asset.model_validate({**fields, **changes}), files)

    def upload(self, file: OutputFile) -> Asset:
        return self.add(file, labels=Labels(ai_generated=False, digital_source_type=""), title="Photo")
