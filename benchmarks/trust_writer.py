"""The process that benchmarks.trust kills: stores files, assets, reviews and comments one after the other, and says what is kept.

python -m benchmarks.trust_writer DATABASE_URL HOME SEED. After each write a line with its id goes to standard output: whatever was said
must be there, whole, after a kill.
"""

from __future__ import annotations

import random
import sys
from datetime import UTC, datetime
from pathlib import Path

from domain.asset import Asset
from domain.capability import StepKind
from domain.recipe import OutputFile, Recipe
from domain.review import Review, Verdict
from library.library import Library


def main(url: str, home: str, seed: int) -> None:
    chance = random.Random(seed)
    with Library.open(url, Path(home)) as library:
        project = library.create_project(f"Killed {seed}")
        print("ready", flush=True)
        while True:
            now = datetime.now(UTC)
            data = chance.randbytes(chance.choice((10, 5_000, 400_000)))
            recipe = Recipe(kind=StepKind.PICTURE, maker="writer", maker_version=1, prompt=f"number {chance.random()}")
            draft = Asset(id="", project_id=project.id, title="Killed", files=(), recipe=recipe, created=now)
            names = [f"{number}.bin" for number in range(chance.randint(1, 3))]
            asset = library.add_asset(draft, [OutputFile(name, "application/octet-stream", data + name.encode()) for name in names])
            print("asset", asset.id, flush=True)
            library.add_review(Review(id="", asset_id=asset.id, verdict=Verdict.APPROVE, person="ada", created=now))
            print("review", asset.id, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
