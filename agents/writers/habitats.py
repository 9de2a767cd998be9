"""Where a wish that names no place is drawn: by what is seen in it. Tables of assets/prompts/scene.toml, no LLM."""

from __future__ import annotations

from collections.abc import Mapping

from agents.writers.grammar import Reading
from agents.writers.sights import Sight
from domain.scene import Setting

#: Settings that are no place, and those under a roof.
BARE = frozenset({"plain", "gradient", "pattern", "studio", "podiums"})
INDOORS = frozenset(
    {"interior", "cave", "space", "shop", "cafe", "office", "kitchen", "bedroom", "classroom", "library", "concert", "museum", "laboratory"}
    | {"factory", "spaceship", "dungeon", "throne_room", "tavern", "underwater"}
)
_KNOWN = frozenset(setting.value for setting in Setting)
#: What one eats and drinks, by the beginning of its group.
_MEAL = ("food", "drink", "dishware")

Table = Mapping[str, list[str]]


def habitats(reading: Reading, falls: bool, table: Table) -> list[str]:
    """Settings, best first: where the main thing belongs; of a person who belongs nowhere, where something beside them does, or where
    one eats. With a ship nothing is under water. falls: rain or snow is asked for, so it is under the open sky.
    """
    main = reading.main
    options = _of(main, table)
    if main is not None and main.group.startswith("person") and not _own(main, table):
        eating = ["cafe", "interior"] if any(s.group.startswith(_MEAL) for s in reading.things) else options
        options = next((_of(s, table) for s in reading.things[1:] if _own(s, table)), eating)
    if _afloat(reading):
        options = [name for name in options if name != "underwater"] or ["sea"]
    if falls and options[0] in BARE:
        options = [name for name in options if name not in BARE | INDOORS] or ["hills"]
    return options


def homes(reading: Reading, falls: bool, table: Table) -> list[str]:
    """The settings a chat model may choose among: those the rules would take, and where no thing has a place of its own those of what else
    is named. A free choice of a small model is often absurd."""
    own = habitats(reading, falls, table)
    if any(_own(thing, table) for thing in reading.things[:1]):
        return own
    others = [home for thing in [*reading.things[1:3], None] for home in _of(thing, table)]
    return list(dict.fromkeys([*own, *(name for name in others if not (_afloat(reading) and name == "underwater"))]))


def _afloat(reading: Reading) -> bool:
    return any(s.group == "transport-water" for s in reading.things)


def _own(sight: Sight, table: Table) -> list[str]:
    """Of this thing by its name or the last word of it."""
    return table.get(sight.key) or table.get(sight.what.split(" with ")[0].rpartition(" ")[2]) or []


def _of(main: Sight | None, table: Table) -> list[str]:
    """Settings that suit a thing: by its name, else by the nearest group. Only those that are drawn here."""
    if main is None:
        return list(table["default"])
    keys = [key for key in table if main.group.startswith(key)]
    found = _own(main, table) or table[max(keys, key=len) if keys else "default"]
    return [name for name in found if name in _KNOWN] or list(table["default"])
