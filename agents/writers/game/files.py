"""All files a game can load a dialogue from. Interface for the export pack and the page:

game_files(document, title) -> (GameFile(format, name, media_type, text, checked), ...)
lore_files(document)        -> the string table of its barks, where it has any
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from agents.writers.game.data import bark_table, dialogue_json_text, string_table
from agents.writers.game.ink import ink
from agents.writers.game.names import identifier
from agents.writers.game.renpy import renpy
from agents.writers.game.twee import twee
from agents.writers.game.yarn import yarn
from domain.dialogue import DialogueDocument
from domain.lore import LoreDocument

Checked = Literal["compiled", "syntax-checked", "schema-checked"]


@dataclass(frozen=True)
class GameFile:
    """name: "dialogue.ink". checked: how the tests of this renderer hold it: by the engine's own compiler, a grammar, a schema."""

    format: str
    name: str
    media_type: str
    text: str
    checked: Checked

    @property
    def note(self) -> str:
        return f"{self.format}, {self.checked}"


def game_files(document: DialogueDocument, title: str = "") -> tuple[GameFile, ...]:
    """title: what the scene is called; its letters begin the names of nodes, so that two scenes live in one game."""
    scene = identifier(title)[:24].strip("_") or "scene"

    def file(format_: str, suffix: str, media_type: str, render: Callable[[], str], checked: Checked) -> GameFile:
        return GameFile(format_, f"dialogue.{suffix}", media_type, render(), checked)

    return (
        file("Ink", "ink", "text/x-ink", lambda: ink(document, scene), "compiled"),
        file("Yarn Spinner 2", "yarn", "text/x-yarn", lambda: yarn(document, scene), "syntax-checked"),
        file("Twee 3, SugarCube 2", "twee", "text/x-twee", lambda: twee(document, scene, title), "syntax-checked"),
        file("Ren'Py 8", "rpy", "text/x-renpy", lambda: renpy(document, scene), "syntax-checked"),
        file("JSON", "game.json", "application/json", lambda: dialogue_json_text(document), "schema-checked"),
        file("String table", "csv", "text/csv", lambda: string_table(document), "schema-checked"),
    )


def lore_files(document: LoreDocument) -> tuple[GameFile, ...]:
    if not document.barks:
        return ()
    return (GameFile("String table", "lore.csv", "text/csv", bark_table(document), "schema-checked"),)
