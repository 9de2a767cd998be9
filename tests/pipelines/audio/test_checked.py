"""What our own voices say is heard by the recogniser: real hibari and real Whisper, short lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from domain.capability import Capability, StepKind
from domain.hearing import Hearing
from domain.progress import Progress, Silent
from domain.recipe import ModelRef, Output, Work
from domain.value import JsonValue
from pipelines.audio.checked import CheckedSpeech
from pipelines.audio.hibari import HibariPipeline
from pipelines.audio.listening import Listener
from pipelines.audio.recognition import Recogniser
from pipelines.devices import Devices
from pipelines.models.store import ModelStore
from tests.pipelines.audio.sounds import speech_work

pytestmark = pytest.mark.models

LINE = "Give this key to the woman in the red coat."


class Stumbling:
    """hibari, that says other words than it is given in its first takes."""

    kind = StepKind.SPEECH
    name = "hibari"
    version = 1

    def __init__(self, speaker: HibariPipeline, said: str, times: int) -> None:
        self._speaker, self._said, self._times = speaker, said, times
        self.seeds: list[int] = []

    def capability(self) -> Capability | None:
        return self._speaker.capability()

    def models(self, parameters: Mapping[str, JsonValue]) -> tuple[ModelRef, ...]:
        return self._speaker.models(parameters)

    def generate(self, works: Sequence[Work], progress: Progress) -> list[Output]:
        spoken = []
        for work in works:
            self.seeds.append(work.recipe.seed)
            if len(self.seeds) <= self._times:
                parameters = {**work.recipe.parameters, "text": self._said}
                work = replace(work, recipe=work.recipe.model_copy(update={"parameters": parameters}))
            spoken += self._speaker.generate([work], progress)
        return spoken


@pytest.fixture(scope="module")
def speaker(store: ModelStore, devices: Devices, assets: Path) -> HibariPipeline:
    return HibariPipeline(store, devices, assets)


@pytest.fixture(scope="module")
def listener(store: ModelStore, devices: Devices, assets: Path) -> Listener:
    return Listener(Recogniser(store, devices), devices, assets)


def hearing_of(output: Output) -> Hearing:
    return Hearing.model_validate(output.facts["hearing"])


def test_a_take_that_is_said_right_passes_at_once(speaker: HibariPipeline, listener: Listener, assets: Path) -> None:
    checked = CheckedSpeech(speaker, listener, assets)
    work = speech_work("It costs £3.20 at 10:30, Dr. Smith.")
    [output] = checked.generate([work], Silent())
    heard = hearing_of(output)
    assert (heard.state, heard.tries, heard.error, output.facts["findings"]) == ("passed", 1, 0.0, [])
    assert output.main.data == speaker.generate([work], Silent())[0].main.data
    assert [model.id for model in checked.models(work.recipe.parameters)] == ["hibari", "whisper-base"]


def test_a_failed_take_is_said_again_with_another_seed(speaker: HibariPipeline, listener: Listener, assets: Path) -> None:
    stumbling = Stumbling(speaker, "Give this key to the doctor in the red coat.", times=1)
    [output] = CheckedSpeech(stumbling, listener, assets).generate([speech_work(LINE, seed=5)], Silent())
    assert stumbling.seeds == [5, 6]
    heard = hearing_of(output)
    assert (heard.state, heard.tries, heard.take) == ("passed", 2, 2)
    assert output.trace.candidates == 2


def test_a_take_that_stays_wrong_is_shown_as_failed(speaker: HibariPipeline, listener: Listener, assets: Path) -> None:
    stumbling = Stumbling(speaker, "Give this key to the red coat.", times=99)
    [output] = CheckedSpeech(stumbling, listener, assets).generate([speech_work(LINE)], Silent())
    heard = hearing_of(output)
    assert (heard.state, heard.tries, len(set(stumbling.seeds))) == ("failed", 3, 3)
    longest = heard.longest
    assert longest is not None
    assert (longest.said, longest.heard, longest.units) == ("woman in the", "", 3)
    assert longest.start > 0.3
    [finding] = [dict(one) for one in output.facts["findings"]]  # type: ignore[union-attr, call-overload, arg-type]
    assert (finding["rule"], finding["severity"]) == ("speech.heard", "error")
    assert "woman in the" in finding["message"]


def test_without_a_recogniser_nothing_passes_silently(
    speaker: HibariPipeline, store: ModelStore, devices: Devices, assets: Path, tmp_path: Path
) -> None:
    deaf = Listener(Recogniser(ModelStore(store.catalogue, tmp_path, offline=True), devices), devices, assets)
    [output] = CheckedSpeech(speaker, deaf, assets).generate([speech_work("Hello there.")], Silent())
    assert hearing_of(output).state == "unheard"
    assert "whisper-base" in str(output.facts["findings"])


def test_a_word_of_the_lexicon_is_no_fault_however_it_is_heard(speaker: HibariPipeline, listener: Listener, assets: Path) -> None:
    checked = CheckedSpeech(speaker, listener, assets)
    [spelled, phonemes] = checked.generate(
        [speech_work("Please welcome our host, Xqz.", Xqz="Peter"), speech_work("Please welcome our host, Peter.", Peter="/pˈiɾəɹ/")],
        Silent(),
    )
    assert hearing_of(spelled).state == "passed"
    assert hearing_of(phonemes).state == "passed"
