"""What the checks of names read, from assets/checks/names.toml. Data, no check logic."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from agents.checks.word_patterns import Patterns, either


@dataclass(frozen=True)
class Names:
    """Names known without looking anything up. Lookups are by casefolded form."""

    months: frozenset[str]
    ambiguous_months: frozenset[str]
    weekdays: frozenset[str]
    ordinary: frozenset[str]
    titles: frozenset[str]
    places: Patterns
    idioms_zh: tuple[str, ...]
    weekday_order: tuple[str, ...]
    given: frozenset[str]
    kin: dict[str, tuple[str, ...]]
    codes: frozenset[str]
    roles_zh: tuple[str, ...]
    follow_zh: str
    titles_zh: tuple[str, ...]
    surnames_zh: str
    role_zh: re.Pattern[str]
    any_role_zh: re.Pattern[str]
    titled_zh: re.Pattern[str]
    body_zh: re.Pattern[str]
    bodies: frozenset[str]
    eras: dict[str, tuple[int, int]]


def names_of(data: dict[str, Any], relations: dict[str, Any]) -> Names:
    """data: names.toml; relations: kin.toml."""
    western = [rf"\b{re.escape(p)}\b" for p in [*data["places"], *(b for b in data["brands"] if b.isascii())]]
    translated = [name for row in relations["languages"] for name in row if not name.isascii()]
    chinese = [re.escape(p) for p in sorted({*data["places_zh"], *translated, *(b for b in data["brands"] if not b.isascii())})]
    return Names(
        months=frozenset(m.casefold() for m in data["months"]),
        ambiguous_months=frozenset(m.casefold() for m in data["ambiguous_months"]),
        weekdays=frozenset(d.casefold() for d in data["weekdays"]),
        ordinary=frozenset(w.casefold() for w in data["ordinary"]),
        titles=frozenset(t.casefold() for t in data["titles"]),
        # Case matters for Western names ("java" is also a word), so these are compiled without IGNORECASE.
        places=tuple(re.compile(source) for source in western + chinese),
        idioms_zh=tuple(data["idioms_zh"]),
        weekday_order=tuple(d.casefold() for d in data["weekdays"]),
        given=frozenset(n.casefold() for n in data["given_names"]),
        kin=_kin(relations),
        codes=frozenset(data["codes"]),
        roles_zh=tuple(sorted(data["roles_zh"], key=len, reverse=True)),
        follow_zh=data["follow_zh"],
        titles_zh=tuple(data["titles_zh"]),
        surnames_zh=data["surnames_zh"],
        role_zh=re.compile(rf"(?:{either(data['roles_zh'])})(?P<name>[{data['surnames_zh']}][\u4e00-\u9fff]{{1,2}})"),
        any_role_zh=re.compile(rf"[员师人家手长生](?P<name>[{data['surnames_zh']}][\u4e00-\u9fff]{{2}})"),
        titled_zh=re.compile(rf"(?P<family>[{data['surnames_zh']}和])(?P<title>{either(data['titles_zh'])})"),
        body_zh=re.compile(rf"(?P<name>[\u4e00-\u9fff]{{2,4}}?)(?P<ending>{either(data['bodies_zh'])})(?<!市(?=[民场值区面容政]))"),
        bodies=frozenset(body.casefold() for body in relations["bodies"]),
        eras={name: (first, last) for name, first, last in relations["eras"]},
    )


def _kin(relations: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    """By name, all names in a material that vouch for it: other forms, other languages, and what lies in it."""
    vouch: dict[str, set[str]] = {}
    for row in (*relations["kin"], *relations["languages"]):
        for name in row:
            vouch.setdefault(name, set()).update(row if row in relations["kin"] else row[:2])
    for place, *wider in relations["within"]:
        for name in wider:
            vouch.setdefault(name, set()).add(place)
    # Norwegian is vouched for by Oslo because Norway is: what lies in a form lies in the name.
    return {name: tuple(sorted(forms.union(*(vouch.get(form, ()) for form in forms)))) for name, forms in vouch.items()}
