"""The script that the engine is measured against: plain diffusers and transformers, one asset after the other, defaults throughout.

python -m benchmarks.engine_plain SCALE WEIGHTS-SIZE WEIGHTS-FOLDER OUT [DTYPE]

A process of its own, that holds its models and makes the whole brief each time it reads a line; it answers with a line of JSON,
seconds by part. Pictures of the first time are written to OUT. DTYPE, float32 unless named, is that of the pictures.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
PARTS = ("pictures", "texts", "voices")


def pinned(scale: str) -> dict[str, Any]:
    """The brief with sizes, steps and tokens of a scale filled in."""
    told = tomllib.loads((HERE / "engine_brief.toml").read_text(encoding="utf-8"))
    chosen = told["scales"][scale]
    pictures = [{**one, "width": chosen[one["shape"]][0], "height": chosen[one["shape"]][1]} for one in told["pictures"]]
    return {**told, "pictures": pictures, "steps": chosen["steps"], "tokens": chosen["tokens"]}


class Plain:
    """The other process, as the benchmark holds it."""

    def __init__(self, scale: str, size: str, place: Path, out: Path, dtype: str = "float32") -> None:
        command = [sys.executable, "-m", "benchmarks.engine_plain", scale, size, str(place), str(out), dtype]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=HERE.parent)
        self._answer()

    def make(self, part: str = "all", short: bool = False) -> dict[str, Any]:
        """Seconds by part, tokens of the texts. short: the least of everything, to warm up."""
        if self._process.stdin is None:
            raise RuntimeError("the plain script has no input")
        print(json.dumps({"part": part, "short": short}), file=self._process.stdin, flush=True)
        return self._answer()

    def close(self) -> None:
        self._process.communicate()

    def __enter__(self) -> Plain:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _answer(self) -> dict[str, Any]:
        line = self._process.stdout.readline() if self._process.stdout else ""
        if not line:
            raise RuntimeError(f"the plain script ended with {self._process.wait()}")
        answer: dict[str, Any] = json.loads(line)
        return answer


class Script:
    def __init__(self, scale: str, size: str, place: Path, out: Path, dtype: str) -> None:
        import torch
        from diffusers import StableDiffusionPipeline
        from diffusers.utils import logging as diffusers_logging
        from transformers import AutoModelForCausalLM, AutoProcessor, AutoTokenizer, BarkModel
        from transformers.utils import logging as transformers_logging

        from benchmarks.engine_weights import CHAT, PICTURES, VOICES, weights

        for library in (diffusers_logging, transformers_logging):
            library.disable_progress_bar()
            library.set_verbosity_error()
        made = weights(size, place)
        self._brief, self._out = pinned(scale), out
        self._device = "cuda" if torch.cuda.is_available() else "cpu"
        kept: Mapping[str, Any] = {"local_files_only": True}
        self._pictures = StableDiffusionPipeline.from_pretrained(str(made.folder(PICTURES)), dtype=getattr(torch, dtype), **kept)
        self._pictures.set_progress_bar_config(disable=True)
        self._pictures.to(self._device)
        chat, bark = str(made.folder(CHAT)), str(made.folder(VOICES))
        self._tokenizer = AutoTokenizer.from_pretrained(chat, **kept)
        self._words = AutoModelForCausalLM.from_pretrained(chat, dtype=torch.float32, **kept).to(self._device)
        self._processor = AutoProcessor.from_pretrained(bark, **kept)
        self._speaker = BarkModel.from_pretrained(bark, dtype=torch.float32, **kept).to(self._device).eval()

    def make(self, part: str, short: bool) -> dict[str, Any]:
        told: dict[str, Any] = {}
        for name in PARTS:
            if part in ("all", name):
                started = time.perf_counter()
                told[f"{name} made"] = getattr(self, name)(short)
                told[name] = time.perf_counter() - started
        return told

    def pictures(self, short: bool) -> int:
        import torch

        wanted = self._brief["pictures"][:1] if short else self._brief["pictures"]
        for number, one in enumerate(wanted):
            picture = self._pictures(
                one["prompt"],
                width=one["width"],
                height=one["height"],
                num_inference_steps=1 if short else self._brief["steps"],
                generator=torch.Generator("cpu").manual_seed(one["seed"]),
            ).images[0]
            file = self._out / f"{number}.png"
            if not short and not file.exists():
                picture.save(file)
        return len(wanted)

    def texts(self, short: bool) -> int:
        count = 0
        for one in self._brief["texts"][:1] if short else self._brief["texts"]:
            turns = [{"role": "system", "content": self._brief["brief"]}, {"role": "user", "content": one["wanted"]}]
            text = self._tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
            given = self._tokenizer(text, add_special_tokens=False, return_tensors="pt").to(self._device)
            made = self._words.generate(**given, max_new_tokens=4 if short else self._brief["tokens"], do_sample=False)
            count += int(made.shape[1] - given["input_ids"].shape[1])
        return count

    def voices(self, short: bool) -> int:
        import torch

        count = 0
        for one in self._brief["voices"][:1] if short else self._brief["voices"]:
            inputs = self._processor(one["text"]).to(self._device)
            torch.manual_seed(one["seed"])
            count += int(self._speaker.generate(**inputs, do_sample=True).shape[-1])
        return count


def main() -> None:
    scale, size, place, out, dtype = sys.argv[1:]
    say, sys.stdout = sys.stdout, sys.stderr  # libraries print; the answers must stay lines of JSON
    script = Script(scale, size, Path(place), Path(out), dtype)
    print("{}", file=say, flush=True)
    for line in sys.stdin:
        print(json.dumps(script.make(**json.loads(line))), file=say, flush=True)


if __name__ == "__main__":
    main()
