"""Eight texts that share a brief: one after the other with plain transformers, together in one batch, and what a schema costs.

python -m benchmarks.texts --model FOLDER              # a chat model of the store: safetensors and a tokenizer
python -m benchmarks.texts --random 135m               # random weights of that size, made now; nothing is downloaded
python -m benchmarks.texts --random 135m --gguf FILE   # and the same texts on llama.cpp's slots (other weights: read it as it is)

On CUDA where there is one, else on the CPU. Ratios are measured in one run, A/B/B/A, warm, same weights and dtype, greedy.
"""

from __future__ import annotations

import argparse
import json
import sysconfig
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from typing import Any

from domain.chat import ChatModel, ChatReply, ChatRequest, Message
from domain.recipe import ModelRef
from pipelines.devices import Devices
from pipelines.placement import placed
from pipelines.text.transformers_chat import TransformersChat

TEXTS = 8
WORDS = "Launch campaign for a cold-brew coffee from a small roastery: calm, precise, made overnight, for people who work early."

#: hidden, intermediate, layers, heads, key heads, vocabulary: SmolLM2 135M, Qwen2.5 0.5B, 1.5B and 7B.
SIZES = {
    "tiny": (64, 128, 2, 4, 2, 2048),
    "30m": (288, 768, 12, 9, 3, 16384),
    "135m": (576, 1536, 30, 9, 3, 49152),
    "500m": (896, 4864, 24, 14, 2, 151936),
    "1.5b": (1536, 8960, 28, 12, 2, 151936),
    "7b": (3584, 18944, 28, 28, 4, 152064),
}
TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
#: Of fixed length in characters, so that random weights end too.
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "tone": {"enum": ["calm", "bright", "bold"]},
        "lines": {"type": "array", "items": {"type": "string", "minLength": 24, "maxLength": 32}, "minItems": 3, "maxItems": 3},
        "weight": {"type": "integer", "minimum": 1, "maximum": 9},
    },
    "required": ["tone", "lines", "weight"],
}


