"""What cannot be used is refused at once, by name, with the way out; nothing half-made stays behind. The real program throughout."""

from __future__ import annotations

import importlib
import logging
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import app
from domain.brief import BRIEF_MAX_CHARACTERS
from domain.errors import AttachmentError, InputError, LimitError, MaquetteError, ModelCorrupt, ModelMissing
from domain.progress import Silent
from domain.settings import Settings
from library.check import check
from library.library import Library
from studio.studio import Studio
from tests.e2e.hostile_files import REFUSED, noise, wav
from web.cli import Entry
from web.cli import main as command_line

ROOT = Path(__file__).resolve().parents[2]
SMALL = "smollm2-135m-instruct-q4"
BRIEF = "A single banner for a cold-brew coffee called Northwind"


def settings(home: Path, cache: Path, **more: str) -> Settings:
    environment = {"MAQUETTE_HOME": str(home), "MAQUETTE_CACHE": str(cache), "MAQUETTE_OFFLINE": "1", **more}
    return app.settings_from(environment).model_copy(update={"choices": {"chat": SMALL}})


def run(arguments: list[str], given: Settings) -> int:
    """`python app.py ARGUMENTS` with these settings, in this process."""
    try:
        return command_line(arguments, Entry(settings=given, assets=app.assets_folder(), open_studio=app.open_studio))
    finally:
        # DBOS keeps writing to the standard error it found at first, which pytest has closed by the next test.
        logging.getLogger("dbos").handlers.clear()


def stored(home: Path) -> list[str]:
    files = home / "files"
    return sorted(str(path.relative_to(files)) for path in files.rglob("*") if path.is_file()) if files.is_dir() else []


def rows(home: Path, table: str) -> int:
    """How many rows; a database that was never made holds none."""
    if not (home / "maquette.db").exists():
        return 0
    with sqlite3.connect(home / "maquette.db") as connection:
        count = int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])
    connection.close()
    return count


def require_sound(home: Path) -> None:
    with Library.open(f"sqlite:///{home / 'maquette.db'}", home) as library:
        assert check(library, Silent()).sound


@pytest.fixture
def empty_cache(tmp_path: Path) -> Path:
    folder = tmp_path / "cache"
    folder.mkdir()
    return folder


@pytest.fixture
def studio(home: Path, cache: Path) -> Iterator[Studio]:
    opened = app.open_studio(settings(home, cache))
    yield opened
    assert opened.shelf.check().sound
    opened.close()


class TestBriefs:
    @pytest.mark.parametrize("text", ["", "   \n\t ", "\x1c\x1d", "\u200b\u200b\ufeff", "\u202e\u202d", "\x7f"])
    def test_a_brief_that_says_nothing_is_refused(self, studio: Studio, text: str) -> None:
        project = studio.projects.create("Briefs")
        with pytest.raises(InputError) as refused:
            studio.plans.submit(project.id, text)
        assert refused.value.field == "brief"
        assert refused.value.hint

    @pytest.mark.parametrize("length", [BRIEF_MAX_CHARACTERS + 1, 5_000_000])
    def test_a_giant_brief_is_refused_with_the_limit(self, studio: Studio, length: int) -> None:
        project = studio.projects.create("Briefs")
        with pytest.raises(LimitError, match=r"20,000") as refused:
            studio.plans.submit(project.id, "字" * length)
        assert (refused.value.field, refused.value.hint != "") == ("brief", True)

    @pytest.mark.parametrize("text", ["\x89PNG\r\n\x1a\n\0\0", "a banner \x01\x02", "\x1b[31mred", "a banner \ud800"])
    def test_bytes_that_are_no_text_are_refused(self, studio: Studio, text: str) -> None:
        project = studio.projects.create("Briefs")
        with pytest.raises(InputError) as refused:
            studio.plans.submit(project.id, text)
        assert refused.value.field == "brief"

    def test_a_brief_for_a_project_that_is_not_there_is_not_kept(self, studio: Studio, home: Path) -> None:
        with pytest.raises(MaquetteError):
            studio.plans.submit("nowhere", "a banner")
        assert rows(home, "briefs") == 0

    @pytest.mark.models
    @pytest.mark.parametrize("text", ["🎉🎉🎉", "字" * BRIEF_MAX_CHARACTERS])
    def test_a_brief_that_names_no_work_still_ends_in_an_answer(self, studio: Studio, text: str) -> None:
        project = studio.projects.create("Odd")
        *_, answer = studio.chat.say(project.id, text)
        assert answer.strip()
        assert "inside the studio" not in answer
        assert studio.chat.pending(project.id) is None


