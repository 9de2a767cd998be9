"""The first pictures of a process that has just started: python -m benchmarks.pictures_first FOLDER CACHE DEVICE SIDE WAY BACKEND.

WAY: "whole" compiles the whole denoiser, as `torch.compile` does; "regional" its repeated blocks, kept in CACHE. Prints JSON: seconds
from the call to the first finished picture, loading left out, and how many graphs five further shapes compiled. For pictures.py.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.pictures_models import maker, work
from domain.progress import Silent
from pipelines.image.compiling import Compiling, denoiser_of

#: Width and height over the square's side, as advertisements have them.
RATIOS = ((1.0, 1.0), (1.5, 1.0), (1.0, 1.5), (2.0, 1.0), (1.0, 2.0))


def main(arguments: Sequence[str]) -> int:
    folder, cache, device, side, way, backend = arguments
    import torch

    kept = Path(cache) / "kept"
    regional = way == "regional"
    if not regional:
        os.environ["TORCHINDUCTOR_CACHE_DIR"] = str(Path(cache) / "whole")
    ours = maker(Path(folder), Path(cache) / "models", device, compiling=Compiling(backend if regional else "", kept))
    opened = ours.opened()
    placed, dtype = device, "bfloat16" if device.startswith("cuda") else "float32"
    weights = ours._weights(opened, placed, dtype, True)
    ours._dtype = dtype
    with ours._devices.acquire(weights, "auto") as loaded:
        if not regional:
            denoiser_of(loaded.words).compile(backend=backend)
    started = time.perf_counter()
    ours.generate([work(int(side), 2)], Silent())
    first = time.perf_counter() - started
    graphs = torch._dynamo.utils.counters["stats"]["unique_graphs"]
    for wide, high in RATIOS[1:]:
        ours.generate(
            [work(int(side), 2, width=int(int(side) * wide / 2) // 16 * 16, height=int(int(side) * high / 2) // 16 * 16)], Silent()
        )
    anew = torch._dynamo.utils.counters["stats"]["unique_graphs"] - graphs
    sys.stdout.write(json.dumps({"first_picture_seconds": round(first, 3), "graphs": graphs, "compiled_anew": anew}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
