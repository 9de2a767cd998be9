"""Bark's stages for several lines at once: text to semantic codes, to coarse codes, to fine codes, to sound.

The same arithmetic as transformers' `BarkModel.generate`, with what that one lacks: caches of keys and values that are laid out once,
lines that leave the batch when they have ended, a speaker prompt and a random generator of each line's own, so that a line is the
same whatever it was batched with, up to rounding. Padding of the text is seen by the model as in Suno's own code, where it was
trained so. Knows nothing of voices, files or pieces of text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipelines.audio.bark_prompts import Prompt
from pipelines.media.sound import Samples


@dataclass(frozen=True)
class Line:
    """tokens: of the text, as the tokenizer numbers them. most: semantic codes at most (about 50 a second)."""

    tokens: Sequence[int]
    prompt: Prompt | None
    seed: int
    most: int


class Stages:
    """model: a BarkModel on `device`, or where `stagewise` on the CPU: then one stage at a time is moved there.

    check: called between steps; what it raises ends the work.
    """

    def __init__(self, model: Any, device: str, check: Callable[[], None], *, stagewise: bool = False) -> None:
        from transformers.models.bark.generation_configuration_bark import (
            BarkCoarseGenerationConfig,
            BarkFineGenerationConfig,
            BarkSemanticGenerationConfig,
        )

        given = model.generation_config
        self._model = model
        self._device = device
        self._check = check
        self._stagewise = stagewise
        self._semantic_config = BarkSemanticGenerationConfig(**given.semantic_config)
        self._coarse_config = BarkCoarseGenerationConfig(**given.coarse_acoustics_config)
        self._fine_config = BarkFineGenerationConfig(**given.fine_acoustics_config)
        self._codebook = int(given.codebook_size)

    def speak(self, lines: Sequence[Line]) -> list[Samples]:
        """One recording per line, mono at 24 kHz; of no samples where a line ended at once."""
        import torch

        with torch.inference_mode():
            draws = [torch.Generator().manual_seed(line.seed) for line in lines]
            # 1. What is said.
            with self._at(self._model.semantic) as stage:
                semantic = self._semantic(stage, lines, draws)
            # 2. Roughly how it sounds; 3. exactly.
            with self._at(self._model.coarse_acoustics) as stage:
                coarse = self._coarse(stage, lines, semantic, draws)
            with self._at(self._model.fine_acoustics) as stage:
                fine = self._fine(stage, lines, coarse, draws)
            # 4. The sound. The codec's LSTM would hear padding, so each line is decoded by itself.
            with self._at(self._model.codec_model) as codec:
                return [self._decoded(codec, codes) for codes in fine]

    @contextmanager
    def _at(self, stage: Any) -> Iterator[Any]:
        if not self._stagewise:
            yield stage
            return
        stage.to(self._device)
        try:
            yield stage
        finally:
            stage.to("cpu")

    def _semantic(self, stage: Any, lines: Sequence[Line], draws: Sequence[Any]) -> list[list[int]]:
        import torch

        config = self._semantic_config
        most, ending = config.max_input_semantic_length, config.semantic_pad_token
        text = torch.full((len(lines), most), config.text_pad_token)
        before = torch.full((len(lines), most), ending)
        for row, line in enumerate(lines):
            tokens = torch.tensor(list(line.tokens)[:most], dtype=torch.long) + config.text_encoding_offset
            text[row, : len(tokens)] = tokens
            if line.prompt is not None:
                said = torch.from_numpy(line.prompt.semantic[-most:])
                before[row, : len(said)] = said
        embed = stage.input_embeds_layer
        infer = torch.full((len(lines), 1), config.semantic_infer_token)
        start = torch.cat([embed(text.to(self._device)) + embed(before.to(self._device)), embed(infer.to(self._device))], dim=1)
        decoder = Decoder(stage, start, max(line.most for line in lines))
        found: list[list[int]] = [[] for _ in lines]
        active = list(range(len(lines)))
        while True:
            self._check()
            scores = decoder.scores.float().cpu()[:, : ending + 1]
            scores[:, config.semantic_vocab_size : ending] = -torch.inf
            if config.min_eos_p:
                sure = scores.softmax(-1)[:, ending] > config.min_eos_p
                scores[sure, :ending] = -torch.inf
            codes = _drawn(scores, config, [draws[row] for row in active])
            going = [n for n, code in enumerate(codes) if code != ending]
            for n in going:
                found[active[n]].append(codes[n])
            going = [n for n in going if len(found[active[n]]) < lines[active[n]].most]
            if not going:
                return found
            if len(going) < len(active):
                decoder.keep(going)
                active = [active[n] for n in going]
            decoder.feed(embed(torch.tensor([[codes[n]] for n in going], device=self._device)))

    def _coarse(self, stage: Any, lines: Sequence[Line], semantic: Sequence[Sequence[int]], draws: Sequence[Any]) -> list[list[int]]:
        config = self._coarse_config
        ratio = config.coarse_rate_hz / self._semantic_config.semantic_rate_hz * config.n_coarse_codebooks
        lengths = [round(int(len(said) * ratio / config.n_coarse_codebooks) * config.n_coarse_codebooks) for said in semantic]
        before = [self._before(line.prompt, ratio) for line in lines]
        found: list[list[int]] = [[] for _ in lines]
        # Lines whose speakers had as much to say share a batch; in practice all of them.
        for shape in dict.fromkeys((len(said), len(heard)) for said, heard in before):
            rows = [row for row, (said, heard) in enumerate(before) if (len(said), len(heard)) == shape and lengths[row]]
            done = 0
            while rows:
                inputs = [
                    self._window([*before[row][0], *semantic[row]], shape[0], [*before[row][1], *found[row]], done, ratio) for row in rows
                ]
                steps = min(config.sliding_window_len, max(lengths[row] for row in rows) - done)
                for row, codes in zip(rows, self._coarse_steps(stage, inputs, steps, [draws[row] for row in rows]), strict=True):
                    found[row] += codes
                done += steps
                rows = [row for row in rows if lengths[row] > done]
        return [codes[:length] for codes, length in zip(found, lengths, strict=True)]

    def _before(self, prompt: Prompt | None, ratio: float) -> tuple[list[int], list[int]]:
        """The semantic and the coarse codes of a speaker prompt that stand before a line's own, in step with each other."""
        if prompt is None:
            return [], []
        flat = (prompt.coarse + self._codebook * np.arange(len(prompt.coarse))[:, None]).T.reshape(
            -1
        ) + self._semantic_config.semantic_vocab_size
        said = prompt.semantic
        kept = min(int(self._coarse_config.max_coarse_history / ratio), len(said) - len(said) % 2, int(len(flat) / ratio))
        heard = flat[-round(kept * ratio) :]
        # Suno's own code leaves out the last frame: it is better in time so.
        return said[-kept:].tolist(), heard[:-2].tolist()

    def _window(self, said: Sequence[int], before: int, heard: Sequence[int], done: int, ratio: float) -> list[int]:
        config = self._coarse_config
        at = before + round(done / ratio)
        window = list(said[max(0, at - int(config.max_coarse_history / ratio)) :])[: config.max_coarse_input_length]
        padding = [config.coarse_semantic_pad_token] * (config.max_coarse_input_length - len(window))
        return [*window, *padding, config.coarse_infer_token, *heard[-config.max_coarse_history :]]

    def _coarse_steps(self, stage: Any, inputs: list[list[int]], steps: int, draws: Sequence[Any]) -> list[list[int]]:
        """The next `steps` codes of each line; the two code books take turns."""
        import torch

        embed = stage.input_embeds_layer
        decoder = Decoder(stage, embed(torch.tensor(inputs, device=self._device)), steps)
        found: list[list[int]] = [[] for _ in inputs]
        for step in range(steps):
            self._check()
            first = self._semantic_config.semantic_vocab_size + (step % self._coarse_config.n_coarse_codebooks) * self._codebook
            scores = decoder.scores.float().cpu()[:, first : first + self._codebook]
            codes = [first + code for code in _drawn(scores, self._coarse_config, draws)]
            for row, code in zip(found, codes, strict=True):
                row.append(code)
            if step + 1 < steps:
                decoder.feed(embed(torch.tensor([[code] for code in codes], device=self._device)))
        return found

    def _fine(self, stage: Any, lines: Sequence[Line], coarse: Sequence[Sequence[int]], draws: Sequence[Any]) -> list[Any]:
        """Codes of shape (8, frames) per line. Lines that fit the network at once share a batch, longer ones are made by themselves."""
        import torch

        config, books = self._fine_config, self._coarse_config.n_coarse_codebooks
        frames, before = [], []
        for line, codes in zip(lines, coarse, strict=True):
            own = (torch.tensor(list(codes), dtype=torch.long) - self._semantic_config.semantic_vocab_size).remainder(self._codebook)
            frames.append(own.view(-1, books))
            held = torch.from_numpy(line.prompt.fine.T.copy()) if line.prompt is not None else torch.zeros((0, config.n_fine_codebooks))
            before.append(held[-config.max_fine_history_length :].long())
        found: list[Any] = [torch.zeros((config.n_fine_codebooks, 0), dtype=torch.long) for _ in lines]
        rest = [row for row in range(len(lines)) if len(frames[row])]
        while rest:
            short = [
                n
                for n in rest
                if len(before[n]) == len(before[rest[0]]) and len(before[n]) + len(frames[n]) <= config.max_fine_input_length
            ]
            rows = short if rest[0] in short else rest[:1]
            made = self._refined(stage, [before[row] for row in rows], [frames[row] for row in rows], [draws[row] for row in rows])
            for row, codes in zip(rows, made, strict=True):
                found[row] = codes
            rest = [row for row in rest if row not in rows]
        return found

    def _refined(self, stage: Any, before: list[Any], frames: list[Any], draws: Sequence[Any]) -> list[Any]:
        import torch

        config, window = self._fine_config, self._fine_config.max_fine_input_length
        history, count, half = len(before[0]), len(frames), config.max_fine_history_length
        whole = max(window, history + max(len(own) for own in frames))
        codes = torch.full((count, whole, config.n_fine_codebooks), self._codebook)
        for row, (held, own) in enumerate(zip(before, frames, strict=True)):
            codes[row, :history] = held
            codes[row, history : history + len(own), : own.shape[1]] = own
        loops = 1 + max(0, -(-(max(len(own) for own in frames) - (window - history)) // half))
        books = self._coarse_config.n_coarse_codebooks
        for loop in range(loops):
            start, fill = min(loop * half, whole - window), min(history + loop * half, whole - half)
            seen = codes[:, start : start + window].to(self._device)
            for book in range(books, config.n_fine_codebooks):
                self._check()
                scores = self._fine_scores(stage, seen, book, fill - start)
                seen[:, fill - start :, book] = self._fine_codes(scores, draws).to(self._device)
            codes[:, fill : start + window, books:] = seen[:, fill - start :, books:].cpu()
        return [codes[row, history : history + len(own)].T.contiguous() for row, own in enumerate(frames)]

    def _fine_scores(self, stage: Any, seen: Any, book: int, first: int) -> Any:
        import torch

        places = stage.position_embeds_layer(torch.arange(seen.shape[1], device=self._device))
        hidden = places + sum(layer(seen[:, :, n]) for n, layer in enumerate(list(stage.input_embeds_layers)[: book + 1]))
        for layer in stage.layers:
            hidden = _block(layer, hidden, torch.nn.functional.scaled_dot_product_attention)
        head = stage.lm_heads[book - stage.config.n_codes_given]
        return head(stage.layernorm_final(hidden[:, first:]))[..., : self._codebook].float().cpu()

    def _fine_codes(self, scores: Any, draws: Sequence[Any]) -> Any:
        import torch

        temperature = self._fine_config.temperature
        if temperature is None or temperature == 1.0:
            return scores.argmax(-1)
        chances = (scores / temperature).softmax(-1)
        return torch.stack([torch.multinomial(row, 1, generator=draw)[:, 0] for row, draw in zip(chances, draws, strict=True)])

    def _decoded(self, codec: Any, codes: Any) -> Samples:
        if not codes.shape[1]:
            return np.zeros(0, np.float32)
        self._check()
        sound = codec.decoder(codec.quantizer.decode(codes[:, None].to(self._device)))
        return np.asarray(sound.float().cpu().numpy(), np.float32).reshape(-1)


class Decoder:
    """One causal stage that goes on token by token, with keys and values laid out once. scores: after the last token, (rows, codes)."""

    def __init__(self, stage: Any, start: Any, steps: int) -> None:
        import torch

        rows, length, width = start.shape
        config = stage.config
        shape = (rows, config.num_heads, length + steps, width // config.num_heads)
        self._stage = stage
        self._kept = [[torch.empty(shape, dtype=start.dtype, device=start.device) for _ in range(2)] for _ in stage.layers]
        self._length = 0
        self.scores: Any = None
        self.feed(start)

    def feed(self, embeds: Any) -> None:
        """embeds: (rows, tokens, width) of what comes next."""
        import torch

        first, self._length = self._length, self._length + embeds.shape[1]
        hidden = embeds + self._stage.position_embeds_layer(torch.arange(first, self._length, device=embeds.device))
        for layer, kept in zip(self._stage.layers, self._kept, strict=True):

            def attend(query: Any, key: Any, value: Any, kept: list[Any] = kept) -> Any:
                for held, new in zip(kept, (key, value), strict=True):
                    held[:, :, first : self._length] = new
                keys, values = (held[:, :, : self._length] for held in kept)
                return torch.nn.functional.scaled_dot_product_attention(query, keys, values, is_causal=query.shape[2] > 1)

            hidden = _block(layer, hidden, attend)
        self.scores = self._stage.lm_head(self._stage.layernorm_final(hidden[:, -1]))

    def keep(self, rows: Sequence[int]) -> None:
        """Only these rows go on."""
        self._kept = [[held[list(rows)] for held in kept] for kept in self._kept]


def _block(layer: Any, hidden: Any, attend: Callable[..., Any]) -> Any:
    """One transformer block of Bark. attend: (query, key, value), each (rows, heads, tokens, width of a head)."""
    attention = layer.attn
    parts = attention.att_proj(layer.layernorm_1(hidden)).split(attention.embed_dim, dim=2)
    heads = [part.view(*part.shape[:2], attention.num_heads, attention.head_dim).transpose(1, 2) for part in parts]
    seen = attend(*heads).transpose(1, 2).reshape(hidden.shape)
    hidden = hidden + attention.out_proj(seen)
    return hidden + layer.mlp(layer.layernorm_2(hidden))


def _drawn(scores: Any, config: Any, draws: Sequence[Any]) -> list[int]:
    """A code per row by its own generator, with the temperature and the number of likeliest codes the model's files ask for."""
    import torch

    scores = scores / (config.temperature or 1.0)
    top = getattr(config, "top_k", None)
    if top and top < scores.shape[-1]:
        scores = scores.masked_fill(scores < scores.topk(top).values[:, -1:], -torch.inf)
    chances = scores.softmax(-1)
    return [int(torch.multinomial(row, 1, generator=draw)) for row, draw in zip(chances, draws, strict=True)]
