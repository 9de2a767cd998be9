"""Names and expressions that an engine takes, from those of a document. Knows how engines differ only by what it is told."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping

from domain.dialogue import Condition, DialogueDocument, Effect, VariableValue, type_of

#: Taken out of a speaker's name: each begins something in one of the engines.
_UNSAFE = re.compile(r"[:：#<>{}\[\]|\\/\"*=+~@$%&`^_!?【】]")


class Names:
    """The identifiers of one export.

    scene: what every node's name begins with, so that two scenes live in one game. reserved: names of the engine's own,
    which a variable may not have.
    """

    def __init__(self, document: DialogueDocument, scene: str, reserved: Iterable[str] = ()) -> None:
        taken = set(reserved)
        start = identifier(scene) or "scene"
        self.scene = start
        # One space of names for all three: Ink has knots and variables in one, Ren'Py characters and variables.
        self._nodes = _unique(((node.id, f"{start}_{identifier(node.id) or 'node'}") for node in document.nodes), taken)
        self._variables = _unique(((v.name, identifier(v.name) or "value") for v in document.variables), taken)
        people = [*document.characters, *(line.speaker for node in document.nodes for line in node.lines)]
        self._characters = _unique(((name, f"{start}_{identifier(name) or 'voice'}") for name in people), taken)

    def node(self, id_: str) -> str:
        """Of a node that is not there: its name as it would be (a faulty document is still shown as it is)."""
        return self._nodes.get(id_) or f"{self.scene}_{identifier(id_) or 'node'}"

    def variable(self, name: str) -> str:
        return self._variables.get(name) or identifier(name) or "value"

    def character(self, name: str) -> str:
        return self._characters[name]


def identifier(text: str) -> str:
    """ASCII letters, digits and _, a letter first; "" when nothing of the text is left."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"\W+", "_", plain).strip("_").lower().lstrip("0123456789_")[:48]


def speaker(name: str) -> str:
    """A speaker's name as it may stand before a line, without what an engine would read as its own sign."""
    return " ".join(_UNSAFE.sub(" ", flat(name)).lstrip("-.,;'() ").split()) or "Voice"


def flat(text: str) -> str:
    """One line: blanks and breaks of every kind become one space, control characters go."""
    return "".join(c for c in " ".join(text.split()) if unicodedata.category(c) not in ("Cc", "Cs"))


def marked(text: str, special: Iterable[str], mark: str = "\\") -> str:
    """Every special character with a mark before it."""
    signs = frozenset(special)
    return "".join(mark + c if c in signs else c for c in text)


def constant(value: VariableValue, quoted: Callable[[str], str], true: str = "true", false: str = "false") -> str:
    """A value as an engine writes it. quoted: a text of one line, in the engine's quotation marks."""
    kind = type_of(value)
    if kind == "bool":
        return true if value else false
    return str(value) if kind == "int" else quoted(flat(str(value)))


def tests(
    when: Iterable[Condition],
    variable: Callable[[str], str],
    literal: Callable[[VariableValue], str],
    signs: Mapping[str, str] | None = None,
) -> list[str]:
    """ "$trust >= 1" for every condition, in the words of an engine. signs: its comparison signs where they differ."""
    return [f"{variable(c.variable)} {(signs or {}).get(c.comparison, c.comparison)} {literal(c.value)}" for c in when]


def amount(effect: Effect) -> tuple[str, str]:
    """The sign and size of an addition: ("+", "2") or ("-", "1")."""
    value = int(effect.value) if type_of(effect.value) == "int" else 0
    return ("-", str(-value)) if value < 0 else ("+", str(value))


def _unique(wanted: Iterable[tuple[str, str]], taken: set[str]) -> dict[str, str]:
    """A free name for every key; those given out are added to `taken`."""
    found: dict[str, str] = {}
    for key, name in wanted:
        if key not in found:
            found[key] = next(n for n in (name, *(f"{name}_{i}" for i in range(2, 10_000))) if n not in taken)
            taken.add(found[key])
    return found
