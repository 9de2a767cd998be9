"""English and Mandarin speech by Kokoro-82M (8-bit ONNX): 54 voices, and any blend of them.

Source: hexgrad/Kokoro-82M 1.0 (Apache-2.0). A voice is 510 style vectors of 256 numbers, one per length in tokens; vectors mix linearly.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from domain.capability import Capability, StepKind
from domain.errors import EngineFailed, InputError, ModelCorrupt, ModelUnusable
from domain.progress import Progress
from domain.recipe import ModelRef, Output, Work
from domain.value import JsonValue
from pipelines.audio import speech
from pipelines.audio import text as speakable
from pipelines.audio.normal import Normaliser
from pipelines.audio.phonemes import Phonemizer
from pipelines.audio.speech import Piece, SpeechRequest
from pipelines.audio.voices import Voice, VoiceCatalogue
from pipelines.devices import Devices, Weights
from pipelines.media.sound import Samples
from pipelines.models.store import ModelStore
from pipelines.pipeline import Company

MODEL = "kokoro-82m-int8"
_PULL = "Run `python app.py models pull {model}`."
NETWORK = "kokoro-v1.0.int8.onnx"
_STYLE = 256
#: Lines made in one go, and how long it pays to wait for another one, in seconds.
_TOGETHER, _WAIT = 8, 0.2
#: The network has no randomness: the seed chooses the style vector of a slightly shorter or longer utterance.
_SHIFTS = (0, 2, -2, 4, -4, 6, -6)
#: Network and its arena, and one set of English lexicons with jieba's dictionary, as measured resident memory.
_FOOTPRINT = 330_000_000
_RULES_FOOTPRINT = 220_000_000


@dataclass(frozen=True)
class _Order:
    """A work, read. style: vectors of shape (lengths, 256); shift: which of them beside the one of its length."""

    request: SpeechRequest
    voice: str
    style: Samples
    shift: int
    vocabulary: dict[str, int]
    pieces: tuple[Piece, ...]


class KokoroPipeline:
    """kind speech, name "kokoro". threads: stretches that are spoken side by side. inner: threads of each."""

    kind = StepKind.SPEECH
    name = "kokoro"
    version = 3

    def __init__(self, store: ModelStore, devices: Devices, assets: Path, threads: int = 1, inner: int = 1) -> None:
        self._store = store
        self._devices = devices
        self._voices = VoiceCatalogue.read(assets / "voices.toml")
        self._normaliser = Normaliser(assets)
        self._threads = threads
        self._inner = inner

    def capability(self) -> Capability | None:
        if not self._store.ready(MODEL):
            return None
        return speech.capability(self.name, (MODEL,), self._voices, "54 voices, English and Mandarin")

    def voices(self) -> tuple[Voice, ...]:
        """The voices a person may choose from."""
        return self._voices.of(self.name)

    def models(self, parameters: Mapping[str, JsonValue]) -> tuple[ModelRef, ...]:
        return (self._store.ref(MODEL),)

    def company(self, parameters: Mapping[str, JsonValue]) -> Company | None:
        """Lines of any voices: their stretches are spoken side by side, one to a core."""
        return Company("kokoro", _TOGETHER, _WAIT) if self._threads > 1 else None

    def generate(self, works: Sequence[Work], progress: Progress) -> list[Output]:
        started = time.monotonic()
        # 1. Read and check what is asked; words to phonemes, in stretches the network can hold.
        progress.report(0.0, "reading the text")
        orders = [self._order(work) for work in works]
        # 2. Load once, for everybody, and speak the stretches of all of them, as many at a time as there are cores.
        with self._devices.acquire(self._network()) as session:
            queue = [(order, piece) for order in orders for piece in order.pieces]
            spoken = iter(self._spoken(session, queue, progress))
        parts = {id(order): [next(spoken) for _ in order.pieces] for order in orders}
        # 3. Join, level and pack each.
        return [self._packed(work, order, parts[id(order)], started, progress) for work, order in zip(works, orders, strict=True)]

    def _order(self, work: Work) -> _Order:
        request = SpeechRequest.read(work.recipe.parameters, self._normaliser)
        blend = self._blend(request)
        languages = frozenset(voice.language.split("-")[0] for voice in self._voices.of(self.name))
        speakable.require_readable(request.plain, languages, self.name)
        british = blend[0][0].language == "en-GB" or request.language == "en-GB"
        vocabulary = json.loads(self._store.file(MODEL, "vocab.json").read_text(encoding="utf-8"))["vocab"]
        with self._devices.acquire(self._rules(british)) as phonemizer:
            pieces = phonemizer.pieces(request.text, request.language, frozenset(vocabulary))
        name = request.voice or blend[0][0].name
        return _Order(request, name, self._style(blend), _SHIFTS[work.recipe.seed % len(_SHIFTS)], vocabulary, tuple(pieces))

    def _spoken(self, session: Any, queue: Sequence[tuple[_Order, Piece]], progress: Progress) -> list[Samples]:
        """The stretches in order. One thread speaks one stretch, so what comes out does not depend on who else is in the queue."""
        found: list[Samples] = []
        with ThreadPoolExecutor(self._threads, thread_name_prefix="kokoro") as pool:
            running = [pool.submit(self._utter, session, order, piece, progress) for order, piece in queue]
            try:
                for number, one in enumerate(running):
                    progress.report(number / len(running), f"speaking {number + 1}/{len(running)}")
                    found.append(one.result())
            finally:
                for one in running:
                    one.cancel()
        return found

    def _packed(self, work: Work, order: _Order, parts: Sequence[Samples], started: float, progress: Progress) -> Output:
        queue = [(piece, iter([samples])) for piece, samples in zip(order.pieces, parts, strict=True)]
        samples = speech.spoken(queue, order.request.speed, progress, self.name)
        facts: dict[str, JsonValue] = {"voice": order.voice, "sentences": len(order.pieces)}
        trace = speech.trace(started, ("onnxruntime", "hibari-tts", "misaki"), "int8")
        return speech.finished(samples, work.recipe, order.request, facts, trace)

    def _blend(self, request: SpeechRequest) -> list[tuple[Voice, float]]:
        """ "af_heart*0.5+bm_george*0.5" -> voices with weights that sum to 1. Raises InputError."""
        default = self._voices.default(request.language, self.name)
        return list(self._voices.blend(request.voice, self.name)) if request.voice else [(default, 1.0)]

    def _style(self, blend: list[tuple[Voice, float]]) -> Samples:
        """The style vectors, shape (lengths, 256)."""
        mixed: Samples | None = None
        for voice, weight in blend:
            file = self._store.file(MODEL, f"voices/{voice.id}.bin")
            raw = np.frombuffer(file.read_bytes(), "<f4")
            if raw.size == 0 or raw.size % _STYLE or not bool(np.isfinite(raw).all()):
                raise ModelCorrupt("The voice file {file} is damaged.", hint=_PULL, file=file.name, model=MODEL)
            vectors = raw.reshape(-1, _STYLE) * np.float32(weight)
            mixed = vectors if mixed is None else mixed + vectors
        if mixed is None:
            raise InputError("No voice was given.", field="voice")
        return mixed

    def _utter(self, session: Any, order: _Order, piece: Piece, progress: Progress) -> Samples:
        progress.check()
        tokens = [order.vocabulary[symbol] for symbol in piece.phonemes]
        feeds = {
            "tokens": np.array([[0, *tokens, 0]], np.int64),
            # The vectors were trained one per utterance length; the last serves all longer ones.
            "style": order.style[max(0, min(len(tokens) + order.shift, len(order.style)) - 1)][None],
            "speed": np.array([order.request.speed], np.float32),
        }
        try:
            spoken = session.run(None, feeds)[0]
        except RuntimeError as error:
            told, words = "{engine} could not speak {words}: {error}.", repr(piece.text[:60])
            raise EngineFailed(told, hint="Rephrase it, or use another voice.", engine="Kokoro", words=words, error=error) from error
        return np.asarray(spoken, np.float32).reshape(-1)

    def _rules(self, british: bool) -> Weights[Phonemizer]:
        return Weights(key=f"phonemes/{'gb' if british else 'us'}", footprint=_RULES_FOOTPRINT, load=lambda: Phonemizer(british))

    def _network(self) -> Weights[Any]:
        def load() -> Any:
            try:
                import onnxruntime
            except ImportError as error:
                raise ModelUnusable("The package onnxruntime is not installed.", hint="Run `make run` once more.") from error
            options = onnxruntime.SessionOptions()
            # One core to a stretch: two stretches side by side take less than one after the other on two cores.
            options.intra_op_num_threads = self._inner
            options.inter_op_num_threads = 1
            # Threads that spin while waiting make every other model on a small machine crawl.
            options.add_session_config_entry("session.intra_op.allow_spinning", "0")
            options.log_severity_level = 3
            network = self._store.file(MODEL, NETWORK)
            try:
                return onnxruntime.InferenceSession(str(network), options, providers=["CPUExecutionProvider"])
            except RuntimeError as error:
                raise ModelCorrupt("Kokoro's network cannot be read.", hint=_PULL, model=MODEL) from error

        return Weights(key=f"kokoro/{self._store.ref(MODEL).sha256[:16]}", footprint=_FOOTPRINT, load=load)
