"""Ids of an edited lore document: kept where there is one, new where there is none, never one that was used before."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from domain.lore import Bark, BarkSet, LoreDocument, LoreEntry, with_lore_ids

TEXTS = st.lists(st.tuples(st.booleans(), st.sampled_from(["", "Go.", "走吧。", "Wait."])), max_size=6)


def document(barks: list[tuple[str, str]], entries: list[tuple[str, str]]) -> LoreDocument:
    said = tuple(Bark(id=id_, text=text) for id_, text in barks)
    kept = tuple(LoreEntry(id=id_, kind="item", name=text, text=text) for id_, text in entries)
    return LoreDocument(language="en", form="items", barks=(BarkSet(character="Keeper", situation="alone", barks=said),), entries=kept)


def ids(of: LoreDocument) -> list[str]:
    return [bark.id for one in of.barks for bark in one.barks] + [entry.id for entry in of.entries]


@given(TEXTS, TEXTS)
def test_every_text_gets_one_id_of_its_own_and_keeps_the_one_it_has(barks: list[tuple[bool, str]], entries: list[tuple[bool, str]]) -> None:
    edited = document(
        [(f"b_{n}" if has else "", text) for n, (has, text) in enumerate(barks)],
        [(f"e{n}" if has else "", text) for n, (has, text) in enumerate(entries)],
    )
    found = ids(with_lore_ids(edited))
    assert "" not in found
    assert len(set(found)) == len(found)
    assert [new for new, old in zip(found, ids(edited), strict=True) if old] == [old for old in ids(edited) if old]
    assert with_lore_ids(edited) == with_lore_ids(edited)


def test_an_id_of_a_text_that_is_gone_is_not_given_again() -> None:
    fresh = with_lore_ids(document([("", "Go.")], []))
    again = with_lore_ids(document([("", "Go.")], []), before=fresh)
    assert ids(again) != ids(fresh)
