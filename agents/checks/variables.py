"""Are the variables of a dialogue declared, of one type, and used. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from domain.dialogue import VARIABLE_NAME, Condition, DialogueDocument, Effect, Variable, VariableValue, said_in, type_of
from domain.finding import Finding, Severity

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
            findings.append(_fault("duplicate_variable", f"{name} is declared twice.", name, "Keep one of them."))
        if not VARIABLE_NAME.fullmatch(name):
            message = f"{name!r} is no name that every engine takes."
            findings.append(_fault("variable_name", message, name, "Use lower-case letters, digits and _, a letter first."))
    for variable in document.variables:
        if type_of(variable.start) != variable.type:
            message = f"{variable.name} is a {variable.type}, and starts as the {type_of(variable.start)} {variable.start!r}."
            findings.append(_fault("variable_type", message, variable.name, f"Give a start value that is a {variable.type}."))
        if type_of(variable.start) == "int" and abs(int(variable.start)) > _WHOLE:
            findings.append(_fault("variable_range", f"{variable.name} starts beyond what engines count to.", variable.name))
    used = {c.variable for _, c in conditions_of(document)} | {e.variable for _, e in effects_of(document)}
    findings += [
        Finding(
            rule="unused_variable",
            severity=Severity.WARNING,
            message=f"{variable.name} is neither read nor changed.",
            field=variable.name,
            suggestion="Use it in a condition, or take it out.",
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
        close = ", ".join(sorted(known)) or "none"
        yield _fault(
            "undeclared_variable", f"{name!r} is not declared.", field, f"Declare it with a type and a start value, or use: {close}."
        )
        return
    wanted = known[name].type
    if type_of(value) != wanted:
        yield _fault("variable_type", f"{name} is a {wanted}; {value!r} is a {type_of(value)}.", field, f"Give a {wanted}.")
    elif not any_type and wanted != "int":
        yield _fault("variable_type", f"{name} is a {wanted}: it can only be compared with == or !=, and set.", field, "Use == or set.")
    elif wanted == "int" and abs(int(value)) > _WHOLE:
        yield _fault("variable_range", f"{value} is more than engines count to.", field)


def _fault(rule: str, message: str, field: str, suggestion: str = "") -> Finding:
    return Finding(rule=rule, severity=Severity.ERROR, message=message, field=field, suggestion=suggestion)
