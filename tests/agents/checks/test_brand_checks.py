from __future__ import annotations

from agents.checks.brand import brand, contradictions
from domain.brand import BrandKit

KIT = BrandKit(name="Northwind", forbidden_words=("perfect",), glossary={"coffee": "cold brew", "tea": "fine tea"})


def test_a_forbidden_word_a_misspelt_name_and_a_wrong_term_are_found() -> None:
    found = {finding.rule for finding in brand("NORTHWIND makes the perfect coffee.", KIT)}
    assert found == {"forbidden_word", "brand_name", "glossary"}


def test_the_brand_form_of_a_term_passes_even_where_it_holds_the_term() -> None:
    assert brand("Northwind cold brew and fine tea", KIT) == ()


def test_a_lower_case_hashtag_is_not_a_misspelt_name() -> None:
    assert brand("#northwind", KIT) == ()


def test_an_empty_kit_restrains_nothing() -> None:
    assert brand("The perfect coffee, NORTHWIND", BrandKit()) == ()


def test_a_kit_that_cannot_be_obeyed_is_told() -> None:
    kit = BrandKit(name="Cheap Thrills", required_words=("cheap",), forbidden_words=("cheap",), glossary={"price": "cheap price"})
    assert len(contradictions(kit)) == 3
    assert contradictions(KIT) == ()
