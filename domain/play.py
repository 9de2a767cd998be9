"""Steps through a dialogue: what is said, what may be answered, what the variables hold. Pure; knows nothing of pages or engines.

    state = begin(document)                       # lines to show, choices to offer, variables, ended
    state = choose(document, state, choice_id)    # after an answer
    state = walk(document, (id, id, ...))[-1]     # all answers so far at once: nothing need be kept between two requests
    state = valued(document, state, {name: value})  # what the game holds changed meanwhile: what may be answered follows it

What a State holds: `lines` said since the last answer (speaker, text, id, node), `choices` offered now (id, text; empty when
the scene ended), `variables` by name, `ended`, `node` where it stands, `taken` the ids answered so far.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from domain.dialogue import Choice, Condition, DialogueDocument, DialogueNode, Effect, VariableValue, type_of
from domain.errors import InputError
from domain.value import Value

#: Nodes without a choice that may follow each other; more is going in a circle.
_MOST_STEPS = 1000


class Said(Value):
    id: str
    node: str
    speaker: str
    text: str


class Offer(Value):
    id: str
    text: str


class State(Value):
    node: str
    variables: dict[str, VariableValue] = {}
    lines: tuple[Said, ...] = ()
    choices: tuple[Offer, ...] = ()
    ended: bool = False
    taken: tuple[str, ...] = ()


def begin(document: DialogueDocument, variables: Mapping[str, VariableValue] | None = None) -> State:
    """The scene until the first choice or its end. variables: values of the game instead of the declared start values.

    Raises InputError (field: the variable or node) for an empty scene, a variable that is not declared or of another type,
    and a way that goes round without an exit.
    """
    if not document.nodes:
        raise InputError("The dialogue has no nodes.", hint="Add a node with a line.", field="nodes")
    values = _with({v.name: v.start for v in document.variables}, variables or {})
    return _run(document, document.nodes[0].id, values, ())


def choose(document: DialogueDocument, state: State, choice_id: str) -> State:
    """Raises InputError when that answer is not offered now, and as `begin`."""
    if choice_id not in {offer.id for offer in state.choices}:
        raise InputError(
            "{choice_id} cannot be answered here.",
            hint="Take one of the choices that are offered.",
            field="choice",
            choice_id=repr(choice_id),
        )
    node = next(n for n in document.nodes if n.id == state.node)
    choice = next(c for c in node.choices if c.id == choice_id)
    values = changed(state.variables, choice.effects)
    return _run(document, choice.goto, values, (*state.taken, choice_id))


def valued(document: DialogueDocument, state: State, variables: Mapping[str, VariableValue]) -> State:
    """The same place with other values of the game: what was said stays, what may be answered follows. Raises InputError as `begin`."""
    values = _with(state.variables, variables)
    node = next(n for n in document.nodes if n.id == state.node)
    offers = tuple(Offer(id=c.id, text=c.text) for c in offered(node, values))
    return state.model_copy(update={"variables": values, "choices": offers, "ended": not offers})


def walk(
    document: DialogueDocument,
    taken: Iterable[str],
    variables: Mapping[str, VariableValue] | None = None,
    later: Mapping[int, Mapping[str, VariableValue]] | None = None,
) -> tuple[State, ...]:
    """Where a play stands at the beginning and after each of `taken`. later: values of the game that are set after so many answers."""
    set_at = later or {}
    state = begin(document, variables)
    states = [valued(document, state, set_at[0]) if 0 in set_at else state]
    for number, choice_id in enumerate(taken, start=1):
        state = choose(document, states[-1], choice_id)
        states.append(valued(document, state, set_at[number]) if number in set_at else state)
    return tuple(states)


def _with(values: Mapping[str, VariableValue], given: Mapping[str, VariableValue]) -> dict[str, VariableValue]:
    after = dict(values)
    for name, value in given.items():
        if name not in after:
            raise InputError("The scene has no variable {name}.", hint="Declare it in the dialogue.", field=name, name=repr(name))
        if type_of(value) != type_of(after[name]):
            raise _wrong_type(name, after[name], value)
        after[name] = value
    return after


def holds(conditions: Iterable[Condition], values: Mapping[str, VariableValue]) -> bool:
    """Do all hold? Raises InputError for a variable that is not there or of another type."""
    return all(_one_holds(condition, values) for condition in conditions)


def changed(values: Mapping[str, VariableValue], effects: Iterable[Effect]) -> dict[str, VariableValue]:
    """The variables after the effects. Raises InputError for a variable that is not there or of another type."""
    after = dict(values)
    for effect in effects:
        now = _value(effect.variable, effect.value, after)
        if effect.change == "add":
            if type_of(now) != "int":
                raise InputError("{variable} is no number.", hint="Use set.", field=effect.variable, variable=effect.variable)
            after[effect.variable] = int(now) + int(effect.value)
        else:
            after[effect.variable] = effect.value
    return after


def offered(node: DialogueNode, values: Mapping[str, VariableValue]) -> tuple[Choice, ...]:
    return tuple(choice for choice in node.choices if holds(choice.when, values))


def onward(node: DialogueNode, values: Mapping[str, VariableValue]) -> str:
    """Where a node without choices goes on to, "" where the scene ends."""
    return next((jump.goto for jump in node.jumps if holds(jump.when, values)), node.goto)


def _run(document: DialogueDocument, start: str, values: Mapping[str, VariableValue], taken: tuple[str, ...]) -> State:
    nodes = {node.id: node for node in document.nodes}
    lines: list[Said] = []
    here, now = start, dict(values)
    for _ in range(_MOST_STEPS):
        if here not in nodes:
            raise InputError("The way leads to {here}, which does not exist.", hint="Mend the choice or jump.", field=here, here=repr(here))
        node = nodes[here]
        now = changed(now, node.effects)
        lines += [Said(id=n.id, node=here, speaker=n.speaker, text=n.text) for n in node.lines if holds(n.when, now)]
        if node.choices:
            offers = tuple(Offer(id=c.id, text=c.text) for c in offered(node, now))
            return State(node=here, variables=now, lines=tuple(lines), choices=offers, ended=not offers, taken=taken)
        target = onward(node, now)
        if not target:
            return State(node=here, variables=now, lines=tuple(lines), ended=True, taken=taken)
        here = target
    raise InputError("The scene goes round without a choice or an end.", hint="Give the circle an exit.", field=here)


def _one_holds(condition: Condition, values: Mapping[str, VariableValue]) -> bool:
    value, wanted = _value(condition.variable, condition.value, values), condition.value
    if condition.comparison == "==":
        return value == wanted
    if condition.comparison == "!=":
        return value != wanted
    if type_of(value) != "int":
        raise InputError("{variable} is no number.", hint="Use == or !=.", field=condition.variable, variable=condition.variable)
    a, b = int(value), int(wanted)
    return {"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[condition.comparison]


def _value(name: str, against: VariableValue, values: Mapping[str, VariableValue]) -> VariableValue:
    if name not in values:
        raise InputError("The variable {name} is not declared.", hint="Declare it with a start value.", field=name, name=repr(name))
    if type_of(values[name]) != type_of(against):
        raise _wrong_type(name, values[name], against)
    return values[name]


def _wrong_type(name: str, declared: VariableValue, given: VariableValue) -> InputError:
    return InputError(
        "{name} is a {declared}, not a {given_type}.",
        hint="Give a value of its type.",
        field=name,
        name=name,
        declared=type_of(declared),
        given_type=type_of(given),
    )
