"""Says what an uploaded picture shows, and answers questions about it, with a small vision-language model run by transformers.

Any folder of safetensors that transformers opens as image-text-to-text works, when its processor needs nothing that is not
installed. Answers to questions are bounded: yes or no, or a whole number, never free text. Knows nothing of why it is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from domain.errors import EngineFailed, InputError, MaquetteError, ModelMissing, ModelUnusable, OutOfMemory
from domain.progress import Progress
from domain.recipe import ModelRef
from pipelines.devices import Devices, Weights
from pipelines.media.picture import decode
from pipelines.models.folders import elements, read_object, refuse_own_code, weight_files
from pipelines.models.profiles import Choice
from pipelines.models.store import ModelStore
from pipelines.placement import placed

if TYPE_CHECKING:
    from PIL import Image

#: Long side in pixels that a picture is brought to first; the models look at 512 tiles and less.
_SIDE: Final = 1024

#: Activations of one picture and its words, beyond the weights.
_WORKSPACE: Final = 512 * 1024**2

_BYTES: Final = {"bfloat16": 2, "float16": 2, "float32": 4}

#: Characters of a question that are read.
_LONGEST_QUESTION: Final = 1000

_CAPTION: Final = "Describe what this picture shows in one plain sentence."
_YES_NO: Final = "Answer with yes or no."
_SCORE: Final = "Answer with one whole number from 0 (not at all) to {most} (completely)."


@dataclass(frozen=True)
class Judgement:
    """yes: the likelier answer. chance: of yes against no, 0..1, as the model sees it; it is not calibrated."""

    yes: bool
    chance: float


class Captioner:
    """Thread-safe; one question at a time.

    chosen: the model picked for captions, with its reason; None while there is none. device: "auto", "cpu", "cuda", "cuda:1".
    """

    def __init__(self, store: ModelStore, devices: Devices, chosen: Callable[[], Choice | None], device: str = "auto") -> None:
        self._store = store
        self._devices = devices
        self._chosen = chosen
        self._device = device

    def available(self) -> bool:
        """Whether a model is installed. Loads nothing."""
        choice = self._chosen()
        return choice is not None and self._store.ready(choice.model.id)

    def caption(self, picture: bytes, progress: Progress, *, words: int = 40) -> str:
        """One sentence of `words` words at most, in English, whole words only.

        Raises AttachmentError for the picture, ModelMissing, ModelCorrupt, ModelUnusable, Cancelled, OutOfMemory, EngineFailed.
        """
        image = _prepared(picture)
        with self._loaded(progress) as viewer:
            return viewer.told(image, _CAPTION, words, progress)

    def ask(self, picture: bytes, question: str, progress: Progress) -> Judgement:
        """Whether something is so: "Does it show a cup?". Raises as `caption`, and InputError for an empty or very long question."""
        image, words = _prepared(picture), _question(question)
        with self._loaded(progress) as viewer:
            return viewer.judged(image, f"{words} {_YES_NO}", progress)

    def score(self, picture: bytes, question: str, progress: Progress, *, most: int = 10) -> int:
        """How much something is so, 0..`most`. Raises as `ask`."""
        if not 1 <= most <= 100:
            raise InputError(f"A score goes to 1..100; {most} was asked for.", field="most")
        image, words = _prepared(picture), _question(question)
        with self._loaded(progress) as viewer:
            return int(viewer.picked(image, f"{words} {_SCORE.format(most=most)}", [str(n) for n in range(most + 1)], progress))

    @contextmanager
    def _loaded(self, progress: Progress) -> Iterator[_Viewer]:
        import torch

        choice = self._chosen()
        if choice is None:
            raise ModelMissing("No model that looks at pictures is chosen.", hint="Pull one on the Models page.")
        folder, ref = self._store.folder(choice.model.id), self._store.ref(choice.model.id)
        try:
            with self._devices.acquire(_weights(folder, ref, self._device), check=progress.check) as viewer:
                yield viewer
        except MaquetteError:
            raise
        except (torch.OutOfMemoryError, MemoryError) as error:
            raise OutOfMemory(f"{choice.model.name} ran out of memory.", hint="Choose a smaller model, or free memory.") from error
        except (RuntimeError, ValueError, TypeError, IndexError) as error:
            raise EngineFailed(f"{choice.model.name} failed: {error}.", hint="Try another picture.") from error


class _Viewer:
    """A loaded folder. Used by one thread at a time."""

    def __init__(self, folder: Path, device: str, dtype: str) -> None:
        import torch
        from transformers import AutoModelForImageTextToText, AutoProcessor
        from transformers.utils import logging

        logging.disable_progress_bar()
        try:
            self._processor = AutoProcessor.from_pretrained(str(folder), local_files_only=True, trust_remote_code=False)
            model = AutoModelForImageTextToText.from_pretrained(
                str(folder),
                dtype=getattr(torch, dtype),
                attn_implementation="sdpa",
                use_safetensors=True,
                local_files_only=True,
                trust_remote_code=False,
            )
        except (OSError, ValueError, KeyError, ImportError) as error:
            raise ModelUnusable(f"{folder.name} could not be loaded: {error}.", hint="Choose another model on the Models page.") from error
        if not getattr(self._processor, "chat_template", None) or not hasattr(self._processor, "tokenizer"):
            raise ModelUnusable(f"{folder.name} has no chat template for pictures.", hint="Choose another model on the Models page.")
        self._model = model.to(device).eval()
        self._tokenizer = self._processor.tokenizer
        self._control = [token for token in self._tokenizer.get_added_vocab() if len(token) > 1]
        listed = model.generation_config.eos_token_id
        found = [self._tokenizer.eos_token_id, *(listed if isinstance(listed, list) else [listed])]
        self._ends = [int(token) for token in dict.fromkeys(found) if token is not None]
        if not self._ends:
            raise ModelUnusable(f"{folder.name} names no token that ends a reply.", hint="Choose another model on the Models page.")

    def told(self, image: Image.Image, wish: str, words: int, progress: Progress) -> str:
        inputs = self._inputs(image, wish)
        made = self._model.generate(**inputs, **self._plainly(progress), max_new_tokens=words * 3)
        text = self._tokenizer.decode(made[0, inputs["input_ids"].shape[1] :], skip_special_tokens=True)
        return " ".join(text.split()[:words])

    def judged(self, image: Image.Image, question: str, progress: Progress) -> Judgement:
        import torch

        progress.check()
        with torch.inference_mode():
            chances = self._model(**self._inputs(image, question)).logits[0, -1].float().softmax(-1)
        begin_yes, begin_no = ({reply[0] for reply in self._written(word)} for word in ("yes", "no"))
        # A vocabulary may write " yes" as a space and "yes": what both begin with says nothing.
        yes, no = sorted(begin_yes - begin_no), sorted(begin_no - begin_yes)
        if not yes or not no:
            raise ModelUnusable("The vocabulary of this model cannot tell yes from no.", hint="Choose another model on the Models page.")
        for_yes, for_no = float(chances[yes].sum()), float(chances[no].sum())
        chance = for_yes / (for_yes + for_no) if for_yes + for_no > 0 else 0.5
        return Judgement(chance >= 0.5, chance)

    def picked(self, image: Image.Image, question: str, answers: Sequence[str], progress: Progress) -> str:
        """One of the answers, decoded token by token among what still leads to one."""
        inputs = self._inputs(image, question)
        begin = inputs["input_ids"].shape[1]
        written = {reply: answer for answer in answers for reply in self._written(answer)}

        def allowed(_row: int, ids: Any) -> list[int]:
            so_far = tuple(ids[begin:].tolist())
            following = {reply[len(so_far)] for reply in written if len(reply) > len(so_far) and reply[: len(so_far)] == so_far}
            return sorted(following | set(self._ends)) if so_far in written else sorted(following) or self._ends

        longest = max(len(reply) for reply in written) + 1
        made = self._model.generate(**inputs, **self._plainly(progress), max_new_tokens=longest, prefix_allowed_tokens_fn=allowed)
        reply = tuple(token for token in made[0, begin:].tolist() if token not in self._ends)
        if reply not in written:
            raise EngineFailed(f"The model answered {self._tokenizer.decode(reply)!r} to a question with bounds.", hint="Try again.")
        return written[reply]

    def _inputs(self, image: Image.Image, words: str) -> Any:
        """The picture and the words in the model's own template, on its device."""
        for token in self._control:
            # Words of a person must not open turns or add pictures of their own.
            while token in words:
                words = words.replace(token, f"{token[0]} {token[1:]}")
        turn = {"role": "user", "content": [{"type": "image"}, {"type": "text", "text": words}]}
        text = self._processor.apply_chat_template([turn], add_generation_prompt=True, tokenize=False)
        return self._processor(text=text, images=[image], return_tensors="pt").to(self._model.device, dtype=self._model.dtype)

    def _written(self, answer: str) -> set[tuple[int, ...]]:
        """The ways a model may write an answer: with and without a space before it, small or capital."""
        forms = {before + form for before in ("", " ") for form in (answer, answer.capitalize())}
        return {tuple(self._tokenizer(form, add_special_tokens=False)["input_ids"]) for form in forms}

    def _plainly(self, progress: Progress) -> dict[str, Any]:
        """Greedy decoding that looks at the stop button before each token."""

        def look(_ids: Any, _scores: Any, **_: Any) -> Any:
            import torch

            progress.check()
            return torch.zeros(1, dtype=torch.bool, device=self._model.device)

        pad = self._tokenizer.pad_token_id
        return {
            "do_sample": False,
            "num_beams": 1,
            "eos_token_id": self._ends,
            "pad_token_id": self._ends[0] if pad is None else pad,
            "stopping_criteria": [look],
        }


def _weights(folder: Path, ref: ModelRef, device: str) -> Weights[_Viewer]:
    files = weight_files(folder)
    refuse_own_code(folder, read_object(folder / "config.json"))
    where, dtype = placed(device)
    return Weights(
        key=f"viewer/{ref.sha256 or ref.id}/{where}/{dtype}",
        footprint=sum(elements(path) for path in files) * _BYTES[dtype] + _WORKSPACE,
        load=lambda: _Viewer(folder, where, dtype),
        device=where,
    )


def _prepared(picture: bytes) -> Image.Image:
    """Upright, without transparency (on white), at most _SIDE pixels long."""
    from PIL import Image

    image = decode(picture)
    if image.mode == "RGBA":
        ground = Image.new("RGB", image.size, "white")
        ground.paste(image, mask=image.getchannel("A"))
        image = ground
    image.thumbnail((_SIDE, _SIDE), Image.Resampling.LANCZOS)
    return image


def _question(words: str) -> str:
    words = " ".join(words.split())
    if not words or len(words) > _LONGEST_QUESTION:
        raise InputError(f"A question has 1..{_LONGEST_QUESTION} characters; this one has {len(words)}.", field="question")
    return words
