"""What a person can do with a dialogue that was made: read it, play it, see its graph, check an edit, take it to an engine.

    studio.dialogues.document(asset_id)                        -> DialogueDocument
    studio.dialogues.play(asset_id, taken, variables)          -> State: lines, choices, variables, ended (domain/play.py)
    studio.dialogues.picture(asset_id, taken, labels)          -> SVG, where the player stands and the way there marked
                                                                  (both also of an edited document that is not saved)
    studio.dialogues.files(asset_id)                           -> Ink, Yarn, Twee, Ren'Py, JSON, CSV, each with how it is checked
    studio.dialogues.revised(asset_id, document)               -> (document with ids, findings); nothing is stored
    studio.dialogues.table(asset_id, csv)                      -> findings of an edited or translated string table

Nothing is kept between two calls: a play is the ids of the choices taken so far.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias, TypeVar

from pydantic import ValidationError

from agents.checks.graph import graph
from agents.checks.lore import world
from agents.checks.placeholders import Placeholders
from agents.checks.string_table import string_table
from agents.writers.game.data import told
from agents.writers.game.files import GameFile, game_files
from agents.writers.game.picture import Labels, graph_picture
from domain.asset import Asset
from domain.context import StepContext
from domain.dialogue import DIALOGUE_MEDIA_TYPE, DialogueDocument, Effect, VariableValue, said_in, with_ids
from domain.errors import AssetDamaged, NotFound
from domain.finding import Finding
from domain.lore import LORE_MEDIA_TYPE, LoreDocument, told_of
from domain.play import State, walk
from domain.specs import DialogueSpec
from library.library import Library

_Document = TypeVar("_Document", DialogueDocument, LoreDocument)
Later: TypeAlias = Mapping[int, Mapping[str, VariableValue]]


class Dialogues:
    def __init__(self, library: Library, placeholders: Placeholders) -> None:
        self._library = library
        self._placeholders = placeholders

    def document(self, asset_id: str) -> DialogueDocument:
        """Raises NotFound for an asset that is no dialogue, AssetDamaged for one that cannot be read."""
        return dialogue_of(self._library, self._library.asset(asset_id))

    def play(
        self,
        asset_id: str,
        taken: Sequence[str] = (),
        variables: Mapping[str, VariableValue] | None = None,
        edited: DialogueDocument | None = None,
        later: Later | None = None,
    ) -> State:
        """variables: of the game, at the start. later: values that are set after so many answers.

        Raises InputError when a choice is not offered or a variable is none of the scene's.
        """
        stored = self.document(asset_id)
        return walk(stored if edited is None else with_ids(edited, stored), taken, variables, later)[-1]

    def picture(
        self,
        asset_id: str,
        taken: Sequence[str] | None = None,
        labels: Labels | None = None,
        variables: Mapping[str, VariableValue] | None = None,
        edited: DialogueDocument | None = None,
        later: Later | None = None,
    ) -> str:
        """taken: the choices of a play, to mark where it stands and has been; None marks nothing. variables, later: as play."""
        document = self.document(asset_id)
        if edited is not None:
            whole = with_ids(edited, document)
            document = whole.model_copy(update={"findings": graph(whole)})
        if taken is None:
            return graph_picture(document, labels=labels)
        states = walk(document, taken, variables, later)
        here = states[-1].node
        walked = {node for state in states for node in (state.node, *(said.node for said in state.lines))}
        return graph_picture(document, here=here, walked=walked - {here}, labels=labels)

    def files(self, asset_id: str) -> tuple[GameFile, ...]:
        asset = self._library.asset(asset_id)
        return game_files(dialogue_of(self._library, asset), asset.title)

    def revised(self, asset_id: str, document: DialogueDocument) -> tuple[DialogueDocument, tuple[Finding, ...]]:
        """An edited document: lines keep their ids, new ones get new ids; and what the checks of the graph and of the world say."""
        asset = self._library.asset(asset_id)
        whole = with_ids(document, dialogue_of(self._library, asset))
        kept = asset.recipe.parameters.get("context")
        spec = StepContext.model_validate(kept).spec if kept is not None else None
        if not isinstance(spec, DialogueSpec):
            return whole, graph(whole)
        said = [one for node in whole.nodes for one in said_in(node)]
        return whole, (*graph(whole), *(finding for one in said for finding in world(one.text, spec.world, one.id)))

    def table(self, asset_id: str, csv: str) -> tuple[Finding, ...]:
        return string_table(csv, self.document(asset_id), self._placeholders)


def dialogue_texts(document: DialogueDocument) -> list[tuple[str, str, str]]:
    """(key, name, text) of everything that can be edited: people, variables, and of each node what is said and where it leads."""
    rows = [(f"cast {one.name}", one.name, "; ".join(told_of(one))) for one in document.cast if told_of(one)]
    rows += [(f"variable {v.name}", v.name, f"{v.type} = {v.start}{': ' if v.about else ''}{v.about}") for v in document.variables]
    for node in document.nodes:
        for one in said_in(node):
            name = f"{node.id} {getattr(one, 'speaker', '▸')}"
            rules = [told(c) for c in one.when] + [_effect(e) for e in getattr(one, "effects", ())]
            rows += [(one.id, name, one.text), (f"{one.id} rules", name, " · ".join([*_leads(getattr(one, "goto", "")), *rules]))]
        ways = [" · ".join([*_leads(jump.goto), *(told(c) for c in jump.when)]) for jump in node.jumps] + _leads(node.goto)
        rows.append((f"node {node.id}", node.id, "; ".join([*(_effect(e) for e in node.effects), *ways])))
    return [row for row in rows if row[2]]


def _leads(goto: str) -> list[str]:
    return [f"→ {goto}"] if goto else []


def _effect(effect: Effect) -> str:
    return f"{effect.variable} {'=' if effect.change == 'set' else '+='} {effect.value}"


def dialogue_of(library: Library, asset: Asset) -> DialogueDocument:
    if asset.main.media_type != DIALOGUE_MEDIA_TYPE:
        raise NotFound("{asset} is no dialogue.", hint="Choose an asset that a dialogue step made.", asset=asset.title)
    return _read(library, asset, DialogueDocument)


def lore_of(library: Library, asset: Asset) -> LoreDocument:
    if asset.main.media_type != LORE_MEDIA_TYPE:
        raise NotFound("{asset} is no lore.", hint="Choose an asset that a lore step made.", asset=asset.title)
    return _read(library, asset, LoreDocument)


def _read(library: Library, asset: Asset, kind: type[_Document]) -> _Document:
    data = b"".join(library.file_chunks(asset.main.sha256))
    try:
        return kind.model_validate_json(data)
    except ValidationError as error:
        raise AssetDamaged("{asset} cannot be read.", hint="Run `python app.py check`, or make it again.", asset=asset.title) from error
