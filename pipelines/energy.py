"""Energy of a device, where it can be read: RAPL counters of the processor, NVML counters of NVIDIA GPUs. Never guessed.

A reading is the device's, not a process's: it holds idle draw and whatever else runs there. `Energy` splits it between the pieces
of work that run at the same time. What cannot be read (no counters, no permission, a virtual machine) is None all the way up.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Protocol

RAPL_ROOT = Path("/sys/class/powercap")
#: Watts are an average over at least so long: counters move in steps.
WATTS_SECONDS = 0.5


class Meter(Protocol):
    """A counter of energy that only rises."""

    def read(self) -> float | None:
        """Joules since some moment, None where it cannot be read. Thread-safe."""


@dataclass
class _Zone:
    """One counter of the powercap tree. span: microjoules at which it starts again from zero."""

    path: Path
    span: int
    last: int
    turned: int = 0


class Rapl:
    """The processor packages and their memory, by Linux powercap (kernel documentation: power/powercap; needs read permission).

    Package zones hold their cores, so that cores are not counted again; memory ("dram") is a counter of its own. The counters start
    again from zero, after twenty minutes at 200 W: read at least as often, or a whole turn is missed.
    """

    def __init__(self, root: Path = RAPL_ROOT) -> None:
        self._guard = threading.Lock()
        self._zones = _zones(root)

    def read(self) -> float | None:
        with self._guard:
            if not self._zones:
                return None
            total = 0
            for zone in self._zones:
                now = _number(zone.path)
                if now is None:
                    return None
                if now < zone.last:
                    zone.turned += zone.span
                zone.last = now
                total += zone.turned + now
            return total / 1e6


def _zones(root: Path) -> list[_Zone]:
    """Every package and memory zone; [] when one of them cannot be read, because a part of the energy is not the energy."""
    zones = []
    for folder in sorted(root.glob("intel-rapl:*")):
        name = _word(folder / "name")
        if name == "dram" or name.startswith("package-"):
            now, span = _number(folder / "energy_uj"), _number(folder / "max_energy_range_uj")
            if now is None or span is None:
                return []
            zones.append(_Zone(folder / "energy_uj", span, now))
    return zones


def _word(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def _number(path: Path) -> int | None:
    word = _word(path)
    return int(word) if word.isdigit() else None


class Nvml:
    """One NVIDIA GPU, by nvidia-ml-py: the counter of Volta and later. None without the package, the driver or the counter (MIG).

    Args:
        device: NVML's own number, or a UUID ("GPU-..."), which holds whatever CUDA_VISIBLE_DEVICES says.
    """

    def __init__(self, device: int | str) -> None:
        self._device = device
        self._guard = threading.Lock()
        self._count: Callable[[], int] | None = None
        self._tried = False

    def read(self) -> float | None:
        with self._guard:
            if not self._tried:
                self._tried = True
                self._count = _nvml_counter(self._device)
            if self._count is None:
                return None
            try:
                return self._count() / 1e3
            except OSError:
                self._count = None
                return None


def _nvml_counter(device: int | str) -> Callable[[], int] | None:
    """Millijoules since the driver was loaded (NVML: nvmlDeviceGetTotalEnergyConsumption). The function raises OSError once it fails."""
    try:
        pynvml = import_module("pynvml")
    except ImportError:
        return None
    try:
        pynvml.nvmlInit()
        by_name = isinstance(device, str)
        handle = pynvml.nvmlDeviceGetHandleByUUID(device) if by_name else pynvml.nvmlDeviceGetHandleByIndex(device)
        pynvml.nvmlDeviceGetTotalEnergyConsumption(handle)
    except pynvml.NVMLError:
        return None

    def count() -> int:
        try:
            return int(pynvml.nvmlDeviceGetTotalEnergyConsumption(handle))
        except pynvml.NVMLError as error:
            raise OSError(str(error)) from error

    return count


def meters_of(devices: Mapping[str, str], root: Path = RAPL_ROOT) -> dict[str, Meter]:
    """A meter for each device: devices maps our names to NVML's UUIDs or numbers ("cuda:0": "GPU-...", "cuda:1": "1"), "cpu" to "".

    A device of another make has none.
    """
    found: dict[str, Meter] = {}
    for name, nvml in devices.items():
        if name == "cpu":
            found[name] = Rapl(root)
        elif name.startswith("cuda") and nvml:
            found[name] = Nvml(int(nvml) if nvml.isdigit() else nvml)
    return found


@dataclass
class Reading:
    """The energy of one piece of work; joules is set when it has ended, None where it could not be read."""

    joules: float | None = None
    _sum: float = 0.0
    _whole: bool = True


@dataclass
class _Device:
    meter: Meter
    running: list[Reading] = field(default_factory=list)
    last: float | None = None
    watts: float | None = None
    marked: tuple[float, float] | None = None


class Energy:
    """Splits what the meters count between the pieces of work that run at the same time, in equal parts. Thread-safe.

    Between any two starts or ends of pieces on a device, each piece that runs there gets the device's joules divided by their
    number. The parts of all pieces add up to what the device used while at least one ran; what it used meanwhile for anything
    else is in them. One instance must see every piece of a device, so it belongs into the process that hands out the work.

    Args:
        meters: by device name. A device without one is unreadable.
        clock: seconds that only rise.
    """

    def __init__(self, meters: Mapping[str, Meter], clock: Callable[[], float] = time.monotonic) -> None:
        self._devices = {name: _Device(meter) for name, meter in meters.items()}
        self._clock = clock
        self._guard = threading.Lock()

    @contextmanager
    def measure(self, device: str) -> Iterator[Reading]:
        """One piece of work on a device. For a batch, divide its joules by the number of outputs."""
        reading, found = Reading(), self._devices.get(device)
        if found is None:
            yield reading
            return
        with self._guard:
            _settle(found)
            found.running.append(reading)
        try:
            yield reading
        finally:
            with self._guard:
                _settle(found)
                # By identity: two readings of the same sum are equal.
                found.running = [other for other in found.running if other is not reading]
                reading.joules = reading._sum if reading._whole else None

    def watts(self, device: str) -> float | None:
        """What the device draws: the average since this was last asked, half a second ago or longer.

        None when asked first, and where it cannot be read.
        """
        found = self._devices.get(device)
        if found is None:
            return None
        with self._guard:
            now = self._clock()
            if found.marked is not None and now - found.marked[0] < WATTS_SECONDS:
                return found.watts
            joules = found.meter.read()
            if joules is None:
                found.watts = found.marked = None
                return None
            if found.marked is not None:
                found.watts = max(joules - found.marked[1], 0.0) / (now - found.marked[0])
            found.marked = (now, joules)
            return found.watts


def _settle(device: _Device) -> None:
    """Give the joules since the last start or end to those that ran meanwhile."""
    now = device.meter.read()
    if device.running:
        if now is None or device.last is None:
            for reading in device.running:
                reading._whole = False
        else:
            share = max(now - device.last, 0.0) / len(device.running)
            for reading in device.running:
                reading._sum += share
    device.last = now
