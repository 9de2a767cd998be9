"""What a person can do with lore that was made: read it, check an edit. Saving a version is in studio/writing.py.

studio.lore.document(asset_id)            -> LoreDocument
studio.lore.revised(asset_id, document)   -> (document with ids, findings); nothing is stored
"""

from __future__ import annotations

from agents.checks.lore import lore
from domain.finding import Finding
from domain.lore import LoreDocument, told_of, with_lore_ids
from library.library import Library
from studio.dialogues import lore_of


class Lore:
    def __init__(self, library: Library) -> None:
        self._library = library

    def document(self, asset_id: str) -> LoreDocument:
        """Raises NotFound for an asset that is no lore, AssetDamaged for one that cannot be read."""
        return lore_of(self._library, self._library.asset(asset_id))

    def revised(self, asset_id: str, document: LoreDocument) -> tuple[LoreDocument, tuple[Finding, ...]]:
        """An edited document: texts keep their ids, new ones get new ids; and what the checks of its world and quest say."""
        whole = with_lore_ids(document, self.document(asset_id))
        return whole, lore(whole)


def lore_texts(document: LoreDocument) -> list[tuple[str, str, str]]:
    """(key, name, text) of everything that is said in it, in reading order."""
    world = document.world
    lists = (("facts", world.facts), ("names", world.names), ("absent", world.absent))
    sheet = (("about", world.about), *((key, "; ".join(values)) for key, values in lists))
    rows = [(f"world/{key}", f"{world.name} {key}".strip(), text) for key, text in sheet if text]
    rows += [(f"cast/{one.name}", one.name, "; ".join(told_of(one))) for one in document.cast]
    rows += [(bark.id, f"{one.character}: {one.situation}", bark.text) for one in document.barks for bark in one.barks]
    for stage in document.quest.stages if document.quest else ():
        parts = (("title", stage.title), ("objective", stage.objective), ("text", stage.text))
        rows += [(f"{stage.id}/{key}", f"{stage.id} {key}", text) for key, text in parts if text]
        rows += [(f"{stage.id}/way {number}", f"{stage.id} ▸", way.text) for number, way in enumerate(stage.ways, 1) if way.text]
    return [*rows, *((entry.id, entry.name, entry.text) for entry in document.entries)]
