"""Does a text agree with its world sheet, and is a quest sound: every stage reachable, every way leads somewhere, it can end. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from agents.checks import text as wording
from agents.checks.graph import structure
from domain.dialogue import Character, Choice, DialogueDocument, DialogueLine, DialogueNode
from domain.finding import Finding, Severity
from domain.lore import LoreDocument, Quest, WorldSheet, told_of
from domain.said import Words

_NAME = re.compile(r"(?<![\w-])[A-ZÀ-Þ][\w'’-]{3,}")
#: Said of a dialogue's graph; of a quest in its own words.
_MEANING = {
    "no_nodes": "The quest has no stages.",
    "unreachable": "No way leads to this stage.",
    "dead_end": "The quest stops here without an outcome.",
    "no_exit": "From here the quest can never end.",
    "choice_leads_nowhere": "A way leads nowhere.",
    "missing_node": "A way leads to a stage that does not exist.",
    "duplicate_node": "Two stages have this id.",
}


def world(text: str, sheet: WorldSheet, field: str = "") -> tuple[Finding, ...]:
    """What the world does not have, and names spelt almost as the sheet spells them."""
    findings = [
        Finding.of(
            "not_of_this_world",
            Severity.ERROR,
            "“{word}” does not exist in this world.",
            field,
            span,
            "Say it without “{word}”.",
            word=word,
        )
        for word in sheet.absent
        for span in wording.find_word(text, word)
    ]
    known = {part for name in (*sheet.names, sheet.name) for part in name.split() if len(part) > 3}
    for found in _NAME.finditer(text):
        word = re.sub(r"['’]s$", "", found.group())
        near = next((name for name in sorted(known) if _almost(word, name)), "")
        if near and word not in known:
            said, span = "“{word}” is spelt “{form}” in this world.", (found.start(), found.start() + len(word))
            findings.append(Finding.of("misspelt_name", Severity.ERROR, said, field, span, "Write “{form}”.", word=word, form=near))
    return tuple(findings)


def peopled(sheet: WorldSheet, cast: Iterable[Character]) -> WorldSheet:
    """The sheet with the names of those who live in the world: they are spelt as it spells them."""
    return sheet.model_copy(update={"names": (*sheet.names, *(one.name for one in cast))})


def quest(told: Quest) -> tuple[Finding, ...]:
    """field: the id of the stage."""
    nodes = tuple(
        DialogueNode(
            id=stage.id,
            lines=(DialogueLine(id=f"t_{stage.id}", speaker="quest", text=stage.text or "…"),),
            choices=tuple(Choice(id=f"{stage.id}/{n}", text=f"{n} {way.text}", goto=way.goto) for n, way in enumerate(stage.ways)),
        )
        for stage in told.stages
    )
    if not nodes:
        return (_fault("no_stages", _MEANING["no_nodes"], "stages"),)
    endings = {stage.id for stage in told.stages if stage.outcome}
    found = structure(DialogueDocument(language="en", characters=("quest",), nodes=nodes), endings)
    findings = [_fault(f.rule, _MEANING[f.rule], f.field) for f in found if f.rule in _MEANING]
    findings += [
        _fault("outcome_goes_on", "It is an outcome and has ways on.", stage.id) for stage in told.stages if stage.outcome and stage.ways
    ]
    findings += [
        _fault("no_objective", "The player is not told what to do.", s.id) for s in told.stages if not s.outcome and not s.objective.strip()
    ]
    if not endings:
        findings.append(_fault("no_outcome", "The quest has no outcome.", "stages"))
    return tuple(findings)


def lore(document: LoreDocument) -> tuple[Finding, ...]:
    """All of a document: its quest's graph, ids used once, nothing empty, everything of its world."""
    findings = list(quest(document.quest)) if document.quest else []
    texts = [(bark.id, bark.text) for one in document.barks for bark in one.barks]
    texts += [(entry.id, f"{entry.name}: {entry.text}" if entry.name.strip() else "") for entry in document.entries]
    counts = Counter(id_ for id_, _ in texts)
    findings += [_fault("duplicate_line", "Two texts have the id '{id}'.", id_, id=id_) for id_, n in counts.items() if n > 1]
    findings += [_fault("empty_line", "There are no words.", id_) for id_, text in texts if not text.strip(" :")]
    texts += [(stage.id, f"{stage.title} {stage.objective} {stage.text}") for stage in (document.quest.stages if document.quest else ())]
    # The sheet's own spelling holds for the cast; what both spell holds for the texts.
    for one in document.cast:
        findings += world(". ".join((one.name, *told_of(one))), document.world, one.name)
    sheet = peopled(document.world, document.cast)
    for id_, text in texts:
        findings += world(text, sheet, id_)
    return tuple(findings)


def _almost(word: str, name: str) -> bool:
    """One letter changed, lost, added or two swapped; of names of eight letters and more, two. Another case counts as right."""
    one, other = word.casefold(), name.casefold()
    if one == other or one.rstrip("s") == other or one[0] != other[0]:
        return False
    return _distance(one, other) <= (2 if len(name) >= 8 else 1)


def _distance(one: str, other: str) -> int:
    rows = [list(range(len(other) + 1))]
    for i, a in enumerate(one, start=1):
        row = [i]
        for j, b in enumerate(other, start=1):
            best = min(rows[-1][j] + 1, row[-1] + 1, rows[-1][j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                best = min(best, rows[-2][j - 2] + 1)
            row.append(best)
        rows.append(row)
    return rows[-1][-1]


def _fault(rule: str, message: str, field: str, **values: Words) -> Finding:
    return Finding.of(rule, Severity.ERROR, message, field, given=values)
