"""Are the variables of a dialogue declared, of one type, and used. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from domain.dialogue import VARIABLE_NAME, Condition, DialogueDocument, Effect, Variable, VariableValue, said_in, type_of
from domain.finding import Finding, Severity
from domain.said import Words

#: Whole numbers every engine keeps exactly (Ink's are 32 bits wide).
_WHOLE = 2**31 - 1


def variables(document: DialogueDocument) -> tuple[Finding, ...]:
    """field: the variable's name where its declaration is at fault, else the id of the line, choice or node that uses it."""
    return (*_declared(document), *_uses(document))


def conditions_of(document: DialogueDocument) -> Iterator[tuple[str, Condition]]:
    """Every condition with the id of the line or choice (for jumps, the node) it stands at."""
    for node in document.nodes:
        holders = [(one.id or node.id, one.when) for one in said_in(node)] + [(node.id, j.when) for j in node.jumps]
        for field, when in holders:
            yield from ((field, condition) for condition in when)


def effects_of(document: DialogueDocument) -> Iterator[tuple[str, Effect]]:
    for node in document.nodes:
        yield from ((node.id, effect) for effect in node.effects)
        for choice in node.choices:
            yield from ((choice.id or node.id, effect) for effect in choice.effects)


def _declared(document: DialogueDocument) -> tuple[Finding, ...]:
    findings: list[Finding] = []
    for name, count in Counter(v.name for v in document.variables).items():
        if count > 1:
            findings.append(_fault("duplicate_variable", "{name} is declared twice.", name, "Keep one of them.", name=name))
        if not VARIABLE_NAME.fullmatch(name):
            message = "'{name}' is no name that every engine takes."
            findings.append(_fault("variable_name", message, name, "Use lower-case letters, digits and _, a letter first.", name=name))
    for variable in document.variables:
        if type_of(variable.start) != variable.type:
            message = "{name} is of type {type}, and starts as {value} of type {other}."
            values = {"name": variable.name, "type": variable.type, "value": repr(variable.start), "other": type_of(variable.start)}
            findings.append(_fault("variable_type", message, variable.name, "Give a start value of type {type}.", **values))
        if type_of(variable.start) == "int" and abs(int(variable.start)) > _WHOLE:
            message = "{name} starts beyond what engines count to."
            findings.append(_fault("variable_range", message, variable.name, name=variable.name))
    used = {c.variable for _, c in conditions_of(document)} | {e.variable for _, e in effects_of(document)}
    findings += [
        Finding.of(
            "unused_variable",
            Severity.WARNING,
            "{name} is neither read nor changed.",
            variable.name,
            suggestion="Use it in a condition, or take it out.",
            name=variable.name,
        )
        for variable in document.variables
        if variable.name not in used
    ]
    return tuple(findings)


def _uses(document: DialogueDocument) -> tuple[Finding, ...]:
    known = {variable.name: variable for variable in document.variables}
    findings = [
        fault for field, c in conditions_of(document) for fault in _use(known, field, c.variable, c.value, c.comparison in ("==", "!="))
    ]
    findings += [fault for field, e in effects_of(document) for fault in _use(known, field, e.variable, e.value, e.change == "set")]
    return tuple(findings)


def _use(known: dict[str, Variable], field: str, name: str, value: VariableValue, any_type: bool) -> Iterable[Finding]:
    if name not in known:
        mend = "Declare it with a type and a start value, or use: {known}." if known else "Declare it with a type and a start value."
        yield _fault("undeclared_variable", "'{name}' is not declared.", field, mend, name=name, known=", ".join(sorted(known)))
        return
    wanted = known[name].type
    values = {"name": name, "type": wanted, "value": repr(value), "other": type_of(value)}
    if type_of(value) != wanted:
        message = "{name} is of type {type}; {value} is of type {other}."
        yield _fault("variable_type", message, field, "Give a value of type {type}.", **values)
    elif not any_type and wanted != "int":
        message = "{name} is of type {type}: it can only be compared with == or !=, and set."
        yield _fault("variable_type", message, field, "Use == or set.", **values)
    elif wanted == "int" and abs(int(value)) > _WHOLE:
        yield _fault("variable_range", "{value} is more than engines count to.", field, **values)


def _fault(rule: str, message: str, field: str, suggestion: str = "", **values: Words) -> Finding:
    return Finding.of(rule, Severity.ERROR, message, field, None, suggestion, given=values)
