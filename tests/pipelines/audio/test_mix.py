"""Mixes heard by a meter that had no part in making them: length, loudness, peaks, ducking, stems, files, refusals."""

from __future__ import annotations

import io
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from domain.capability import StepKind
from domain.errors import AttachmentError, Cancelled, InputError, InvalidOutput, LimitError
from domain.mix import TARGETS
from domain.progress import CancelToken, Silent
from domain.recipe import InputFile, Output, Recipe, Work
from pipelines.audio.mix import Mixer
from pipelines.audio.mixing import RATE
from pipelines.media import sound
from pipelines.media.filters import measure, stretched

Wave = npt.NDArray[np.float32]
Save = Callable[[str, bytes], Path]


@pytest.fixture
def save(tmp_path: Path) -> Save:
    def saved(name: str, data: bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(data)
        return path

    return saved


def voice(seconds: float, pitch: float = 160.0, rate: int = 24_000) -> bytes:
    """Something like speech: a buzz with syllables."""
    time = np.arange(int(seconds * rate)) / rate
    buzz = sum(np.sin(2 * np.pi * pitch * k * time) / k for k in range(1, 12))
    return sound.wav_bytes((0.2 * buzz * np.clip(np.sin(2 * np.pi * 4 * time), 0.05, 1)).astype(np.float32), rate)


def music(seconds: float, rate: int = 44_100) -> bytes:
    time = np.arange(int(seconds * rate)) / rate
    chord = sum(np.sin(2 * np.pi * f * time) for f in (220.0, 277.2, 329.6))
    return sound.wav_bytes(np.stack((chord, chord * 0.8), axis=1).astype(np.float32) * 0.15, rate)


def bang(rate: int = 48_000) -> bytes:
    time = np.arange(rate // 2) / rate
    return sound.wav_bytes((0.9 * np.sin(2 * np.pi * 1500 * time) * 10 ** (-3 * time / 0.3)).astype(np.float32), rate)


def mixed(inputs: list[tuple[str, Path]], progress: Silent | None = None, **values: Any) -> Output:
    recipe = Recipe(kind=StepKind.MIX, maker="mixer", maker_version=1, parameters={"mix": values})
    work = Work(recipe, tuple(InputFile(role, path, "audio/wav") for role, path in inputs))
    [made] = Mixer().generate([work], progress or Silent())
    return made


def named(made: Output, name: str) -> bytes:
    return next(file.data for file in made.files if file.name == name)


def heard(data: bytes) -> Wave:
    return sound.decode(data, RATE, channels=2)


@pytest.fixture
def spot(save: Save) -> list[tuple[str, Path]]:
    return [
        ("voice", save("v1.wav", voice(5.0))),
        ("voice", save("v2.wav", voice(4.0, 210.0))),
        ("bed", save("bed.wav", music(8.0))),
        ("effect", save("bang.wav", bang())),
    ]


@pytest.mark.parametrize("target", list(TARGETS))
def test_a_spot_has_its_length_to_the_sample_and_its_loudness(spot: list[tuple[str, Path]], target: str) -> None:
    made = mixed(spot, seconds=12.0, target=target)
    with wave.open(io.BytesIO(made.main.data)) as file:
        assert (file.getnframes(), file.getframerate(), file.getnchannels()) == (12 * RATE, RATE, 2)
    meter = measure(heard(made.main.data), RATE)
    assert meter.lufs == pytest.approx(TARGETS[target], abs=0.3) and meter.peak <= -1.0
    assert made.facts["on_target"] is True and made.facts["seconds"] == 12.0


def test_every_file_that_is_delivered_keeps_the_peak_and_the_length(spot: list[tuple[str, Path]]) -> None:
    made = mixed(spot, seconds=12.0, target="streaming")
    for name in ("mix.flac", "mix.mp3", "mix.opus"):
        meter = measure(heard(named(made, name)), RATE)
        assert meter.peak <= -1.0, name
        assert meter.lufs == pytest.approx(-14.0, abs=0.3), name
        assert meter.seconds == pytest.approx(12.0, abs=0.08), name


def test_the_same_recipe_gives_the_same_bytes(spot: list[tuple[str, Path]]) -> None:
    first, again = mixed(spot, seconds=12.0), mixed(spot, seconds=12.0)
    assert [file.data for file in first.files] == [file.data for file in again.files]


def test_the_bed_ducks_under_the_voice_and_comes_back(save: Save) -> None:
    takes = [("voice", save("v.wav", voice(3.0))), ("bed", save("bed.wav", music(12.0)))]
    made = mixed(takes, seconds=12.0, duck=12.0)
    bed = heard(named(made, "stem-bed.flac"))
    spoken = made.facts["voices"][0]  # type: ignore[index,call-overload]
    middle = int((spoken["start"] + spoken["end"]) / 2 * RATE)  # type: ignore[index,call-overload,operator]

    def level(at: int) -> float:
        return float(10 * np.log10((bed[at : at + RATE // 2] ** 2).mean()))

    assert level(8 * RATE) - level(middle) == pytest.approx(12.0, abs=1.0)
    quiet = mixed(takes, seconds=12.0, duck=0.0)
    flat = heard(named(quiet, "stem-bed.flac"))
    assert 10 * np.log10((flat[8 * RATE : 9 * RATE] ** 2).mean() / (flat[middle : middle + RATE] ** 2).mean()) == pytest.approx(0, abs=0.5)


def test_stems_add_up_to_the_mix_where_nothing_was_limited(save: Save) -> None:
    takes = [("voice", save("v.wav", voice(4.0))), ("bed", save("bed.wav", music(6.0)))]
    made = mixed(takes, seconds=6.0, target="broadcast")
    assert made.facts["limited"] == 0
    summed = heard(named(made, "stem-voice.flac")) + heard(named(made, "stem-bed.flac"))
    assert np.abs(summed - heard(made.main.data)).max() < 2e-4


def test_a_short_bed_is_repeated_without_a_hole(save: Save) -> None:
    made = mixed([("voice", save("v.wav", voice(2.0))), ("bed", save("bed.wav", music(5.0)))], seconds=17.0, duck=0.0)
    bed = heard(named(made, "stem-bed.flac"))
    blocks = (bed[: 15 * RATE].reshape(-1, RATE // 10, 2) ** 2).mean(axis=(1, 2))
    assert 10 * np.log10(blocks[2:].min() / blocks[2:].max()) > -6


def test_the_voice_is_sped_up_without_its_pitch(save: Save) -> None:
    made = mixed([("voice", save("v.wav", voice(10.6, 200.0)))], seconds=10.0)
    assert 1.0 < float(str(made.facts["tempo"])) < 1.12
    tone = np.sin(2 * np.pi * 440 * np.arange(4 * RATE) / RATE).astype(np.float32)
    fast = stretched(np.stack((tone, tone), axis=1), RATE, 1.1)
    assert len(fast) == round(4 * RATE / 1.1)
    spectrum = np.abs(np.fft.rfft(fast[RATE // 2 : RATE // 2 + RATE, 0]))
    assert int(spectrum.argmax()) == pytest.approx(440, abs=3)


def test_words_become_subtitles_in_time(spot: list[tuple[str, Path]]) -> None:
    lines = [
        "Slow mornings deserve better coffee. Ours is steeped for a whole night and served over ice, every day.",
        "Find it from Friday.",
    ]
    made = mixed(spot, seconds=12.0, lines=lines)
    srt, vtt = named(made, "mix.srt").decode(), named(made, "mix.vtt").decode()
    assert srt.startswith("1\n00:00:0") and "Find it from Friday." in srt and " --> " in srt
    assert vtt.startswith("WEBVTT\n\n") and "," not in vtt.splitlines()[2]
    assert max(len(row) for row in srt.splitlines()) <= 42
    assert made.facts["text"] == "\n".join(lines)


@pytest.mark.parametrize("rate", [8_000, 22_050, 96_000, 192_000])
def test_takes_of_any_rate_are_read(save: Save, rate: int) -> None:
    made = mixed([("voice", save("v.wav", voice(2.0, rate=rate)))])
    assert made.facts["on_target"] is True
    assert made.facts["voices"][0]["end"] == pytest.approx(2.2, abs=0.02)  # type: ignore[index,call-overload]


def test_a_take_that_is_no_sound_is_named(save: Save) -> None:
    good = save("v.wav", voice(2.0))
    for name, data in (
        ("text.wav", b"no sound at all"),
        ("cut.wav", voice(2.0)[:30]),
        ("video.mp4", b"\x00\x00\x00\x18ftypmp42" + bytes(64)),
    ):
        with pytest.raises(AttachmentError, match="Voice 2"):
            mixed([("voice", good), ("voice", save(name, data))])


def test_silence_is_named_and_not_made_loud(save: Save) -> None:
    silent = sound.wav_bytes(np.zeros(24_000, np.float32), 24_000)
    with pytest.raises(InvalidOutput, match="The bed is silent"):
        mixed([("voice", save("v.wav", voice(2.0))), ("bed", save("s.wav", silent))])


def test_what_cannot_be_mixed_is_refused(save: Save) -> None:
    take = save("v.wav", voice(3.0))
    with pytest.raises(LimitError, match="fastest tempo"):
        mixed([("voice", take)], seconds=2.0)
    with pytest.raises(InputError, match="one bed"):
        mixed([("bed", take), ("bed", take)])
    with pytest.raises(InputError, match="nothing to mix"):
        mixed([])
    with pytest.raises(InputError) as wrong:
        mixed([("voice", take)], target="cinema")
    assert wrong.value.field == "mix.target"


def test_a_mix_of_one_short_effect_is_measured_too(save: Save) -> None:
    made = mixed([("effect", save("bang.wav", bang()[: 44 + 2 * 9_000]))])
    assert made.facts["seconds"] == pytest.approx(9_000 / RATE, abs=0.001)
    assert np.isfinite(float(str(made.facts["lufs"]))) and float(str(made.facts["peak"])) <= -1.0


def test_a_clipped_take_is_brought_under_the_ceiling(save: Save) -> None:
    square = np.sign(np.sin(2 * np.pi * 300 * np.arange(72_000) / 24_000)).astype(np.float32)
    made = mixed([("voice", save("v.wav", sound.wav_bytes(square, 24_000)))], target="streaming")
    assert float(str(made.facts["peak"])) <= -1.0


def test_a_stop_is_heard(spot: list[tuple[str, Path]]) -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        mixed(spot, Silent(token))