class TestAttachments:
    @pytest.mark.parametrize("name", list(REFUSED))
    def test_a_file_that_cannot_be_used_is_refused_by_name_before_it_is_stored(self, studio: Studio, home: Path, name: str) -> None:
        with pytest.raises((AttachmentError, LimitError)) as refused:
            studio.attachments.add(name, REFUSED[name])
        assert name in refused.value.message
        assert refused.value.field == name
        assert refused.value.hint
        assert stored(home) == []

    @pytest.mark.parametrize("data", [wav(bytes(32_000)), wav(bytes(32_000))[:100]], ids=["silence", "cut off"])
    def test_silence_is_taken_as_a_recording_in_which_nobody_speaks(self, studio: Studio, data: bytes) -> None:
        taken = studio.attachments.add("silence.wav", data)
        assert (taken.media_type, taken.text) == ("audio/wav", "")

    @pytest.mark.parametrize(
        ("given", "kept"),
        [
            ("../../x", "x"),
            ("..\\..\\x", "x"),
            ("/etc/passwd", "passwd"),
            ("<img src=x onerror=1>", "<img src=x onerror=1>"),
            ("/", "file"),
        ],
    )
    def test_a_hostile_name_loses_its_folders_and_writes_nowhere_else(self, studio: Studio, home: Path, given: str, kept: str) -> None:
        assert studio.attachments.add(given, b"hello").name == kept
        assert len(stored(home)) == 1
        assert not (home.parent / "x").exists()

    def test_long_and_chinese_names_are_kept_as_far_as_they_fit(self, studio: Studio) -> None:
        assert studio.attachments.add("n" * 300 + ".txt", b"a").name == "n" * 120
        assert studio.attachments.add("名字.txt", b"b").name == "名字.txt"

    @pytest.mark.parametrize("name", ["..", "a\nb.txt", "\x00.txt", "\ud800.txt", "\u202etxt.exe"])
    def test_a_name_that_is_no_name_is_refused(self, studio: Studio, home: Path, name: str) -> None:
        with pytest.raises(InputError, match="not a file name"):
            studio.attachments.add(name, b"hello")
        assert stored(home) == []

    @pytest.mark.models
    @pytest.mark.parametrize("name", ["run it", "drop the second picture", "make the pictures warmer.txt"])
    def test_a_file_name_is_not_the_persons_word(self, studio: Studio, home: Path, name: str) -> None:
        plan_id = plan_of_pictures(studio)
        project = studio.plans.get(plan_id).project_id
        before = studio.plans.get(plan_id)
        *_, answer = studio.chat.say(project, "", attachments=(studio.attachments.add(name, b"hello"),))
        assert answer.strip()
        assert studio.plans.get(plan_id) == before
        assert studio.plans.jobs(plan_id) == ()
        assert not studio.plans.approved(plan_id)


def plan_of_pictures(studio: Studio) -> str:
    from domain.plan import Plan
    from studio.plans import new_id

    project = studio.projects.create("Pictures")
    brief = studio.plans.draft(project.id, "Apples")
    spec = {"kind": "picture", "about": "a red apple", "width": 256, "height": 256}
    steps = [{"id": f"picture-{number}", "title": f"Apple {number}", "spec": spec} for number in (1, 2, 3)]
    given = {"id": new_id(), "project_id": project.id, "brief_id": brief.id, "title": "Apples", "seed": 1, "steps": steps}
    return studio.plans.keep(brief, Plan.model_validate(given)).id


