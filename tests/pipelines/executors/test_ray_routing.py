"""Which replica gets a request."""

from __future__ import annotations

from pipelines.executors.ray.routing import GATHERS, LOADED, Load, best


def spread(load: Load[str], known: dict[str, set[str]], count: int, wanted: str = "paint") -> list[str]:
    chosen = []
    for number in range(count):
        replica = best(known, wanted, load)
        assert replica is not None
        load.choose(str(number), replica)
        chosen.append(replica)
    return chosen


def test_requests_that_come_together_go_to_different_devices() -> None:
    known = {name: {"paint"} for name in "abcdefgh"}
    for _ in range(50):
        assert sorted(spread(Load(), known, 8)) == sorted(known)


def test_a_device_that_came_free_is_taken_first() -> None:
    load: Load[str] = Load()
    known = {name: {"paint"} for name in "abc"}
    busy = spread(load, known, 3)
    load.sent("1")
    load.ended("1", busy[1])
    assert best(known, "paint", load) == busy[1]


def test_of_free_devices_the_one_with_the_weights_is_taken() -> None:
    known = {"cold": {"paint"}, "warm": {"paint", "paint" + LOADED}, "other": {"paint"}}
    load: Load[str] = Load()
    assert best(known, "paint", load) == "warm"
    load.choose("1", "warm")
    assert best(known, "paint", load) != "warm", "a device that is free loads them rather than wait"


def test_a_device_without_the_model_is_not_asked_while_another_has_it() -> None:
    load: Load[str] = Load()
    load.choose("1", "has")
    assert best({"has": {"paint"}, "lacks": {"sing"}}, "paint", load) is None, "it waits for the one that has it"
    load.ended("1", "has")
    assert best({"has": {"paint"}, "lacks": {"sing"}}, "paint", load) == "has"
    assert best({"one": {"sing"}, "two": {"sing"}}, "paint", load) in {"one", "two"}, "somebody must say what is missing"


def test_a_choice_that_was_never_sent_is_forgotten() -> None:
    now = [0.0]
    load: Load[str] = Load(lambda: now[0])
    load.choose("given up", "a")
    load.choose("sent", "b")
    load.sent("sent")
    now[0] = 31.0
    load.choose("new", "b")
    assert (load["a"], load["b"]) == (0, 2)


def test_a_lost_replica_has_no_load() -> None:
    load: Load[str] = Load()
    load.choose("1", "a")
    load.lost("a")
    load.ended("1", "a")
    assert load["a"] == 0


def test_what_finds_all_busy_waits_for_whoever_comes_free_first() -> None:
    load: Load[str] = Load()
    known = {"a": {"paint"}, "b": {"paint"}}
    spread(load, known, 2)
    assert best(known, "paint", load) is None
    assert best(known, "paint", load, places=2) is not None
    assert best({**known, "started now": {"paint"}}, "paint", load) == "started now"
    assert best({}, "paint", load) is None


def test_what_gains_from_company_waits_at_a_busy_device() -> None:
    load: Load[str] = Load()
    known = {"a": {"paint", "paint" + GATHERS}}
    assert spread(load, known, 3) == ["a", "a", "a"]