def random_model(folder: Path, size: str) -> Path:
    """Random weights of a size, with a tokenizer trained on the source text of Python's own library."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    hidden, inner, layers, heads, keys, vocabulary = SIZES[size]
    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=vocabulary, special_tokens=special, initial_alphabet=alphabet, show_progress=False)
    backend.train_from_iterator(_source(6_000_000), trainer)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=backend, eos_token="<|im_end|>", pad_token="<|endoftext|>")
    tokenizer.chat_template = TEMPLATE
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=vocabulary, hidden_size=hidden, intermediate_size=inner, num_hidden_layers=layers, num_attention_heads=heads,
        num_key_value_heads=keys, max_position_embeddings=4096, tie_word_embeddings=True, initializer_range=0.1,
        bos_token_id=None, eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id,
    )  # fmt: skip
    LlamaForCausalLM(config).to(torch.bfloat16).save_pretrained(str(folder))
    tokenizer.save_pretrained(str(folder))
    return folder


def _source(most: int) -> Iterator[str]:
    taken = 0
    for path in sorted(Path(sysconfig.get_paths()["stdlib"]).glob("*.py")):
        text = path.read_text(encoding="utf-8", errors="ignore")
        taken += len(text)
        yield text
        if taken > most:
            return


def brief(characters: int) -> Message:
    return Message(role="system", content=(f"{WORDS} " * (characters // len(WORDS) + 1))[:characters])


def requests(shared: Message, tokens: Sequence[int], schema: dict[str, Any] | None = None) -> list[ChatRequest]:
    return [
        ChatRequest(messages=(shared, Message(role="user", content=f"Text {n}: write it.")), max_tokens=most, json_schema=schema)
        for n, most in enumerate(tokens)
    ]


def together(chat: ChatModel, wanted: Sequence[ChatRequest]) -> tuple[float, list[ChatReply]]:
    with ThreadPoolExecutor(len(wanted)) as threads:
        started = time.perf_counter()
        replies = list(threads.map(chat.complete, wanted))
        return time.perf_counter() - started, replies


class Plain:
    """What a script does: `generate`, one text after the other, each prompt read from its beginning."""

    def __init__(self, folder: Path) -> None:
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer

        device, dtype = placed("auto", bfloat16_on_cpu=True)
        self._tokenizer = AutoTokenizer.from_pretrained(str(folder), local_files_only=True)
        self._model = (
            AutoModelForCausalLM.from_pretrained(str(folder), dtype=getattr(torch, dtype), local_files_only=True).to(device).eval()
        )

    def run(self, wanted: Sequence[ChatRequest]) -> tuple[float, list[str]]:
        import torch

        texts = []
        started = time.perf_counter()
        for request in wanted:
            turns = [{"role": m.role, "content": m.content} for m in request.messages]
            text = self._tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True, enable_thinking=False)
            given = self._tokenizer(text, add_special_tokens=False, return_tensors="pt").to(self._model.device)
            with torch.inference_mode():
                made = self._model.generate(**given, max_new_tokens=request.max_tokens, do_sample=False, repetition_penalty=1.0)
            texts.append(self._tokenizer.decode(made[0, given["input_ids"].shape[1] :], skip_special_tokens=True))
        return time.perf_counter() - started, texts


def batching(chat: TransformersChat, folder: Path, shared: Message, tokens: int) -> dict[str, Any]:
    plain = Plain(folder)
    wanted = requests(shared, [tokens] * TEXTS)
    plain.run(wanted[:1])
    together(chat, requests(brief(len(shared.content) // 2), [4] * TEXTS))
    sequential, batched, same = [], [], 0
    for turn in range(2):
        # Another brief each time: nothing of it is kept from before.
        fresh = requests(shared.model_copy(update={"content": f"{turn} {shared.content}"}), [tokens] * TEXTS)
        order = (True, False) if turn == 0 else (False, True)
        texts: dict[bool, list[str]] = {}
        for alone in order:
            if alone:
                seconds, texts[True] = plain.run(fresh)
                sequential.append(seconds)
            else:
                seconds, replies = together(chat, fresh)
                texts[False] = [reply.text for reply in replies]
                batched.append(seconds)
        same = sum(one == other for one, other in zip(texts[True], texts[False], strict=True))
    return {
        "sequential_s": round(median(sequential), 2),
        "batched_s": round(median(batched), 2),
        "ratio": round(median(sequential) / median(batched), 2),
        "same_texts": f"{same}/{TEXTS}",
        "prompt_tokens": replies[0].prompt_tokens,
        "cached_tokens": [reply.cached_tokens for reply in replies],
    }


def schema_cost(chat: TransformersChat, shared: Message, rounds: int = 9) -> dict[str, Any]:
    """Seconds per token of eight bounded replies against eight free ones of about the same lengths (rounding changes some)."""
    chat.warm((shared,))
    _, first = together(chat, requests(shared, [400] * TEXTS, SCHEMA))
    lengths = [reply.completion_tokens for reply in first]
    steps: dict[str, list[float]] = {"bounded": [], "free": []}
    work: dict[str, list[float]] = {"bounded": [], "free": []}
    valid = 0
    for turn in range(rounds):
        for kind in ("bounded", "free") if turn % 2 == 0 else ("free", "bounded"):
            wanted = requests(shared, [400] * TEXTS, SCHEMA) if kind == "bounded" else requests(shared, lengths)
            before = time.process_time()
            seconds, replies = together(chat, wanted)
            made = sum(reply.completion_tokens for reply in replies) / TEXTS
            work[kind].append((time.process_time() - before) / made)
            steps[kind].append(seconds / made)
            valid += sum(_valid(reply.text) for reply in replies) if kind == "bounded" else 0
    bounded, free = median(steps["bounded"]), median(steps["free"])
    return {
        "bounded_ms_per_token": round(bounded * 1000, 3),
        "free_ms_per_token": round(free * 1000, 3),
        "bounded_cpu_ms_per_token": round(median(work["bounded"]) * 1000, 3),
        "free_cpu_ms_per_token": round(median(work["free"]) * 1000, 3),
        "cost_percent": round((bounded / free - 1) * 100, 1),
        "valid_percent": round(100 * valid / (rounds * TEXTS), 1),
        "tokens": lengths,
    }


def _valid(text: str) -> bool:
    value = json.loads(text)
    return (
        set(value) == {"tone", "lines", "weight"}
        and value["tone"] in ("calm", "bright", "bold")
        and isinstance(value["weight"], int)
        and 1 <= value["weight"] <= 9
        and len(value["lines"]) == 3
        and all(24 <= len(line) <= 32 for line in value["lines"])
    )


def llama_slots(gguf: Path, shared: Message, tokens: int, devices: Devices) -> dict[str, Any]:
    from pipelines.text.llamacpp import LlamaCppChat

    chat = LlamaCppChat(gguf, ModelRef(id=gguf.stem), devices, context_tokens=2048, slots=TEXTS)
    chat.warm((Message(role="user", content="Hello."),))
    seconds, replies = together(chat, requests(shared, [tokens] * TEXTS))
    alone = time.perf_counter()
    for request in requests(shared.model_copy(update={"content": f"again {shared.content}"}), [tokens] * TEXTS):
        chat.complete(request)
    sequential = time.perf_counter() - alone
    return {
        "slots_s": round(seconds, 2),
        "one_by_one_s": round(sequential, 2),
        "ratio": round(sequential / seconds, 2),
        "tokens": [reply.completion_tokens for reply in replies],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--model", type=Path, help="a folder of safetensors with a tokenizer and a chat template")
    what.add_argument("--random", choices=SIZES, help="random weights of this size")
    parser.add_argument("--gguf", type=Path, help="a GGUF file for llama.cpp's slots")
    parser.add_argument("--tokens", type=int, default=64, help="new tokens per text")
    parser.add_argument("--brief", type=int, default=2000, help="characters of the shared brief")
    parser.add_argument("--threads", type=int, default=0, help="CPU threads of torch, 0: its own choice")
    given = parser.parse_args()
    import torch

    if given.threads:
        torch.set_num_threads(given.threads)
    device, dtype = placed("auto", bfloat16_on_cpu=True)
    print(json.dumps({"model": given.random or given.model.name, "device": device, "dtype": dtype, "threads": torch.get_num_threads()}))
    devices = Devices(60 * 1024**3)
    shared = brief(given.brief)
    with tempfile.TemporaryDirectory() as scratch:
        folder = given.model or random_model(Path(scratch) / given.random, given.random)
        chat = TransformersChat(folder, ModelRef(id=folder.name), devices, context_tokens=2048, slots=TEXTS)
        print(json.dumps({"eight texts": batching(chat, folder, shared, given.tokens)}), flush=True)
        print(json.dumps({"schema": schema_cost(chat, shared)}), flush=True)
        devices.release_idle()
        if given.gguf:
            print(json.dumps({"llama.cpp slots": llama_slots(given.gguf, shared, given.tokens, devices)}), flush=True)
            devices.release_idle()


if __name__ == "__main__":
    main()
