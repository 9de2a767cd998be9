"""What labels survive and cost: python -m benchmarks.labels [PART ...] [--small] [--write]. Exits with 1 when a part finds anything wrong.

mark      the invisible mark: read after what happens to pictures, how little it changes them, how long it takes
unmarked  pictures without a mark, and with that of another studio: in how many one is found (none is right)
formats   every format of the table: by whom the labels are read back, and how long labelling and signing take

Pictures are drawn from seeds (tests/pipelines/labels/scenes.py): flat ones as illustrators draw, and grown ones with the statistics of
photographs; and those of docs/gallery and docs/screenshots. --write puts the tables into docs/labels.md.
"""

from __future__ import annotations

import argparse
import io
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter

from pipelines.labels.authority import Authority
from pipelines.labels.credentials import Claim, signed
from pipelines.labels.explicit import Explicit
from pipelines.labels.formats import Formats, labelled
from pipelines.labels.second import READERS
from pipelines.labels.watermark import Watermark
from tests.pipelines.labels.samples import MARKS, SAMPLES
from tests.pipelines.labels.scenes import flat, grown

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "labels.md"
BEGIN, END = "<!-- measured: begin (written by python -m benchmarks.labels --write) -->", "<!-- measured: end -->"
NUMBER = 123_456_789
MARK, OTHER = Watermark(b"k" * 32), Watermark(b"o" * 32)
#: Kinds of pictures and, of each, sizes that pictures are made in.
SIZES = ((1024, 1024), (768, 768), (1216, 832), (768, 512), (512, 512))
Attack = Callable[[Image.Image], Image.Image]


def saved(form: str, quality: int) -> Attack:
    def attack(picture: Image.Image) -> Image.Image:
        out = io.BytesIO()
        picture.save(out, form, quality=quality)
        return Image.open(io.BytesIO(out.getvalue())).convert("RGB")

    return attack


def sized(factor: float) -> Attack:
    def attack(picture: Image.Image) -> Image.Image:
        return picture.resize((round(picture.width * factor), round(picture.height * factor)), Image.Resampling.LANCZOS)

    return attack


def cropped(share: float) -> Attack:
    """Without this share of each side, from a place that is no round number."""

    def attack(picture: Image.Image) -> Image.Image:
        wide, high = round(picture.width * (1 - share)), round(picture.height * (1 - share))
        left, top = int((picture.width - wide) * 0.37), int((picture.height - high) * 0.71)
        return picture.crop((left, top, left + wide, top + high))

    return attack


def chained(*attacks: Attack) -> Attack:
    def attack(picture: Image.Image) -> Image.Image:
        for one in attacks:
            picture = one(picture)
        return picture

    return attack


ATTACKS: dict[str, Attack] = {
    "saved as PNG again (a screenshot)": saved("PNG", 0),
    "JPEG, quality 90": saved("JPEG", 90),
    "JPEG, quality 75": saved("JPEG", 75),
    "JPEG, quality 50": saved("JPEG", 50),
    "WebP, quality 80": saved("WEBP", 80),
    "half the size": sized(0.5),
    "three quarters of the size": sized(0.75),
    "twice the size": sized(2.0),
    "a tenth of each side cropped": cropped(0.1),
    "a quarter of each side cropped": cropped(0.25),
    "a quarter brighter": lambda one: ImageEnhance.Brightness(one).enhance(1.25),
    "a quarter darker": lambda one: ImageEnhance.Brightness(one).enhance(0.75),
    "blurred, radius 1": lambda one: one.filter(ImageFilter.GaussianBlur(1)),
    "blurred, radius 2": lambda one: one.filter(ImageFilter.GaussianBlur(2)),
    "half the size, then JPEG 75": chained(sized(0.5), saved("JPEG", 75)),
    "a tenth cropped, three quarters, JPEG 75": chained(cropped(0.1), sized(0.75), saved("JPEG", 75)),
    "mirrored": lambda one: one.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
    "turned by 2 degrees": lambda one: one.rotate(2, Image.Resampling.BICUBIC),
}


