"""Full-text search over assets, one interface for every database.

Text is cut into words here and not by the database: latin words whole, Chinese, Japanese and Korean as single characters
and pairs of neighbours (no database tokenizer we can rely on knows where their words end). Index and query are cut by
the same function and hold letters and digits only, so a query can carry no search syntax.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import accumulate

from sqlalchemy import Connection, Integer, Select, column, select, text

MAX_TOKENS = 20_000
#: A tsvector holds less than 1 MiB of words.
MAX_BYTES = 1_000_000
MAX_TOKEN_LENGTH = 64
MAX_QUERY_TOKENS = 64

_CJK = (
    "\u3005-\u3007\u3040-\u30ff\u3100-\u312f\u3130-\u318f\u31a0-\u31bf\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U000323af"
)
_IS_CJK = re.compile(f"[{_CJK}]")
_RUNS = re.compile(rf"(?P<cjk>(?:(?=\w)[{_CJK}])+)|(?P<word>(?:(?![{_CJK}_])\w)+)")


def _normal(given: str) -> str:
    """NFKC and case folded; accents dropped outside CJK, where marks tell letters apart (が is not か)."""
    folded = unicodedata.normalize("NFKC", given).casefold()
    return "".join(c for c in _spread(folded) if not unicodedata.category(c).startswith("M"))


def _spread(folded: str) -> str:
    return "".join(c if _IS_CJK.match(c) else unicodedata.normalize("NFKD", c) for c in folded)


def tokens(given: str) -> list[str]:
    """The words of a text to be indexed, in order, at most 20,000 and 1 MB: latin words, CJK characters and CJK pairs."""
    found: list[str] = []
    for run in _RUNS.finditer(_normal(given)):
        word = run.group()
        if run.lastgroup == "word":
            found.append(word[:MAX_TOKEN_LENGTH])
        else:
            word = word[: (MAX_TOKENS - len(found)) // 2 + 1]  # a very long run keeps its pairs, not only its characters
            found += [*word, *_pairs(word)]
        if len(found) >= MAX_TOKENS:
            break
    sizes = accumulate(len(word.encode()) for word in found[:MAX_TOKENS])
    return [word for word, size in zip(found, sizes, strict=False) if size <= MAX_BYTES]


def query_tokens(given: str) -> list[str]:
    """The words that must all occur: for CJK the pairs, or the character when it stands alone. Without repeats, at most 64."""
    found: list[str] = []
    for run in _RUNS.finditer(_normal(given)):
        word = run.group()
        if run.lastgroup == "word":
            found.append(word[:MAX_TOKEN_LENGTH])
        else:
            found += _pairs(word) or [word]
    return list(dict.fromkeys(found))[:MAX_QUERY_TOKENS]


def _pairs(run: str) -> list[str]:
    return [run[i : i + 2] for i in range(len(run) - 1)]


class Search:
    """Search for one database dialect: the only place that knows that databases differ. SQLite's FTS5 or Postgres' tsvector."""

    def __init__(self, dialect: str) -> None:
        self._postgres = dialect == "postgresql"

    def create(self, connection: Connection) -> None:
        """Make the index. Part of the first migration."""
        if self._postgres:
            connection.execute(text("CREATE TABLE asset_search (number INTEGER PRIMARY KEY, words TSVECTOR NOT NULL)"))
            connection.execute(text("CREATE INDEX ix_asset_search_words ON asset_search USING gin (words)"))
        else:
            options = "tokenize = \"unicode61 remove_diacritics 0\", prefix = '2 3'"
            connection.execute(text(f"CREATE VIRTUAL TABLE asset_search USING fts5(words, {options})"))

    def add(self, connection: Connection, number: int, words: str) -> None:
        """Index the text of the asset in row `number`."""
        if self._postgres:
            statement = "INSERT INTO asset_search (number, words) VALUES (:number, array_to_tsvector(CAST(:words AS text[])))"
            connection.execute(text(statement), {"number": number, "words": sorted(set(tokens(words)))})
        else:
            statement = "INSERT INTO asset_search (rowid, words) VALUES (:number, :words)"
            connection.execute(text(statement), {"number": number, "words": " ".join(tokens(words))})

    def remove(self, connection: Connection, number: int) -> None:
        """Forget the text of the asset in row `number`."""
        kept = "DELETE FROM asset_search WHERE number = :number" if self._postgres else "DELETE FROM asset_search WHERE rowid = :number"
        connection.execute(text(kept), {"number": number})

    def matching(self, query: str) -> Select[int] | None:
        """Row numbers of assets that hold every word of the query, the beginning of a word being enough.

        None when the query has no words at all (only punctuation): nothing can match it.
        """
        words = query_tokens(query)
        if not words:
            return None
        if self._postgres:
            condition = text("words @@ CAST(:search_words AS tsquery)").bindparams(search_words=" & ".join(f"'{word}':*" for word in words))
            return select(column("number", Integer)).select_from(text("asset_search")).where(condition)
        condition = text("asset_search MATCH :search_words").bindparams(search_words=" AND ".join(f'"{word}"*' for word in words))
        return select(column("rowid", Integer)).select_from(text("asset_search")).where(condition)
