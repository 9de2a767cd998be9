from __future__ import annotations

import os
import socket
import struct
import threading
from collections.abc import Iterator

import pytest

from domain.errors import LimitError
from pipelines.executors.channel import LARGEST, Channel, ChannelClosed


@pytest.fixture
def ends() -> Iterator[tuple[Channel, socket.socket]]:
    ours, theirs = Channel.pair()
    channel = Channel(ours)
    yield channel, theirs
    channel.close()
    theirs.close()


def test_what_is_sent_is_received_in_order(ends: tuple[Channel, socket.socket]) -> None:
    channel, other = ends[0], Channel(ends[1])
    frames = [{"text": "饼干 \ud800 \0"}, {"number": 0.1, "nothing": None}, {}]
    for frame in frames:
        channel.send(frame)
    assert [other.receive() for _ in frames] == frames


def test_frames_of_many_threads_stay_whole(ends: tuple[Channel, socket.socket]) -> None:
    channel, other = ends[0], Channel(ends[1])
    senders = [threading.Thread(target=channel.send, args=({"letter": letter * 200_000},)) for letter in "abcdefgh"]
    for sender in senders:
        sender.start()
    received = sorted(other.receive()["letter"] for _ in senders)
    for sender in senders:
        sender.join()
    assert received == [letter * 200_000 for letter in "abcdefgh"]


def test_a_frame_that_is_too_large_is_refused_and_nothing_is_sent(ends: tuple[Channel, socket.socket]) -> None:
    channel, other = ends[0], Channel(ends[1])
    with pytest.raises(LimitError, match=str(LARGEST)):
        channel.send({"text": "x" * LARGEST})
    channel.send({"next": True})
    assert other.receive() == {"next": True}


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"", "ended"),
        (b"\0\0", "ended"),
        (struct.pack(">I", 10) + b'{"a"', "ended"),
        (struct.pack(">I", LARGEST + 1), "announced"),
        (struct.pack(">I", 3) + b"{]}", "not JSON"),
        (struct.pack(">I", 2) + b"[]", "list"),
        (struct.pack(">I", 2) + b"\xff\xfe", "not JSON"),
    ],
)
def test_what_is_no_frame_is_the_end(ends: tuple[Channel, socket.socket], data: bytes, complaint: str) -> None:
    channel, theirs = ends
    theirs.sendall(data)
    theirs.shutdown(socket.SHUT_WR)
    with pytest.raises(ChannelClosed, match=complaint):
        channel.receive()


def test_writing_to_somebody_who_is_gone_or_never_reads_ends(ends: tuple[Channel, socket.socket]) -> None:
    ours, theirs = Channel.pair()
    hasty = Channel(ours, patience=0.1)
    with pytest.raises(ChannelClosed):  # nobody reads
        hasty.send({"text": "x" * 10_000_000})
    with pytest.raises(ChannelClosed):
        hasty.send({})
    hasty.close()
    theirs.close()
    ends[1].close()
    with pytest.raises(ChannelClosed):
        ends[0].send({})


def test_closing_ends_who_waits(ends: tuple[Channel, socket.socket]) -> None:
    channel, _ = ends
    ended: list[ChannelClosed] = []

    def listen() -> None:
        try:
            channel.receive()
        except ChannelClosed as error:
            ended.append(error)

    listener = threading.Thread(target=listen)
    listener.start()
    channel.close()
    listener.join()
    assert ended


def test_its_descriptors_are_not_inherited() -> None:
    ours, theirs = Channel.pair()
    assert not os.get_inheritable(ours.fileno()) and not os.get_inheritable(theirs.fileno())
    ours.close()
    theirs.close()