def own(count: int) -> list[Image.Image]:
    """Pictures of docs/gallery and docs/screenshots: contact sheets of drawings, and pages."""
    files = [*sorted((ROOT / "docs" / "gallery").glob("*.webp")), *sorted((ROOT / "docs" / "screenshots").glob("*.png"))]
    step = max(1, len(files) // count)
    return [Image.open(file).convert("RGB") for file in files[::step][:count]]


def mark(small: bool) -> tuple[list[str], bool]:
    count = 2 if small else 8
    kinds = {
        "flat": [flat(seed, SIZES[seed % len(SIZES)]) for seed in range(count)],
        "grown": [grown(seed, SIZES[seed % len(SIZES)]) for seed in range(count)],
        "own": own(count),
    }
    read: dict[str, dict[str, int]] = {name: {} for name in ATTACKS}
    psnr: dict[str, list[float]] = {}
    times: dict[str, list[float]] = {"write": [], "read": [], "none": []}
    for kind, pictures in kinds.items():
        psnr[kind] = []
        for picture in pictures:
            began = time.process_time()
            made = MARK.on(picture, NUMBER)
            times["write"].append(time.process_time() - began)
            change = np.asarray(made).astype(float) - np.asarray(picture)
            psnr[kind].append(10 * np.log10(255**2 / np.mean(change**2)))
            began = time.process_time()
            MARK.found(picture)
            times["none"].append(time.process_time() - began)
            for name, attack in ATTACKS.items():
                given = attack(made)
                began = time.process_time()
                found = MARK.found(given)
                times["read"].append(time.process_time() - began)
                read[name][kind] = read[name].get(kind, 0) + (found is not None and found.number == NUMBER)
    lines = [
        f"| the mark is read after | {' | '.join(f'{kind}, of {len(pictures)}' for kind, pictures in kinds.items())} |",
        "|---|" + "---:|" * len(kinds),
        *(f"| {name} | {' | '.join(str(rows[kind]) for kind in kinds)} |" for name, rows in read.items()),
        "",
        "PSNR against the picture without it, the middle one (the lowest): "
        + "; ".join(f"{kind} {statistics.median(rows):.1f} dB ({min(rows):.1f})" for kind, rows in psnr.items())
        + ".",
        "",
        f"Of one core it takes {1000 * statistics.median(times['write']):.0f} ms to write (median; without saving the file), "
        f"{1000 * statistics.median(times['read']):.0f} ms to read, {1000 * statistics.median(times['none']):.0f} ms to find none.",
    ]
    return lines, read["saved as PNG again (a screenshot)"] == {kind: len(pictures) for kind, pictures in kinds.items()}


def unmarked(small: bool) -> tuple[list[str], bool]:
    count = 20 if small else 1000
    wrong = looked = strangers = 0
    for seed, picture in enumerate(_unmarked(count)):
        looked += 1
        if looked % 100 == 0:
            print(f"{wrong} of {looked} and {strangers}", file=sys.stderr, flush=True)
        wrong += MARK.found(picture) is not None
        if seed % 10 == 0:
            strangers += 1
            wrong += MARK.found(OTHER.on(picture, seed)) is not None
    line = f"Found in {wrong} of {looked} pictures without a mark and of {strangers} with that of another studio."
    return [line], wrong == 0


def _unmarked(count: int) -> Iterator[Image.Image]:
    files = own(min(80, count // 4))
    yield from files
    for seed in range(count - len(files)):
        size = ((512, 512), (480, 320), (300, 400), (640, 360))[seed % 4]
        yield (flat if seed % 2 else grown)(10_000 + seed, size)


def formats(small: bool) -> tuple[list[str], bool]:
    assets = ROOT / "assets"
    explicit = Explicit((assets / "labels" / "lettering.svg").read_text(encoding="utf-8"))
    lines = ["| format | second reader at export | labels | seen or heard | credentials |", "|---|---|---:|---:|---:|"]
    with tempfile.TemporaryDirectory() as folder:
        signer = Authority(Path(folder)).signer()
        for row in Formats.of(assets).rows:
            if not row.embeds:
                continue
            data = SAMPLES[row.id]()
            cells = [_timed(lambda row=row, data=data: labelled(data, row, MARKS), small)]  # type: ignore[misc]
            cells.append(_timed(lambda row=row, data=data: explicit.shown(data, row.id), small) if row.explicit else "–")  # type: ignore[misc]
            whole, claim = labelled(data, row, MARKS), Claim("a", MARKS.source_type)
            cells.append(
                _timed(lambda row=row, whole=whole, claim=claim: signed(whole, row.media_types[0], claim, signer), small)  # type: ignore[misc]
                if row.c2pa
                else "–"
            )
            lines.append(f"| {row.name} | {READERS.get(row.id, 'none')} | {' | '.join(cells)} |")
    lines += ["", "Times of one core for small files, the quickest of several; the library of C2PA reads back what it signed besides."]
    return lines, True


def _timed(work: Callable[[], bytes], small: bool) -> str:
    best = float("inf")
    for _ in range(2 if small else 7):
        began = time.process_time()
        work()
        best = min(best, time.process_time() - began)
    return f"{1000 * best:.1f} ms"


PARTS: dict[str, Callable[[bool], tuple[list[str], bool]]] = {"mark": mark, "unmarked": unmarked, "formats": formats}


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.labels", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("part", nargs="*", choices=[*PARTS, []], help="which parts (all)")
    parser.add_argument("--small", action="store_true", help="a few pictures: proves that it runs")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/labels.md")
    given = parser.parse_args(arguments)
    lines = [f"`python -m benchmarks.labels`, {date.today().isoformat()}, {os.cpu_count()} cores, {_processor()}.", ""]
    fine = True
    for name in given.part or PARTS:
        told, right = PARTS[name](given.small)
        print("\n".join(told), flush=True)
        lines += [*told, ""]
        fine = fine and right
    if given.write:
        page = PAGE.read_text(encoding="utf-8")
        before, after = page.split(BEGIN)[0], page.split(END)[1]
        PAGE.write_text(before + BEGIN + "\n\n" + "\n".join(lines) + "\n" + END + after, encoding="utf-8")
    return 0 if fine else 1


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.machine()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
