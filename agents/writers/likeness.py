"""Whether two short texts say the same: by the distance of their embeddings where an embedder is at hand, else by their letters.

Letters are compared in any case: a text that repeats another word for word says the same whatever a model thinks of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from agents.checks.text import near_duplicate
from domain.chat import Embedder
from domain.errors import ModelError
from domain.finding import Finding, Severity


class Likeness:
    """Compares the texts of one step. Every text is embedded once.

    Args:
        embedder: None compares letters only.
        thresholds: cosine from which two texts say the same, by model id; an embedder without an entry is not used.
    """

    def __init__(self, embedder: Embedder | None = None, thresholds: Mapping[str, float] | None = None) -> None:
        known = thresholds or {}
        self._embedder = embedder if embedder is not None and embedder.model.id in known else None
        self._same = known[embedder.model.id] if embedder is not None and self._embedder is not None else 1.0
        self._vectors: dict[str, list[float]] = {}

    @property
    def embeds(self) -> bool:
        return self._embedder is not None

    def repeats(self, text: str, others: Sequence[str], field: str = "") -> tuple[Finding, ...]:
        """A finding when a text says what one of the others says, naming the one it is closest to."""
        if found := near_duplicate(text, others, field):
            return found
        closest, cosine = self._closest(text, others)
        if cosine < self._same or not closest:
            return ()
        short = closest if len(closest) <= 40 else closest[:39] + "…"
        said = "It says in other words what “{other}” says."
        return (Finding.of("near_duplicate", Severity.WARNING, said, field, suggestion="Find another angle.", other=short),)

    def cosine(self, one: str, other: str) -> float:
        """-1..1; 0 without an embedder."""
        if not self._embed([one, other]):
            return 0.0
        return sum(a * b for a, b in zip(self._vectors[one], self._vectors[other], strict=True))

    def _closest(self, text: str, others: Sequence[str]) -> tuple[str, float]:
        if self._embedder is None or not others or not self._embed([text, *others]):
            return "", -1.0
        return max(((other, self.cosine(text, other)) for other in others), key=lambda pair: pair[1])

    def _embed(self, texts: Sequence[str]) -> bool:
        """False when there is no embedder, or it is not installed any more: letters then have to do."""
        if self._embedder is None:
            return False
        missing = [text for text in dict.fromkeys(texts) if text not in self._vectors]
        if missing:
            try:
                self._vectors |= dict(zip(missing, self._embedder.embed(missing), strict=True))
            except ModelError:
                self._embedder = None
                return False
        return True
