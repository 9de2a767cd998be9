"""The Sound page with real voices: a cast is proposed and changed; lines are spoken, one is broken and fixed, the other is left alone."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from pipelines.media.sound import wav_bytes
from tests.browser.running import Running, Watch, running

pytestmark = [pytest.mark.browser, pytest.mark.models]

TABLE = "id,character,text\nl_1,Mira,Good evening.\nl_2,Mira,The bridge is gone.\nl_3,Mira,\n"


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("home"), cache, workers="1") as found:
        found.choose_small_chat()
        yield found


def tab(page: Page, studio: Running, name: str) -> Locator:
    """A tab of the Sound page, opened. What stands in a tab is drawn when it is first shown."""
    page.goto(f"{studio.url}/sound")
    expect(page.locator("#mq-sound-cast-holder .mq-sounds")).to_be_visible()
    page.locator(f"#mq-sound-{name}-button").click()
    found = page.locator(f"#mq-sound-{name}-holder .mq-sounds")
    expect(found).to_be_visible()
    return found


def test_a_cast_is_kept_and_one_line_is_broken_and_fixed_and_no_other(page: Page, studio: Running, watch: Watch) -> None:
    # A cast is proposed, heard, changed and kept
    cast = tab(page, studio, "cast")
    cast.get_by_role("button", name="Propose voices").click()
    expect(cast.locator('[data-field="people"] .mq-field-error')).not_to_be_empty()
    cast.locator("textarea[name=people]").fill("Mira: a young smuggler, female, warm")
    cast.get_by_role("button", name="Propose voices").click()
    cast.get_by_role("button", name="Keep all 1").click()
    mira = cast.locator('.mq-member[data-name="Mira"]')
    expect(mira.locator("select[name=voice]")).not_to_have_value("heart")
    with page.expect_response(lambda answer: answer.url.endswith("/cast") and answer.request.method == "PUT"):
        mira.locator("select[name=voice]").select_option("heart")
    with page.expect_response(lambda answer: answer.url.endswith("/audition")) as heard:
        mira.get_by_role("button", name="Audition of Mira").click()
    assert (heard.value.status, heard.value.headers["content-type"]) == (200, "audio/wav")
    assert int(heard.value.headers["content-length"]) > 50_000
    # Two lines are spoken by that voice; the third has no words and is named
    lines = tab(page, studio, "lines")
    lines.locator("textarea[name=table]").fill(TABLE)
    lines.get_by_role("button", name="Speak them").click()
    expect(lines.locator(".mq-bad-rows li")).to_contain_text("4 l_3")
    first, second = (lines.locator(f'[data-line="{name}"]') for name in ("l_1", "l_2"))
    for row in (first, second):
        expect(row.locator(".mq-chip.mq-done")).to_be_visible()
        expect(row).to_contain_text("heart")
    # One line is broken: the recogniser says so, and where
    second.get_by_role("button", name="Edit: l_2").click()
    second.locator("textarea[name=text]").fill("😀")
    second.get_by_role("button", name="Speak this line again").click()
    expect(second.locator('[data-field="text"] .mq-field-error')).to_contain_text("no words")
    second.locator("textarea[name=text]").fill("Pfft, tsk tsk tsk, zzz, brrr, hmm, psst.")
    second.get_by_role("button", name="Speak this line again").click()
    expect(second.locator(".mq-line-face .mq-chip.mq-failed")).to_contain_text("of words differ")
    expect(second.locator(".mq-line-face .mq-diverges del")).not_to_be_empty()
    lines.locator("select[name=filter]").select_option("failing")
    expect(lines.locator('[data-line="l_1"]')).to_have_count(0)
    # And fixed; the older takes stay, and the other line was not touched
    second.get_by_role("button", name="Edit: l_2").click()
    second.locator("textarea[name=text]").fill("The bridge is open.")
    second.get_by_role("button", name="Speak this line again").click()
    lines.locator("select[name=filter]").select_option("all")
    expect(second.locator(".mq-line-face .mq-chip.mq-done")).to_be_visible()
    expect(second).to_contain_text("version 3 of 3")
    expect(first).not_to_contain_text("version")
    second.get_by_role("button", name="Edit: l_2").click()
    expect(second.locator(".mq-take-row")).to_have_count(3)
    # An older take is put in use again
    second.locator('.mq-take-row[data-version="1"]').get_by_role("button", name="Use this take").click()
    expect(second.locator('.mq-take-row[data-version="1"]')).to_contain_text("in use")
    expect(second.locator(".mq-line-face")).to_contain_text("version 1 of 3")
    with page.expect_download() as got:
        lines.get_by_role("button", name="Download lines.zip").click()
    with zipfile.ZipFile(io.BytesIO(got.value.path().read_bytes())) as pack:
        assert sorted(pack.namelist()) == ["l_1.wav", "l_2.wav", "manifest.json", "manifest.seal.json", "report.csv", "report.json"]
    assert (watch.foreign, watch.errors) == ([], [])


def test_a_consent_is_recorded_and_taken_back(page: Page, studio: Running, watch: Watch, tmp_path: Path) -> None:
    recording = tmp_path / "ada.wav"
    recording.write_bytes(wav_bytes(0.1 * np.sin(np.arange(48_000, dtype=np.float32) / 20), 24_000))
    panel = tab(page, studio, "cast").locator(".mq-consent-panel")
    panel.locator("summary").press("Enter")
    panel.get_by_role("button", name="Record the consent").click()
    expect(panel.locator('[data-field="recording"] .mq-field-error')).not_to_be_empty()
    panel.get_by_label("Recording").set_input_files(recording)
    panel.get_by_label("Whose voice it is").fill("Ada")
    panel.get_by_role("button", name="Record the consent").click()
    expect(panel.locator('[data-field="proof"] .mq-field-error')).not_to_be_empty()
    panel.get_by_label("What shows the consent").fill("form 12, signed")
    panel.get_by_role("button", name="Record the consent").click()
    record = panel.locator(".mq-consent")
    expect(record).to_contain_text("Ada")
    expect(record).to_have_attribute("data-standing", "holds")
    record.get_by_role("button", name="Take back: Ada").click()
    record.get_by_role("button", name="Take it back").click()
    expect(panel.locator(".mq-consent")).to_have_attribute("data-standing", "revoked")
