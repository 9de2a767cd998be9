"""A library whose files leave labelled: for tests of packs, downloads and inspection."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from domain.asset import Asset, Labels
from domain.capability import StepKind
from domain.recipe import Credit, InputRef, OutputFile, Recipe
from library.library import Library
from pipelines.labels.authority import Authority
from pipelines.labels.explicit import Explicit
from pipelines.labels.formats import Formats
from studio.inspecting import Inspecting
from studio.labelling import Labelling

WHEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
FOX = Credit(title="fox", author="Ann Artist", licence="MIT", source="https://example.org/fox")


class Leaving:
    """library, labelling and inspecting on one home."""

    def __init__(self, library: Library, home: Path, assets: Path) -> None:
        self.library = library
        self.home = home
        self.formats = Formats.of(assets)
        self.authority = Authority(home / "authority")
        lettering = (assets / "labels" / "lettering.svg").read_text(encoding="utf-8")
        self.labelling = Labelling(library, self.formats, Explicit(lettering), self.authority, home / "labelled", version="1.0")
        self.inspecting = Inspecting(self.formats, self.authority)
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