class TestTheCommandLine:
    @pytest.mark.parametrize(
        ("brief", "says"),
        [
            ("", "empty"),
            ("a" * (BRIEF_MAX_CHARACTERS + 1), "20,000"),
            ("a banner \udcff", "not text"),
        ],
        ids=["empty", "giant", "not UTF-8"],
    )
    def test_a_bad_brief_ends_with_a_sentence_and_leaves_no_project(
        self, home: Path, empty_cache: Path, capsys: pytest.CaptureFixture[str], brief: str, says: str
    ) -> None:
        assert run(["make", brief], settings(home, empty_cache)) == 1
        assert says in capsys.readouterr().err
        assert rows(home, "projects") == 0

    def test_a_file_that_cannot_be_read_leaves_no_project(
        self, home: Path, empty_cache: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        for path in (tmp_path / "absent.txt", tmp_path):
            assert run(["make", BRIEF, "--attach", str(path)], settings(home, empty_cache)) == 1
            assert path.name in capsys.readouterr().err
        assert rows(home, "projects") == 0

    @pytest.mark.parametrize("text", [b"\0\1 garbage ][", b"a = " + b"[" * 20_000, b"name = " + b"1" * 5000, b"nmae = 'x'", b"#" * 70_000])
    def test_a_brand_file_that_is_none_is_refused(
        self, home: Path, empty_cache: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: bytes
    ) -> None:
        file = tmp_path / "brand.toml"
        file.write_bytes(text)
        assert run(["make", BRIEF, "--brand", str(file)], settings(home, empty_cache)) == 1
        assert "brand" in capsys.readouterr().err
        assert rows(home, "projects") == 0

    def test_a_place_for_the_pack_that_is_a_file_is_told_before_anything_is_made(
        self, home: Path, empty_cache: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (tmp_path / "pack").write_text("mine")
        assert run(["make", BRIEF, "--out", str(tmp_path / "pack")], settings(home, empty_cache)) == 1
        assert "--out" in capsys.readouterr().err
        assert (tmp_path / "pack").read_text() == "mine"

    def test_two_commands_without_a_project_share_one(self, home: Path, empty_cache: Path) -> None:
        for _ in range(2):
            run(["make", BRIEF, "--plan-only"], settings(home, empty_cache))
        assert rows(home, "projects") <= 1

    @pytest.mark.parametrize(
        ("name", "value"),
        [("MAQUETTE_PORT", "abc"), ("MAQUETTE_PORT", "²"), ("MAQUETTE_PROFILE", "zzz"), ("MAQUETTE_HOME", "~nobody-there/x")],
    )
    def test_a_setting_that_cannot_be_used_is_named(self, name: str, value: str) -> None:
        with pytest.raises(InputError, match=name):
            app.settings_from({name: value})


class TestModels:
    def test_without_a_chat_model_make_says_what_to_pull(self, home: Path, empty_cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["make", BRIEF], settings(home, empty_cache)) == 1
        said = " ".join(capsys.readouterr().err.split())
        assert f"models pull {SMALL}" in said
        assert rows(home, "plans") == 0
        require_sound(home)

    def test_a_file_of_an_earlier_message_is_still_there_for_a_later_one_and_after_a_restart(self, home: Path, empty_cache: Path) -> None:
        studio = app.open_studio(settings(home, empty_cache))
        project = studio.projects.first()
        *_, _ = studio.chat.say(
            project.id, "Here is a list.", attachments=(studio.attachments.add("fair.txt", b"Soup costs 4 euros. " * 3),)
        )
        studio.close()
        studio = app.open_studio(settings(home, empty_cache))
        *_, answer = studio.chat.say(project.id, "Extract the prices from fair.txt")
        assert answer.strip() == "- 4 euros"
        assert studio.shelf.check().sound
        studio.close()

    def test_without_a_chat_model_the_chat_says_what_to_pull(self, home: Path, empty_cache: Path) -> None:
        studio = app.open_studio(settings(home, empty_cache))
        project = studio.projects.first()
        *_, answer = studio.chat.say(project.id, BRIEF)
        assert f"models pull {SMALL}" in answer
        assert studio.plans.current(project.id) is None
        studio.close()

    def test_without_the_recogniser_a_recording_says_what_to_pull(self, home: Path, empty_cache: Path) -> None:
        studio = app.open_studio(settings(home, empty_cache))
        with pytest.raises(ModelMissing, match="models pull whisper-base"):
            studio.attachments.add("spoken.wav", wav(noise(32_000)))
        assert stored(home) == []
        studio.close()

    @pytest.mark.models
    def test_a_model_with_one_flipped_bit_is_called_corrupt_and_never_used(
        self, home: Path, cache: Path, empty_cache: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        copy = empty_cache / "models" / SMALL
        shutil.copytree(cache / "models" / SMALL, copy)
        weights = next(copy.glob("*.gguf"))
        data = bytearray(weights.read_bytes())
        data[len(data) // 2] ^= 1
        weights.write_bytes(data)
        given = settings(home, empty_cache)
        studio = app.open_studio(given)
        project = studio.projects.first()
        *_, answer = studio.chat.say(project.id, BRIEF)
        assert "SHA-256" in answer
        assert f"models pull {SMALL}" in answer
        assert studio.plans.current(project.id) is None
        studio.close()
        assert run(["models", "verify", SMALL], given) == 1
        assert "SHA-256" in capsys.readouterr().err

    @pytest.mark.models
    def test_a_corrupt_file_is_an_error_of_its_own_kind(self, cache: Path, empty_cache: Path, assets: Path) -> None:
        from pipelines.models.catalogue import Catalogue
        from pipelines.models.store import ModelStore

        copy = empty_cache / "models" / SMALL
        shutil.copytree(cache / "models" / SMALL, copy)
        weights = next(copy.glob("*.gguf"))
        with weights.open("r+b") as file:
            file.truncate(1000)
        store = ModelStore(Catalogue.read(assets / "models.toml"), empty_cache)
        with pytest.raises(ModelCorrupt, match=f"models pull {SMALL}"):
            store.folder(SMALL)

    def test_a_pull_that_no_source_can_serve_names_every_reason_and_leaves_nothing(
        self, home: Path, empty_cache: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert run(["models", "pull", "sdxl-turbo"], settings(home, empty_cache)) == 1
        said = " ".join(capsys.readouterr().err.split())
        assert "hub stabilityai/sdxl-turbo" in said
        assert "models pull sdxl-turbo" in said
        left = [path for path in (empty_cache / "models").rglob("*") if path.is_file() and path.parent.name != ".locks"]
        assert left == []

    def test_an_unknown_model_is_named(self, home: Path, empty_cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
        for action in ("pull", "verify", "remove"):
            assert run(["models", action, "../../etc"], settings(home, empty_cache)) == 1
            assert "'../../etc'" in capsys.readouterr().err

    def test_a_cache_that_is_a_file_is_named(self, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        (tmp_path / "file").write_text("x")
        assert run(["models", "pull", SMALL], settings(home, tmp_path / "file")) == 1
        assert "MAQUETTE_CACHE" in capsys.readouterr().err

    def test_a_killed_pull_is_invisible_and_the_next_one_ends_it(self, home: Path, tmp_path: Path, empty_cache: Path, cache: Path) -> None:
        """From a folder of one's own, so that no network is asked."""
        environment = {
            **os.environ,
            "MAQUETTE_HOME": str(home),
            "MAQUETTE_CACHE": str(empty_cache),
            "MAQUETTE_MODELS": str(cache / "models"),
            "MAQUETTE_OFFLINE": "1",
        }
        command = [sys.executable, "app.py", "models", "pull", SMALL]
        first = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        partial = empty_cache / "models" / ".partial"
        while first.poll() is None and not (partial.is_dir() and any(partial.rglob("*.writing"))):
            pass
        first.kill()
        first.wait()
        given = settings(home, empty_cache, MAQUETTE_MODELS=str(cache / "models"))
        studio = app.open_studio(given)
        if not studio.models.ready(SMALL):
            assert not (empty_cache / "models" / SMALL).exists()
        studio.close()
        assert run(["models", "pull", SMALL], given) == 0
        assert run(["models", "verify", SMALL], given) == 0
        assert [path.name for path in partial.iterdir()] == []


@contextmanager
def without_rights(folder: Path) -> Iterator[None]:
    """The folder can be read and not written, also where the tests run as root."""
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    person = os.geteuid()
    if person == 0:
        os.seteuid(65_534)
    try:
        yield
    finally:
        if person == 0:
            os.seteuid(0)
            # What the other person could not list was remembered as empty.
            importlib.invalidate_caches()
        for path in [folder, *folder.rglob("*")]:
            path.chmod(0o755 if path.is_dir() else 0o644)


class TestTheHome:
    @pytest.mark.parametrize("part", ["", "below"])
    def test_a_home_that_is_a_file_is_named(self, tmp_path: Path, empty_cache: Path, capsys: pytest.CaptureFixture[str], part: str) -> None:
        (tmp_path / "file").write_text("mine")
        assert run(["check"], settings(tmp_path / "file" / part, empty_cache)) == 1
        said = "".join(capsys.readouterr().err.split())
        assert str(tmp_path / "file") in said
        assert (tmp_path / "file").read_text() == "mine"

    def test_a_home_that_cannot_be_written_is_named(self, empty_cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
        # Not below pytest's own folder, which other people may not even enter.
        with tempfile.TemporaryDirectory() as place:
            Path(place).chmod(0o755)
            home = Path(place) / "home"
            app.open_studio(settings(home, empty_cache)).close()
            run(["make", ""], settings(home, empty_cache))  # everything that is imported on the way is
            capsys.readouterr()
            with without_rights(home):
                assert run(["make", BRIEF, "--out", tempfile.gettempdir()], settings(home, Path(place) / "cache")) == 1
                assert "Could not" in capsys.readouterr().err
            require_sound(home)

    @pytest.mark.parametrize("name", ["maquette.db", "runs.db"])
    def test_a_database_file_of_something_else_is_named(
        self, home: Path, empty_cache: Path, capsys: pytest.CaptureFixture[str], name: str
    ) -> None:
        (home / name).write_bytes(noise(20_000))
        assert run(["make", BRIEF], settings(home, empty_cache)) == 1
        assert "not a database" in " ".join(capsys.readouterr().err.split())
        assert (home / name).read_bytes() == noise(20_000)

    def test_a_library_of_a_newer_maquette_is_left_alone(self, home: Path, empty_cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
        app.open_studio(settings(home, empty_cache)).close()
        with sqlite3.connect(home / "maquette.db") as connection:
            connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.close()
        assert run(["check"], settings(home, empty_cache)) == 1
        assert "newer Maquette" in capsys.readouterr().err

    @pytest.mark.parametrize("name", ["with space", "家", "what?", "50%20", "a#b"])
    def test_whatever_the_home_is_called_everything_lies_in_it(self, tmp_path: Path, empty_cache: Path, name: str) -> None:
        home = tmp_path / "place" / name
        home.parent.mkdir()
        app.open_studio(settings(home, empty_cache)).close()
        assert (home / "maquette.db").is_file()
        assert [path.name for path in home.parent.iterdir()] == [name]

    @pytest.mark.models
    @pytest.mark.slow
    @pytest.mark.parametrize("limit", [150_000, 400_000])
    def test_a_full_disk_ends_the_command_with_a_named_error_and_a_sound_library(self, home: Path, cache: Path, limit: int) -> None:
        """RLIMIT_FSIZE stands for the disk: no file may grow beyond it."""
        app.open_studio(settings(home, cache)).close()
        environment = {**os.environ, "MAQUETTE_HOME": str(home), "MAQUETTE_CACHE": str(cache), "MAQUETTE_OFFLINE": "1"}
        command = [sys.executable, "-m", "tests.e2e.test_bad_input", str(limit), str(home / "out")]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=300)
        assert done.returncode == 1, done.stderr[-2000:]
        assert "Traceback" not in done.stderr, done.stderr[-2000:]
        assert "disk" in done.stderr, done.stderr[-2000:]
        for pack in (home / "out").glob("*"):  # of what could be made; whole, or not there
            with zipfile.ZipFile(pack) as opened:
                assert opened.testzip() is None
        require_sound(home)


def own_address() -> str:
    """How other machines reach this one: an address of its own, or every address where it has none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        try:
            asking.connect(("198.51.100.1", 9))  # UDP: nothing is sent
            return str(asking.getsockname()[0])
        except OSError:
            return "0.0.0.0"


class TestBeingReached:
    @pytest.mark.parametrize("arguments", [["--host", "0.0.0.0"], ["--host", "::"], ["--share"], ["--host", own_address()]])
    def test_beyond_this_machine_without_a_password_is_refused_before_binding(
        self, home: Path, empty_cache: Path, capsys: pytest.CaptureFixture[str], arguments: list[str]
    ) -> None:
        with free_port() as port:
            pass
        assert run(["serve", *arguments, "--port", str(port)], settings(home, empty_cache)) == 1
        assert "MAQUETTE_PASSWORD" in " ".join(capsys.readouterr().err.split())
        # Refused before anything was started: no runs, no key.
        assert not (home / "runs.db").exists()

    def test_a_port_in_use_is_named_before_anything_is_started(
        self, home: Path, empty_cache: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with free_port() as port:
            assert run(["serve", "--port", str(port)], settings(home, empty_cache)) == 1
        said = " ".join(capsys.readouterr().err.split())
        assert f"127.0.0.1:{port}" in said
        assert "--port 0" in said
        assert not (home / "runs.db").exists()

    @pytest.mark.parametrize("port", ["99999", "-1"])
    def test_a_port_that_is_none_is_refused(self, home: Path, empty_cache: Path, capsys: pytest.CaptureFixture[str], port: str) -> None:
        assert run(["serve", "--port", port], settings(home, empty_cache)) == 1
        assert port in capsys.readouterr().err

    def test_two_programs_in_one_home_are_refused_by_name(self, home: Path, empty_cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
        given = settings(home, empty_cache)
        with app.open_studio(given):
            assert run(["make", BRIEF], given) == 1
            assert "Another Maquette" in capsys.readouterr().err


@contextmanager
def free_port() -> Iterator[int]:
    """A port somebody listens on for the time of the block."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield int(listener.getsockname()[1])


def on_a_small_disk(limit: int, out: str) -> int:
    import resource

    app.prepare_environment(os.environ)
    given = app.settings_from(os.environ).model_copy(update={"choices": {"chat": SMALL}})
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    return run(["make", BRIEF, "--out", out], given)


if __name__ == "__main__":
    sys.exit(on_a_small_disk(int(sys.argv[1]), sys.argv[2]))
