"""Links: what is fetched, and everything that is not. The corpus is tests/hostile/links.toml."""

from __future__ import annotations

import io
from collections.abc import Iterator

import httpx
import pytest
from PIL import Image

from domain.addresses import not_metadata, public
from domain.errors import AttachmentError, InputError, LimitError, MaquetteError
from studio.fetching import AddressRefused, Fetcher, Guarded
from tests.hostile.links import Answering, Canary, Tried, answering, rebound, redirected, straight, turning


@pytest.fixture(scope="module")
def canary() -> Iterator[Canary]:
    found = Canary()
    yield found
    found.close()


@pytest.fixture(scope="module")
def png() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def server(png: bytes) -> Iterator[Answering]:
    with answering(png, "image/png") as found:
        yield found


def fetcher(seconds: float = 20.0) -> Fetcher:
    return Fetcher(Guarded(lambda address: address == "127.0.0.2", lambda host, port: ["127.0.0.2"]), ports=None, seconds=seconds)


def link(server: Answering, path: str = "/a%20fox.png?size=8") -> str:
    return f"http://pictures.example.org:{server.port}{path}"


def refused(tried: Tried, least: int) -> None:
    assert tried.tried >= least
    assert tried.taken == []
    assert tried.connected == []


def test_no_link_of_the_corpus_reaches_anything(canary: Canary) -> None:
    refused(straight(canary), 300)


def test_a_name_that_leads_home_is_not_connected_to(canary: Canary) -> None:
    refused(rebound(canary), 10)


def test_a_name_is_asked_once_so_it_cannot_mean_two_places(canary: Canary) -> None:
    tried, asked = turning(canary)
    refused(tried, 1)
    assert asked == 1


def test_no_redirect_leads_home(canary: Canary) -> None:
    refused(redirected(canary), 80)


def test_a_picture_is_fetched_under_its_own_name_and_host(server: Answering, png: bytes) -> None:
    found = fetcher().picture(link(server))
    assert (found.name, found.data) == ("a fox.png", png)
    (path, head), *more = server.asked
    assert not more
    assert path == "/a%20fox.png?size=8"
    assert head["host"] == f"pictures.example.org:{server.port}"
    assert not {"cookie", "authorization", "referer"} & set(head)


def test_a_redirect_to_a_place_that_may_be_asked_is_followed_a_few_times(server: Answering) -> None:
    server.status, server.location = 302, link(server, "/next.png")
    with pytest.raises(InputError, match="on and on"):
        fetcher().picture(link(server))
    assert len(server.asked) == 4


@pytest.mark.parametrize(
    ("data", "kind"),
    [(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml"), (b"<svg/>", "image/png"), (b"<html></html>", "text/html"),
     (b"GIF89a", "image/gif"), (b"", "image/png"), (b"%PDF-1.7", "application/octet-stream"), (None, "image/jpeg"),
     (None, "text/html"), (None, "")],
)  # fmt: skip
def test_what_is_no_picture_or_called_another_is_refused(server: Answering, png: bytes, data: bytes | None, kind: str) -> None:
    server.data, server.kind = png if data is None else data, kind
    with pytest.raises(AttachmentError):
        fetcher().picture(link(server))


def test_an_answer_that_would_have_to_be_unpacked_is_refused(server: Answering) -> None:
    server.head = {"content-encoding": "gzip"}
    with pytest.raises(AttachmentError):
        fetcher().picture(link(server))


def test_more_than_25_mb_are_refused_by_what_is_announced_and_by_what_comes(server: Answering, png: bytes) -> None:
    server.head = {"content-length": "26214401"}
    with pytest.raises(LimitError, match="25 MB"):
        fetcher().picture(link(server))
    server.data, server.head = png + bytes(26 * 1024 * 1024), {"content-length": "", "connection": "close"}
    with pytest.raises(LimitError, match="25 MB"):
        fetcher().picture(link(server))


def test_an_answer_that_drips_is_cut_off(server: Answering) -> None:
    server.drip = 0.05
    with pytest.raises(LimitError, match="too long"):
        fetcher(seconds=0.5).picture(link(server))


@pytest.mark.parametrize("status", [204, 206, 300, 401, 404, 500])
def test_any_other_answer_is_told(server: Answering, status: int) -> None:
    server.status = status
    with pytest.raises(InputError, match=str(status)):
        fetcher().picture(link(server))


def test_a_refusal_says_the_same_whether_somebody_listens_there_or_not(canary: Canary) -> None:
    said = set()
    for address in (f"http://127.0.0.1:{canary.port}/", "http://127.0.0.1:1/", "http://10.255.255.1/"):
        with pytest.raises(MaquetteError) as told:
            Fetcher(ports=None).picture(address)
        said.add(str(told.value))
    assert len(said) == 1


@pytest.mark.parametrize("address", ["93.184.215.14", "8.8.8.8", "::ffff:8.8.8.8", "2606:4700::1111"])
def test_public_addresses_are_public(address: str) -> None:
    assert public(address)


@pytest.mark.parametrize(
    ("address", "allowed"),
    [("127.0.0.1", True), ("::1", True), ("192.168.1.5", True), ("fd12::1", True), ("8.8.8.8", True), ("169.254.169.254", False),
     ("::ffff:169.254.169.254", False), ("fd00:ec2::254", False), ("100.100.100.200", False), ("0.0.0.0", False), ("fe80::1", False),
     ("224.0.0.1", False)],
)  # fmt: skip
def test_a_webhook_may_lead_into_the_house_but_never_to_the_cloud_s_services(address: str, allowed: bool) -> None:
    assert not_metadata(address) is allowed


def test_a_webhook_to_such_a_place_connects_to_nothing(canary: Canary) -> None:
    with httpx.Client(transport=Guarded(not_metadata, lambda host, port: ["169.254.169.254"])) as client, pytest.raises(AddressRefused):
        client.post("http://hook.example.org/", content=b"{}")
