"""What a branching scene remembers: variables, what changes them, and where they decide. By rule over a skeleton; no words, no LLM.

Every plot is sound by construction: what a condition asks for can be reached, and beside a choice that may be closed
stands one that is open.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from agents.writers.skeleton import Beat
from domain.dialogue import Condition, Effect, Jump, Variable

#: What the scene tells the game when it is over, in the order of the endings.
OUTCOMES = ("allies", "refused", "open")


@dataclass
class Plot:
    """entering: what coming to a node changes. answering, closed: of the n-th choice of a node, what it changes and needs.

    jumps: ways that are tried before a node goes on. extra: lines said only when their condition holds, and for which variable.
    """

    variables: list[Variable] = field(default_factory=list)
    entering: dict[str, tuple[Effect, ...]] = field(default_factory=dict)
    answering: dict[tuple[str, int], tuple[Effect, ...]] = field(default_factory=dict)
    closed: dict[tuple[str, int], tuple[Condition, ...]] = field(default_factory=dict)
    jumps: dict[str, tuple[Jump, ...]] = field(default_factory=dict)
    extra: dict[str, list[tuple[Variable, Condition]]] = field(default_factory=dict)


def plot(beats: Sequence[Beat], given: Sequence[Variable] = ()) -> Plot:
    """given: variables of the brief (the game's). One called trust (int) or outcome (string) is used as the scene's own."""
    found = Plot(variables=list(given))
    known = {variable.name: variable for variable in given}
    trust = _own(found, known, Variable(name="trust", type="int", start=0, about="how far the player is trusted"))
    outcome = _own(found, known, Variable(name="outcome", type="string", start="none", about="how the scene ended"))
    if trust:
        _trusting(found, beats, trust)
    if outcome:
        for beat in beats:
            if beat.role == "ending":
                found.entering[beat.id] = (Effect(variable=outcome.name, value=OUTCOMES[max(0, beat.ending) % len(OUTCOMES)]),)
    used = {effect.variable for effects in (*found.entering.values(), *found.answering.values()) for effect in effects}
    _game(found, beats, [v for v in given if v.name not in used])
    found.variables = [v for v in found.variables if v in given or v.name in used]
    return found


def _own(found: Plot, known: dict[str, Variable], wanted: Variable) -> Variable | None:
    """The scene's own variable; the brief's of the same name and type in its place; none where the name means something else."""
    if wanted.name not in known:
        found.variables.append(wanted)
        return wanted
    there = known[wanted.name]
    return there if there.type == wanted.type else None


def _trusting(found: Plot, beats: Sequence[Beat], trust: Variable) -> None:
    """Answers win or lose trust; the friendliest ending needs some; whoever lost it is told less."""
    start = int(trust.start)
    by_id = {beat.id: beat for beat in beats}
    gained = False
    for beat in beats:
        if len(beat.exits) > 1 and by_id[beat.exits[0]].role == "reaction":
            found.answering[beat.id, 0] = (Effect(variable=trust.name, change="add", value=1),)
            found.answering[beat.id, len(beat.exits) - 1] = (Effect(variable=trust.name, change="add", value=-1),)
            gained = True
        elif gained and len(beat.exits) > 1:
            found.closed[beat.id, 0] = (Condition(variable=trust.name, comparison=">=", value=start + 1),)
        elif gained and len(beat.exits) == 1:
            after = by_id[beat.exits[0]]
            if after.role == "linger" and len(after.exits) == 1 and beat.id not in found.jumps:
                when = (Condition(variable=trust.name, comparison="<", value=start),)
                found.jumps[beat.id] = (Jump(goto=after.exits[0], when=when),)


def _game(found: Plot, beats: Sequence[Beat], given: Sequence[Variable]) -> None:
    """Each variable of the game is noticed once: a line that is said when it is no longer what it was at the start."""
    places = [beat for beat in beats if beat.role != "ending"]
    for number, variable in enumerate(given):
        beat = places[number % len(places)]
        comparisons = {"bool": "==", "int": ">", "string": "!="}
        value = not variable.start if variable.type == "bool" else variable.start
        condition = Condition.model_validate({"variable": variable.name, "comparison": comparisons[variable.type], "value": value})
        found.extra.setdefault(beat.id, []).append((variable, condition))
