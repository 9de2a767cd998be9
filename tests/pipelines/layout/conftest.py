"""Pictures and makers for layout tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from domain.capability import StepKind
from domain.progress import Silent
from domain.recipe import InputFile, Output, Recipe, Work
from domain.value import JsonValue
from pipelines.layout.banner import Banner
from pipelines.models.catalogue import Catalogue
from pipelines.models.store import ModelStore

Make = Callable[..., Output]


@pytest.fixture(scope="session")
def bare_banner(assets: Path, tmp_path_factory: pytest.TempPathFactory) -> Banner:
    """A banner maker on a machine where nothing was pulled."""
    return Banner(ModelStore(Catalogue.read(assets / "models.toml"), tmp_path_factory.mktemp("empty")), assets)


@pytest.fixture(scope="session")
def full_banner(assets: Path, store: ModelStore) -> Banner:
    """A banner maker with the Chinese font; its tests are marked `models`."""
    return Banner(store, assets)


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A subject right of the middle at dusk, one left at noon, pure noise (no calm place anywhere), white, and black."""
    folder = tmp_path_factory.mktemp("pictures")
    made = {
        "dusk": _scene((255, 170, 90), (60, 30, 110), (230, 60, 60), 0.66),
        "noon": _scene((250, 245, 235), (190, 225, 245), (20, 120, 90), 0.35),
        "noise": Image.fromarray(np.random.default_rng(1).integers(0, 256, (400, 400, 3), dtype=np.uint8)),
        "white": Image.new("RGB", (640, 400), "white"),
        "black": Image.new("RGB", (400, 640), "black"),
    }
    for name, picture in made.items():
        picture.save(folder / f"{name}.png")
    return {name: folder / f"{name}.png" for name in made}


def _scene(low: tuple[int, int, int], high: tuple[int, int, int], subject: tuple[int, int, int], x: float) -> Image.Image:
    side = 512
    down = np.linspace(0, 1, side)[:, None, None]
    picture = Image.fromarray((np.array(high) * (1 - down) + np.array(low) * down).repeat(side, axis=1).astype(np.uint8))
    ImageDraw.Draw(picture).ellipse([side * (x - 0.15), side * 0.3, side * (x + 0.15), side * 0.65], fill=subject)
    return picture


@pytest.fixture
def make(bare_banner: Banner) -> Make:
    """Make one banner: make(picture=..., logo=..., seed=..., banner=..., **parameters)."""

    def made(
        *, picture: Path | None = None, logo: Path | None = None, seed: int = 1, banner: Banner | None = None, **parameters: JsonValue
    ) -> Output:
        values: dict[str, JsonValue] = {
            "headline": "Slow brewed for fast mornings",
            "body": "Twelve hours in cold water. Nothing added, nothing rushed.",
            "cta": "Try it free",
            "brand": "Halcyon",
            "width": 1200,
            "height": 628,
        }
        inputs = [("picture", picture), ("logo", logo)]
        files = tuple(InputFile(role, path, "image/png") for role, path in inputs if path is not None)
        recipe = Recipe(kind=StepKind.LAYOUT, maker="banner", maker_version=1, seed=seed, parameters=values | parameters)
        return (banner or bare_banner).generate([Work(recipe, files)], Silent())[0]

    return made
