"""Finding assets by words, in English and Chinese, whatever is typed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from domain.asset import Asset
from library.library import AssetQuery, Library
from library.search import MAX_TOKENS, query_tokens, tokens
from tests.library.samples import png


def test_latin_words_stay_whole_and_chinese_is_cut_in_pairs() -> None:
    assert tokens("Cold-Brew 冷萃咖啡!") == ["cold", "brew", "冷", "萃", "咖", "啡", "冷萃", "萃咖", "咖啡"]
    assert query_tokens("冷萃咖啡 brew 茶") == ["冷萃", "萃咖", "咖啡", "brew", "茶"]


def test_width_case_and_accents_do_not_matter_but_kana_marks_do() -> None:
    assert tokens("ＣＡＦÉ") == tokens("cafe")
    assert tokens("straße") == tokens("STRASSE")
    assert tokens("が") != tokens("か")


def test_a_giant_text_is_indexed_up_to_a_limit() -> None:
    assert len(tokens("咖啡" * 50_000)) == MAX_TOKENS


@pytest.mark.parametrize("giant", ["咖啡" * 50_000, " ".join(f"{'長' * 3}{n:060}" for n in range(30_000)), "𠀀𠀁" * 30_000])
def test_a_giant_text_is_stored_and_found(library: Library, draft: Callable[..., Asset], giant: str) -> None:
    asset = library.add_asset(draft(title="x", prompt="", text=giant), png())
    assert [found.id for found in library.assets(AssetQuery(text=giant[:20]))] == [asset.id]


def test_the_index_itself_holds_pairs_of_chinese_characters(library: Library, draft: Callable[..., Asset]) -> None:
    library.add_asset(draft(title="冷萃咖啡", prompt="Brew", text="茶"), png())
    with library.database.write("look into the index") as connection:
        if connection.dialect.name == "postgresql":
            stored = connection.scalars(text("SELECT unnest(tsvector_to_array(words)) FROM asset_search"))
        else:
            connection.execute(text("CREATE VIRTUAL TABLE temp.terms USING fts5vocab(main, asset_search, row)"))
            stored = connection.scalars(text("SELECT term FROM temp.terms"))
        assert set(stored) == {"冷", "萃", "咖", "啡", "冷萃", "萃咖", "咖啡", "brew", "茶"}


def test_postgres_answers_a_search_from_its_index(postgres_url: str, home: Path) -> None:
    with Library.open(postgres_url, home) as library, library.database.read("explain") as connection:
        connection.execute(text("SET LOCAL enable_seqscan = off"))
        matching = library.database.search.matching("冷萃咖啡 brew")
        assert matching is not None
        plan = "\n".join(connection.scalars(text(f"EXPLAIN {matching.compile(connection.engine, compile_kwargs={'literal_binds': True})}")))
        assert "ix_asset_search_words" in plan


@pytest.fixture
def found(library: Library, draft: Callable[..., Asset]) -> Callable[[str], set[str]]:
    library.add_asset(draft(title="Fox", prompt="a red fox in the snow", text=""), png())
    library.add_asset(draft(title="咖啡海报", prompt="冷萃咖啡，夏天的味道", text="清爽一夏"), png())
    library.add_asset(draft(title="Café", prompt="cold brew", text="Wake up slowly. Stay cool."), png())

    def search(text: str) -> set[str]:
        return {asset.title for asset in library.assets(AssetQuery(text=text))}

    return search


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("fox", {"Fox"}),
        ("RED snow", {"Fox"}),
        ("red brew", set()),
        ("slow", {"Café"}),
        ("cafe", {"Café"}),
        ("咖啡", {"咖啡海报"}),
        ("冷萃咖啡", {"咖啡海报"}),
        ("夏", {"咖啡海报"}),
        ("味道 海报", {"咖啡海报"}),
        ("啡咖", set()),
        ("清爽", {"咖啡海报"}),
        ("   ", {"Fox", "咖啡海报", "Café"}),
        ("!?", set()),
    ],
)
def test_every_word_must_occur_in_title_prompt_or_text(found: Callable[[str], set[str]], query: str, titles: set[str]) -> None:
    assert found(query) == titles


@pytest.mark.parametrize(
    "query",
    [
        '"',
        '" OR *',
        "NEAR(fox, 2)",
        "words:fox",
        "-fox",
        "fox*",
        "^fox",
        "a AND",
        "'; DROP TABLE assets; --",
        "fox' & !red",
        "\\",
        "(",
        "\x00",
        "⺀",
        "𞤀",
        "%_",
        ":*",
    ],
)
def test_search_syntax_is_only_text(found: Callable[[str], set[str]], query: str) -> None:
    assert found(query) <= {"Fox"}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=80))
def test_no_query_is_an_error(library: Library, query: str) -> None:
    library.assets(AssetQuery(text=query))
    assert library.count(AssetQuery(text=query)) == 0


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(alphabet=st.characters(exclude_categories=("Cs", "Cc", "Cn")), min_size=1, max_size=60))
def test_a_text_is_found_by_itself(library: Library, draft: Callable[..., Asset], text: str) -> None:
    asset = library.add_asset(draft(title="x", prompt="", text=text), png())
    if query_tokens(text):
        assert asset.id in {found.id for found in library.assets(AssetQuery(text=text, limit=1000))}
