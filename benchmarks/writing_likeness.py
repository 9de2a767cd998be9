"""How well the distance of embeddings tells other words from another angle: cosines of labelled pairs, and what the threshold finds.

python -m benchmarks.writing likeness
"""

from __future__ import annotations

import argparse
import json
import tomllib
from pathlib import Path

from agents.checks.text import near_duplicate
from agents.frameworks import Crafts
from agents.writers.likeness import Likeness
from domain.settings import Settings
from pipelines.devices import Devices
from pipelines.models.catalogue import Catalogue
from pipelines.models.store import ModelStore
from pipelines.worker import embedder_for

ROOT = Path(__file__).resolve().parent.parent


def main(argv: list[str] | None = None) -> None:
    argparse.ArgumentParser(prog="benchmarks.writing likeness", description=__doc__).parse_args(argv)
    data = tomllib.loads((ROOT / "benchmarks" / "data" / "likeness.toml").read_text(encoding="utf-8"))
    store = ModelStore(Catalogue.read(ROOT / "assets" / "models.toml"), Settings.from_environment({}, Path.home()).cache)
    devices, crafts = Devices(2 << 30), Crafts.load(ROOT / "assets")
    for language, pairs in data.items():
        embedder = embedder_for(store, devices, language)
        likeness = Likeness(embedder, crafts.likeness)
        row: dict[str, object] = {"language": language, "model": embedder.model.id if embedder else ""}
        for kind in ("same", "different"):
            row[kind] = sorted(round(likeness.cosine(a, b), 3) for a, b in pairs[kind])
            row[f"{kind}_found_alike"] = f"{sum(bool(likeness.repeats(a, [b])) for a, b in pairs[kind])}/{len(pairs[kind])}"
            row[f"{kind}_by_letters_alone"] = f"{sum(bool(near_duplicate(a, [b])) for a, b in pairs[kind])}/{len(pairs[kind])}"
        print(json.dumps(row, ensure_ascii=False))


if __name__ == "__main__":
    main()
