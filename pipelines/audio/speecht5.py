"""SpeechT5 through transformers, with its vocoder in the folder `vocoder` and its speakers in the folder `speakers` of the model's folder.

Source: microsoft/speecht5_tts and microsoft/speecht5_hifigan (MIT). A speaker is an x-vector in a NumPy file (`speakers/slt.npy`), as
Matthijs/cmu-arctic-xvectors has them. The network that makes x-vectors of recordings is not part of this studio, so it takes over no voice.
Loaded within the Weights of networks.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from domain.errors import InputError, ModelCorrupt
from pipelines.audio.letters import Letters
from pipelines.audio.networks import Utterance
from pipelines.audio.pieces import Longest
from pipelines.media.sound import Samples

_VOCODER, _SPEAKERS = "vocoder", "speakers"


@dataclass(frozen=True)
class _Engine:
    model: Any
    vocoder: Any
    letters: Letters
    speakers: Path


class SpeechT5:
    label = "SpeechT5"
    version = 1
    longest = Longest(latin=200, han=60)
    paced = False
    clones = False

    def load(self, folder: Path) -> _Engine:
        import torch
        from transformers import SpeechT5ForTextToSpeech, SpeechT5HifiGan

        given: dict[str, Any] = {"local_files_only": True, "use_safetensors": True, "dtype": torch.float32}
        letters = Letters.read(folder / "spm_char.model")
        vocoder = SpeechT5HifiGan.from_pretrained(str(folder / _VOCODER), **given).eval()
        model = SpeechT5ForTextToSpeech.from_pretrained(str(folder), **given).eval()
        return _Engine(model, vocoder, letters, folder / _SPEAKERS)

    def say(self, engine: _Engine, said: Utterance) -> tuple[Samples, int] | None:
        import torch

        ids = engine.letters.ids(said.text)
        if not ids:
            return None
        config = engine.model.config
        speaker = speaker_of(engine.speakers, said.voice.id, int(config.speaker_embedding_dim))
        asked = torch.tensor([[*ids, int(config.eos_token_id)]])
        made = engine.model.generate_speech(asked, torch.from_numpy(speaker)[None], vocoder=engine.vocoder)
        return np.asarray(made.numpy(), np.float32).reshape(-1), int(engine.vocoder.config.sampling_rate)


def speaker_of(folder: Path, name: str, size: int) -> NDArray[np.float32]:
    """The x-vector of a speaker, of unit length. Raises InputError where there is none, ModelCorrupt for a file that is none."""
    file = folder / f"{name}.npy"
    if not file.is_file():
        known = ", ".join(sorted(path.stem for path in folder.glob("*.npy"))) or "nobody"
        raise InputError(
            "There is no speaker file {file} in this folder of SpeechT5.",
            hint="Put an x-vector there, or speak as one of: {known}.",
            field="voice",
            file=f"{_SPEAKERS}/{file.name}",
            known=known,
        )
    try:
        vector = np.load(file, allow_pickle=False).astype(np.float32).reshape(-1)
    except (OSError, ValueError, EOFError) as error:
        raise ModelCorrupt("The speaker file {file} cannot be read.", hint="Put the file there again.", file=file.name) from error
    length = float(np.linalg.norm(vector))
    if vector.size != size or not np.isfinite(length) or length == 0.0:
        hint = "Save the speaker's x-vector alone."
        raise ModelCorrupt("The speaker file {file} is no x-vector of {size} numbers.", hint=hint, file=file.name, size=size)
    return np.asarray(vector / length, np.float32)
