"""What a cluster must be given before anything of it starts, and how files reach nodes that do not see our folder."""

from __future__ import annotations

import hashlib
import socket
from pathlib import Path
from typing import Any

import pytest

from domain.errors import AssetDamaged, EngineFailed, InputError, StorageError
from domain.recipe import InputFile, Work
from domain.settings import Settings
from pipelines.executors.ray.cluster import Code, node_environment, own_code, read_token, require_somebody, write_token
from pipelines.executors.ray.executor import RayExecutor
from pipelines.executors.ray.files import UrlSharing, UrlStore, filesystem
from pipelines.executors.ray.replica import Spec, at_this_node, require_same_code
from pipelines.executors.spool import Spool
from pipelines.executors.wire import outputs_to_json
from tests.pipelines.executors.acting import output, work


def test_a_token_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    file = tmp_path / "home" / "ray-token"
    assert write_token(file)
    token = read_token(file)
    assert len(token) == 64
    assert file.stat().st_mode & 0o077 == 0
    assert not write_token(file)
    assert read_token(file) == token


def test_a_token_that_others_may_read_or_guess_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "ray-token"
    with pytest.raises(InputError, match=r"cannot be read.*cluster head"):
        read_token(file)
    file.write_text("secret")
    with pytest.raises(InputError, match="6 characters"):
        read_token(file)
    file.write_text("s" * 64)
    file.chmod(0o644)
    with pytest.raises(InputError, match="chmod 600"):
        read_token(file)


def test_without_address_or_token_nothing_starts(home: Path) -> None:
    def start(address: str) -> None:
        RayExecutor(Settings(home=home, cache=home / "cache", ray_address=address), described=lambda model_id: pytest.fail("asked"))

    with pytest.raises(InputError, match="MAQUETTE_RAY_ADDRESS is not set"):
        start("")
    with pytest.raises(InputError, match="token cannot be read"):
        start("127.0.0.1:6380")
    assert not (home / "spool").exists()


def test_an_address_where_nobody_listens_is_said_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        free = server.getsockname()[1]
        assert require_somebody(f"127.0.0.1:{free}") == ("127.0.0.1", free)
    for address in (f"127.0.0.1:{free}", "127.0.0.1", "nowhere:port", "127.0.0.1:99999"):
        with pytest.raises(InputError, match="There is no cluster at"):
            require_somebody(address)


def test_a_node_asks_for_the_token_and_tells_nobody_of_its_use(tmp_path: Path) -> None:
    write_token(tmp_path / "token")
    environment = node_environment(tmp_path / "token", "127.0.0.1", {"PATH": "/bin", "RAY_AUTH_TOKEN": "another", "RAY_ADDRESS": "x"})
    assert environment["RAY_AUTH_MODE"] == "token"
    assert environment["RAY_AUTH_TOKEN_PATH"] == str(tmp_path / "token")
    assert environment["RAY_USAGE_STATS_ENABLED"] == "0"
    assert "RAY_AUTH_TOKEN" not in environment and "RAY_ADDRESS" not in environment


def test_two_versions_of_the_code_do_not_work_together() -> None:
    ours = own_code()
    require_same_code(ours, ours, "here")
    with pytest.raises(EngineFailed, match=r"Node there runs Maquette 9 .*Install the same version"):
        require_same_code(ours, Code(version="9", sha256="0" * 64), "there")


def test_a_node_knows_where_its_own_models_lie(home: Path, tmp_path: Path) -> None:
    spec = Spec(pool="cpu", roster="r", code=own_code(), settings=Settings(home=home, cache=home / "cache", threads=3))
    there = at_this_node(spec, {"MAQUETTE_CACHE": str(tmp_path)}).settings
    assert (there.cache, there.home, there.threads) == (tmp_path, home, 3)


class Store:
    """Both ends of an object store in a folder."""

    def __init__(self, folder: Path) -> None:
        self.url = f"file://{folder / 'store'}"
        self.spool = Spool(folder / "spool")
        self.studio = UrlSharing(self.url, self.spool, "run")
        self.replica = UrlStore(self.url, folder / "node")

    def made(self, place: str) -> list[dict[str, Any]]:
        return self.replica.hand_over(place, lambda folder: outputs_to_json([output(b"made")], folder, "result"))


def test_files_go_through_an_object_store_and_back(tmp_path: Path) -> None:
    store = Store(tmp_path)
    file = tmp_path / "in"
    file.write_bytes(b"input")
    [there] = store.replica.works(store.studio.works([Work(work("x").recipe, (InputFile("reference", file, "text/plain"),))]))
    assert there.inputs[0].path.read_bytes() == b"input"
    assert there.inputs[0].path != file

    place = store.studio.begin("1")
    [back] = store.studio.collect("1", store.made(place))
    assert back.main.read() == b"made"
    assert back.main.sha256 == hashlib.sha256(b"made").hexdigest()
    assert not filesystem(store.url)[0].exists(place), "the place is closed"
    store.spool.close()


def test_what_a_given_up_attempt_still_writes_is_lost(tmp_path: Path) -> None:
    store = Store(tmp_path)
    place = store.studio.begin("1")
    store.studio.forget("1")
    with pytest.raises(StorageError, match="Nobody waits"):
        store.made(place)
    store.studio.close()
    assert [path for path in (tmp_path / "store").rglob("*") if path.is_file()] == []
    store.spool.close()


def test_a_file_that_was_altered_on_its_way_is_not_taken_in(tmp_path: Path) -> None:
    store = Store(tmp_path)
    told = store.made(store.studio.begin("1"))
    Path(told[0]["files"][0]["path"]).write_bytes(b"altered")
    with pytest.raises(AssetDamaged, match="is not what was written"):
        store.studio.collect("1", told)
    store.spool.close()


def test_a_store_that_cannot_be_used_is_named() -> None:
    with pytest.raises(InputError, match=r"MAQUETTE_RAY_STORE is 'ftpx://x'"):
        filesystem("ftpx://x")
