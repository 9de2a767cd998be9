"""Texts for the browser tests of the writing views, stored through the library of the home that a studio then opens."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from domain.asset import Asset
from domain.capability import StepKind
from domain.dialogue import DIALOGUE_MEDIA_TYPE, Choice, Condition, DialogueDocument, DialogueLine, DialogueNode, Variable
from domain.documents import ARTICLE_MEDIA_TYPE, COPY_MEDIA_TYPE, ArticleDocument
from domain.lore import LORE_MEDIA_TYPE, LoreDocument, LoreEntry, Quest, QuestStage, QuestWay, WorldSheet
from domain.recipe import OutputFile, Recipe
from library.library import Library
from tests.agents.writers.game.scenes import RICH
from tests.web.test_writing import ABOUT, CONTEXT, copy_document

PROJECT = "Desk"
ARTICLE = ArticleDocument(
    language="en",
    form="blog",
    headline="North Pier opens in Leeds",
    paragraphs=("## Why cold brew", "It is made slowly and sold for £3.20.", "The shop opens in Leeds on 4 May."),
)


LORE = LoreDocument(
    language="en",
    form="quest",
    world=WorldSheet(
        name="Saltmere", about="A drowned coast.", facts=("The lamp burns oil.",), names=("Saltmere", "Marrow"), absent=("gun",)
    ),
    entries=(LoreEntry(id="e1", kind="item", name="Lamp oil", text="Thick and dark, pressed in Saltmere."),),
    quest=Quest(
        title="The dark lamp",
        stages=(
            QuestStage(id="s1", title="Dark", objective="Find oil.", text="The lamp is out.", ways=(QuestWay(text="Pour it.", goto="o1"),)),
            QuestStage(id="o1", title="Light", text="The lamp burns.", outcome="lit"),
        ),
    ),
)


#: Two answers one after the other; the second asks what the game holds.
TOLL = DialogueDocument(
    language="en",
    characters=("Keeper",),
    variables=(Variable(name="coins", type="int", start=0, about="what the player carries"),),
    nodes=(
        DialogueNode(
            id="gate",
            lines=(DialogueLine(id="l_1", speaker="Keeper", text="Who goes there?"),),
            choices=(Choice(id="c_1", text="A traveller.", goto="toll"),),
        ),
        DialogueNode(
            id="toll",
            lines=(DialogueLine(id="l_2", speaker="Keeper", text="Three coins."),),
            choices=(
                Choice(id="c_2", text="Pay.", goto="over", when=(Condition(variable="coins", comparison=">=", value=3),)),
                Choice(id="c_3", text="Turn back.", goto="over"),
            ),
        ),
        DialogueNode(id="over", lines=(DialogueLine(id="l_3", speaker="Keeper", text="Safe roads."),)),
    ),
    endings=("over",),
)


def fill(home: Path) -> None:
    """A project with two Google ad sets of two variants, an article, three dialogues and lore, as a writer would have left them."""
    library = Library.open(f"sqlite:///{home / 'maquette.db'}", home)
    project = library.create_project(PROJECT)
    texts = (
        (StepKind.COPY, "Search ad", COPY_MEDIA_TYPE, copy_document().model_dump_json(), {"context": CONTEXT.model_dump(mode="json")}),
        (StepKind.COPY, "Bar ad", COPY_MEDIA_TYPE, copy_document().model_dump_json(), {"context": CONTEXT.model_dump(mode="json")}),
        (StepKind.ARTICLE, "Opening day", ARTICLE_MEDIA_TYPE, ARTICLE.model_dump_json(), {}),
        (StepKind.DIALOGUE, "The Lamp", DIALOGUE_MEDIA_TYPE, RICH.model_dump_json(), {}),
        (StepKind.DIALOGUE, "The Ferry", DIALOGUE_MEDIA_TYPE, RICH.model_dump_json(), {}),
        (StepKind.DIALOGUE, "The Toll", DIALOGUE_MEDIA_TYPE, TOLL.model_dump_json(), {}),
        (StepKind.LORE, "Saltmere", LORE_MEDIA_TYPE, LORE.model_dump_json(), {}),
    )
    for kind, title, media_type, document, parameters in texts:
        recipe = Recipe(kind=kind, maker="writer", maker_version=1, prompt=ABOUT, parameters=parameters)
        draft = Asset(id="", project_id=project.id, title=title, files=(), recipe=recipe, text=document, created=datetime.now(UTC))
        library.add_asset(draft, [OutputFile(f"{kind.value}.json", media_type, document.encode())])
    library.close()
