"""Which passages of a long text bear on a question: by words (BM25) and, where an embedder is installed, by meaning; the two ranks joined.

Chooses places and writes nothing. Vectors of the last texts are kept, because a person asks more than one question of a text.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence

from agents.jobs.passages import ranked
from agents.lexicon import language_of
from domain.chat import Embedder
from domain.errors import ModelError

#: Reciprocal rank fusion as published: Cormack, Clarke and Büttcher, SIGIR 2009.
_FUSED = 60
#: Passages of one text that are embedded; of a longer text those that share most words with the question, filled up from the start.
_EMBEDDED_MOST = 240
#: Vectors kept over all texts: some 6 MB.
_KEPT_MOST = 4000
#: The embedder that reads a language ("en", else one for many languages), None where none is installed.
Choose = Callable[[str], Embedder | None]


def no_embedder(_language: str) -> Embedder | None:
    """Words alone decide."""
    return None


class Finder:
    """One serves all conversations; safe to use from several threads."""

    def __init__(self, choose: Choose = no_embedder) -> None:
        self._choose = choose
        self._kept: OrderedDict[tuple[str, str], list[float]] = OrderedDict()
        self._guard = threading.Lock()

    def best(self, question: str, parts: Sequence[str], most: int) -> list[int]:
        """Indices of at most `most` parts, the best first. Parts that neither words nor meaning tie to the question are left out."""
        by_words = [index for index, _ in ranked(question, parts)]
        by_meaning = self._near(question, parts, by_words)
        if not by_meaning:
            return by_words[:most]
        score: dict[int, float] = {}
        for order in (by_words, by_meaning):
            for rank, index in enumerate(order):
                score[index] = score.get(index, 0.0) + 1 / (_FUSED + rank + 1)
        return sorted(score, key=lambda index: (-score[index], index))[:most]

    def _near(self, question: str, parts: Sequence[str], by_words: Sequence[int]) -> list[int]:
        """All embedded parts, the nearest in meaning first; () without an embedder, or when it was removed meanwhile."""
        english = language_of(question) == "en" and all(language_of(part[:400]) == "en" for part in parts[:3])
        embedder = self._choose("en" if english else "")
        if embedder is None or not parts:
            return []
        chosen = sorted({*by_words[:_EMBEDDED_MOST], *range(max(0, min(len(parts), _EMBEDDED_MOST - len(by_words))))})
        try:
            wanted = embedder.embed([question])[0]
            vectors = self._vectors(embedder, [parts[index] for index in chosen])
        except ModelError:
            return []
        near = [(-sum(a * b for a, b in zip(wanted, vector, strict=True)), index) for index, vector in zip(chosen, vectors, strict=True)]
        return [index for _, index in sorted(near)]

    def _vectors(self, embedder: Embedder, parts: Sequence[str]) -> list[list[float]]:
        keys = [(embedder.model.id, hashlib.sha256(part.encode()).hexdigest()) for part in parts]
        with self._guard:
            held = {key: self._kept[key] for key in keys if key in self._kept}
        missing = [(key, part) for key, part in zip(keys, parts, strict=True) if key not in held]
        held |= dict(zip((key for key, _ in missing), embedder.embed([part for _, part in missing]) if missing else [], strict=True))
        with self._guard:
            for key in keys:
                self._kept[key] = held[key]
                self._kept.move_to_end(key)
            while len(self._kept) > _KEPT_MOST:
                self._kept.popitem(last=False)
        return [held[key] for key in keys]
