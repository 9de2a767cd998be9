"""Eight texts of one brief with the embedded chat model: together on llama.cpp slots, against one by one without a shared prefix.

python -m benchmarks.writing together                # rounds A/B/B/A, a minute or two each on two cores

"one by one" gives every text a beginning of its own, so that nothing of an earlier one is read from the cache.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path
from statistics import median

from benchmarks.texts import TEXTS, brief, requests, together
from domain.chat import ChatRequest, Message
from pipelines.devices import Devices
from pipelines.models.catalogue import Catalogue
from pipelines.models.store import ModelStore
from pipelines.text.llamacpp import LlamaCppChat

ROOT = Path(__file__).resolve().parent.parent
MODEL = "qwen2.5-coder-1.5b-instruct-q4"


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tokens", type=int, default=48, help="new tokens per text, about a headline and a body")
    parser.add_argument("--brief", type=int, default=2000, help="characters of the shared brief")
    given = parser.parse_args(argv)
    cache = Path(os.environ.get("MAQUETTE_CACHE") or Path.home() / ".cache" / "maquette")
    store, devices = ModelStore(Catalogue.read(ROOT / "assets" / "models.toml"), cache), Devices(10 << 30)
    gguf = next(store.folder(MODEL).glob("*.gguf"))
    chat = LlamaCppChat(gguf, store.ref(MODEL), devices, context_tokens=1024, slots=TEXTS)
    chat.complete(ChatRequest(messages=(Message(role="user", content="Hello."),), max_tokens=2))
    seconds: dict[str, list[float]] = {"one by one": [], "together": []}
    for number, way in enumerate(("one by one", "together", "together", "one by one")):
        shared = brief(given.brief)
        if way == "together":
            own = shared.model_copy(update={"content": f"Brief {number}. {shared.content}"})
            spent, replies = together(chat, requests(own, [given.tokens] * TEXTS))
        else:
            started, replies = time.perf_counter(), []
            for text, request in enumerate(requests(shared, [given.tokens] * TEXTS)):
                own = shared.model_copy(update={"content": f"{number}.{text} {shared.content}"})
                replies.append(chat.complete(request.model_copy(update={"messages": (own, *request.messages[1:])})))
            spent = time.perf_counter() - started
        seconds[way].append(spent)
        tokens = [reply.completion_tokens for reply in replies]
        print(json.dumps({"way": way, "seconds": round(spent, 2), "new_tokens": tokens, "read": replies[0].prompt_tokens}), flush=True)
    print(json.dumps({"ratio": round(median(seconds["one by one"]) / median(seconds["together"]), 2)}))
    devices.release_idle()


if __name__ == "__main__":
    main()
