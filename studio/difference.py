"""Word diff of two texts, by difflib: what stayed, what went, what came. Pure; knows nothing of assets or pages."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from typing import Literal

from domain.value import Value

#: A run of spaces, a word, or one other sign; Chinese and Japanese go sign by sign, as they have no spaces between words.
_TOKEN = re.compile(r"\s+|[\u3040-\u30ff\u3400-\u9fff]|[^\W\u3040-\u30ff\u3400-\u9fff]+(?:['’][^\W\u3040-\u30ff\u3400-\u9fff]+)*|[^\w\s]")


class Change(Value):
    """A piece of text: in both ("same"), only in the older one ("old"), only in the newer one ("new")."""

    kind: Literal["same", "old", "new"]
    text: str


def word_diff(before: str, after: str) -> tuple[Change, ...]:
    """The pieces in reading order. Those that are not "new" add up to `before`, those that are not "old" to `after`."""
    old, new = _TOKEN.findall(before), _TOKEN.findall(after)
    found: list[Change] = []
    for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            found.append(Change(kind="same", text="".join(old[a:b])))
            continue
        found += [Change(kind="old", text="".join(old[a:b]))] if b > a else []
        found += [Change(kind="new", text="".join(new[c:d]))] if d > c else []
    return tuple(found)
