"""Energy: counters as Linux lays them out, their turn past zero, what cannot be read, and how pieces at the same time share it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.energy import Energy, Nvml, Rapl, meters_of


def zone(root: Path, folder: str, name: str, joules: float, span: float = 1000) -> Path:
    where = root / folder
    where.mkdir(parents=True)
    (where / "name").write_text(f"{name}\n", encoding="ascii")
    (where / "max_energy_range_uj").write_text(f"{round(span * 1e6)}\n", encoding="ascii")
    count(where, joules)
    return where


def count(folder: Path, joules: float) -> None:
    (folder / "energy_uj").write_text(f"{round(joules * 1e6)}\n", encoding="ascii")


class Counter:
    """A meter that says what it is told."""

    def __init__(self, joules: float | None = 0.0) -> None:
        self.joules = joules

    def read(self) -> float | None:
        return self.joules


# RAPL


def test_packages_and_memory_are_added_and_cores_are_not_counted_twice(tmp_path: Path) -> None:
    zone(tmp_path, "intel-rapl:0", "package-0", 10)
    zone(tmp_path, "intel-rapl:0:0", "core", 4)
    zone(tmp_path, "intel-rapl:0:1", "dram", 3)
    zone(tmp_path, "intel-rapl:1", "package-1", 20)
    zone(tmp_path, "intel-rapl:2", "psys", 90)
    zone(tmp_path, "intel-rapl-mmio:0", "package-0", 10)
    assert Rapl(tmp_path).read() == pytest.approx(33)


def test_a_counter_that_starts_again_goes_on(tmp_path: Path) -> None:
    package = zone(tmp_path, "intel-rapl:0", "package-0", 990, span=1000)
    meter = Rapl(tmp_path)
    first = meter.read()
    readings = []
    for joules in (15, 980, 5):
        count(package, joules)
        readings.append(meter.read())
    assert first == 990 and readings == [1015, 1980, 2005]


@pytest.mark.parametrize("text", ["", "lots\n", "-4\n"])
def test_what_is_no_number_is_unreadable(tmp_path: Path, text: str) -> None:
    package = zone(tmp_path, "intel-rapl:0", "package-0", 1)
    meter = Rapl(tmp_path)
    (package / "energy_uj").write_text(text, encoding="ascii")
    assert meter.read() is None


def test_one_counter_that_may_not_be_read_makes_the_whole_unreadable(tmp_path: Path) -> None:
    zone(tmp_path, "intel-rapl:0", "package-0", 1)
    # As with a missing permission, which a test that runs as root would not meet: opening it is an OSError.
    hidden = zone(tmp_path, "intel-rapl:1", "package-1", 1) / "energy_uj"
    hidden.unlink()
    hidden.mkdir()
    assert Rapl(tmp_path).read() is None


def test_a_machine_without_counters_is_unreadable(tmp_path: Path) -> None:
    assert Rapl(tmp_path / "nowhere").read() is None


def test_a_gpu_that_is_not_there_is_unreadable() -> None:
    assert Nvml("GPU-00000000-0000-0000-0000-000000000000").read() is None


def test_only_devices_with_a_counter_have_a_meter(tmp_path: Path) -> None:
    found = meters_of({"cpu": "", "cuda:0": "GPU-1", "cuda:1": "1", "cuda:2": "", "mps": ""}, tmp_path)
    assert {name: type(meter) for name, meter in found.items()} == {"cpu": Rapl, "cuda:0": Nvml, "cuda:1": Nvml}


# Sharing


def test_one_piece_alone_gets_what_the_device_used() -> None:
    counter = Counter(100)
    energy = Energy({"cpu": counter})
    with energy.measure("cpu") as reading:
        assert reading.joules is None
        counter.joules = 130
    counter.joules = 500
    assert reading.joules == 30


def test_pieces_at_the_same_time_share_only_that_time_and_nothing_is_lost_or_counted_twice() -> None:
    counter = Counter(0)
    energy = Energy({"cpu": counter})
    with energy.measure("cpu") as long:
        counter.joules = 10
        with energy.measure("cpu") as short:
            counter.joules = 30
        counter.joules = 35
    assert (long.joules, short.joules) == (10 + 10 + 5, 10)


def test_idle_time_between_pieces_is_nobodys() -> None:
    counter = Counter(0)
    energy = Energy({"cpu": counter})
    with energy.measure("cpu") as first:
        counter.joules = 5
    counter.joules = 900
    with energy.measure("cpu") as second:
        counter.joules = 907
    assert (first.joules, second.joules) == (5, 7)


def test_devices_are_apart() -> None:
    processor, gpu = Counter(0), Counter(0)
    energy = Energy({"cpu": processor, "cuda:0": gpu})
    with energy.measure("cpu") as words, energy.measure("cuda:0") as picture:
        processor.joules, gpu.joules = 3, 50
    assert (words.joules, picture.joules) == (3, 50)


def test_energy_that_could_not_be_read_all_the_time_is_not_guessed() -> None:
    counter = Counter(0)
    energy = Energy({"cpu": counter})
    with energy.measure("cpu") as reading:
        counter.joules = None
        with energy.measure("cpu") as within:
            counter.joules = 8
        counter.joules = 9
    assert (reading.joules, within.joules) == (None, None)
    with energy.measure("cpu") as later:
        counter.joules = 12
    assert later.joules == 3


def test_a_device_without_a_meter_is_unreadable() -> None:
    with Energy({}).measure("mps") as reading:
        pass
    assert reading.joules is None


def test_a_piece_that_fails_still_ends_its_share() -> None:
    counter = Counter(0)
    energy = Energy({"cpu": counter})
    with pytest.raises(ValueError, match="broke"), energy.measure("cpu"):
        raise ValueError("broke")
    with energy.measure("cpu") as next_one:
        counter.joules = 4
    assert next_one.joules == 4


def test_watts_are_the_average_since_they_were_asked_last() -> None:
    counter, clock = Counter(0), [0.0]
    energy = Energy({"cpu": counter}, lambda: clock[0])
    assert energy.watts("cpu") is None
    counter.joules, clock[0] = 100, 2
    assert energy.watts("cpu") == 50
    counter.joules, clock[0] = 101, 2.1
    assert energy.watts("cpu") == 50  # too soon for another average
    counter.joules = None
    clock[0] = 9
    assert energy.watts("cpu") is None
    assert energy.watts("cuda:0") is None
