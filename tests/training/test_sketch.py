"""The training of maquette-sketch, all of its way at a tiny size, with the real art and the real text encoder."""

from __future__ import annotations

import csv
import io
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from domain.capability import StepKind
from domain.errors import InputError, ModelMissing
from domain.model import FolderSource, Model, ModelFile, Task
from domain.progress import Silent
from domain.recipe import Recipe as Order
from domain.recipe import Work
from pipelines.devices import Devices
from pipelines.image.diffusion import Diffusion
from pipelines.models.cards import offered
from pipelines.models.catalogue import Catalogue
from pipelines.models.profiles import GB, Hardware, choose
from pipelines.models.store import ModelStore
from pipelines.worker import users
from tests.pipelines.image.tiny_models import FAMILIES
from training.sketch import card, data, export, gate, travel, unet, vae
from training.sketch.__main__ import main
from training.sketch.drawings import Studio, permitted_models
from training.sketch.judge import nearness, seen_colour
from training.sketch.loop import Loop, read_state
from training.sketch.pairs import Pairs
from training.sketch.recipe import Recipe, Words

pytestmark = [
    pytest.mark.models,
    # diffusers' samplers hand a torch tensor to numpy 2, which wants a newer protocol than torch implements
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"),
]
LAPTOP = Hardware(ram=16 * GB, cores=4)


def tiny() -> Recipe:
    """The shipped recipe with small numbers."""
    whole = Recipe.read().model_dump()
    whole["data"] |= {"side": 64, "pairs": 12, "check": 4, "shard": 4}
    whole["vae"] |= {"width": 8, "blocks": 1, "batch": 4, "steps": 16, "rate": 6e-3, "crop": 32, "warm": 1, "ema": 0.9}
    whole["unet"] |= {"channels": (16, 32), "heads": (2, 2), "layers": 1, "batch": 4, "steps": 6, "warm": 1}
    whole["gate"] |= {"pictures": 1, "steps": 2, "comparisons": 4, "renders": 4, "judge_steps": 4, "judge_batch": 4}
    return Recipe.model_validate(whole)


def few_words() -> Words:
    whole = Words.read().model_dump()
    whole["gate"]["nouns"] = ("fox", "rocket", "rose", "umbrella")
    return Words.model_validate(whole)


RECIPE, WORDS = tiny(), few_words()


@pytest.fixture(scope="module")
def place(assets: Path, cache: Path, tmp_path_factory: pytest.TempPathFactory) -> data.Place:
    return data.Place(assets, cache / "models", tmp_path_factory.mktemp("sketch"))


@pytest.fixture(scope="module")
def text(place: data.Place) -> Path:
    return place.models / RECIPE.text_encoder


@pytest.fixture(scope="module")
def trained(place: data.Place, text: Path) -> data.Place:
    """All of the way: pairs, autoencoder, denoiser, export. Trained in one run, without a stop."""
    assert data.render(place, RECIPE, WORDS)
    assert vae.train(place.work, RECIPE, "cpu").done
    assert unet.train(place.work, RECIPE, text, "cpu").done
    export.export(place.work, RECIPE, text)
    return place


def tensors(path: Path) -> dict[str, torch.Tensor]:
    return load_file(str(path))


def same(one: Path, other: Path) -> bool:
    mine, theirs = tensors(one), tensors(other)
    return mine.keys() == theirs.keys() and all(torch.equal(mine[name], theirs[name]) for name in mine)


def test_pairs_are_the_same_wherever_and_however_often_they_are_made(trained: data.Place, tmp_path: Path) -> None:
    again = data.Place(trained.assets, trained.models, tmp_path)
    assert not data.render(again, RECIPE, WORDS, seconds=1e-9), "no time, and so not done"
    data.render(again, RECIPE, WORDS)
    assert data.captions(tmp_path, "learn") == data.captions(trained.work, "learn")
    assert np.array_equal(data.pictures(tmp_path, "learn"), data.pictures(trained.work, "learn"))
    assert data.pictures(tmp_path, "learn").shape == (12, 64, 64, 3)
    assert len(set(data.captions(tmp_path, "learn"))) > 6


def test_pairs_of_another_recipe_are_not_mixed_in(trained: data.Place) -> None:
    other = RECIPE.model_copy(update={"seed": RECIPE.seed + 1})
    with pytest.raises(InputError, match="another recipe"):
        data.render(trained, other, WORDS)


def test_only_art_under_the_permitted_licences_is_learnt_from(place: data.Place) -> None:
    studio = Studio(place.assets, place.models, ["Apache-2.0"])
    assert {one.licence for one in studio.sets.values()} == {"Apache-2.0"}
    assert all(d.set_id in studio.sets for concept in studio.library.concepts for d in studio.drawings(concept))
    with pytest.raises(ModelMissing, match="WTFPL"):
        permitted_models(place.assets, place.models, ["WTFPL"])


def test_what_is_held_back_is_never_learnt_and_is_asked_for_in_the_gate(place: data.Place) -> None:
    pairs = Pairs(Studio(place.assets, place.models, RECIPE.data.licences), RECIPE, WORDS)
    assert any(pairs.hidden_noun(c.name) for c in pairs._known)
    assert not any(pairs.hidden_noun(c.name) for c in pairs.concepts)
    asked = pairs.combinations(40)
    assert len(asked) == 40
    for one in asked:
        subject = one.scene.subjects[0]
        colour = next(name for name, code in WORDS.colours.items() if code == subject.colour)
        assert pairs.hidden(subject.what, colour) or pairs.hidden(subject.what, one.scene.setting.value)


def test_every_noun_of_the_gate_can_be_drawn(place: data.Place) -> None:
    words = Words.read()
    known = {c.name for c in Pairs(Studio(place.assets, place.models, RECIPE.data.licences), RECIPE, words).things}
    assert not [noun for noun in words.gate.nouns if noun not in known]
    assert len(set(words.gate.nouns)) == 100


@pytest.mark.parametrize("part", [vae.STATE, unet.STATE])
def test_a_run_in_pieces_ends_as_a_run_in_one(trained: data.Place, text: Path, tmp_path: Path, part: str) -> None:
    for name in ("data", vae.FACTS, vae.LATENTS):
        (tmp_path / name).symlink_to(trained.work / name)

    def go_on(until: int) -> Any:
        if part == vae.STATE:
            return vae.train(tmp_path, RECIPE, "cpu", until=until)
        return unet.train(tmp_path, RECIPE, text, "cpu", until=until)

    if part == vae.STATE:
        (tmp_path / vae.FACTS).unlink()
        (tmp_path / vae.LATENTS).unlink()
    assert (go_on(2).step, go_on(5).step) == (2, 5)
    assert not same(tmp_path / part, trained.work / part)
    assert go_on(0).done
    assert same(tmp_path / part, trained.work / part)


def test_a_state_of_another_recipe_is_refused(trained: data.Place, text: Path) -> None:
    other = RECIPE.model_copy(update={"unet": RECIPE.unet.model_copy(update={"rate": 1e-5})})
    with pytest.raises(InputError, match="another recipe"):
        unet.train(trained.work, other, text, "cpu")


@pytest.mark.parametrize("part", ["vae", "unet"])
def test_the_loss_falls_on_a_batch_seen_again_and_again(trained: data.Place, tmp_path: Path, part: str) -> None:
    torch.manual_seed(3)
    plan: Any = getattr(RECIPE, part).model_copy(update={"steps": 30, "rate": 4e-3, "settle": 0.1})
    pictures = torch.from_numpy(data.pictures(trained.work, "learn"))[:4]
    inner: Any = vae._Loss(pictures, plan, "cpu")
    model = vae.build(plan) if part == "vae" else unet.build(plan, 64)
    if part == "unet":
        latents = torch.from_numpy(np.load(trained.work / vae.LATENTS))[:4]
        inner = unet.Loss(latents, unet.read_scale(trained.work, RECIPE), torch.randn(5, RECIPE.tokens, 384), plan, "cpu")
    seen: list[float] = []

    def loss(called: torch.nn.Module, chance: torch.Generator) -> torch.Tensor:
        value = inner(called, chance.manual_seed(1))
        seen.append(float(value.detach()))
        return value

    Loop(model, plan, loss, tmp_path / "state.safetensors", 1, "mark", "cpu").run()
    assert np.mean(seen[-5:]) < 0.8 * np.mean(seen[:3])


def test_the_export_is_an_ordinary_folder_that_makes_a_picture(trained: data.Place) -> None:
    from diffusers import AutoPipelineForImage2Image, AutoPipelineForText2Image

    folder = trained.work / "model"
    assert not [p for p in folder.rglob("*") if p.suffix in (".py", ".bin", ".pt")]
    pipe = AutoPipelineForText2Image.from_pretrained(str(folder), local_files_only=True)
    pipe.set_progress_bar_config(disable=True)
    assert type(pipe).__name__ == "StableDiffusionPipeline"
    made = pipe("a red fox", width=64, height=64, num_inference_steps=3, output_type="np").images
    assert made.shape == (1, 64, 64, 3) and np.isfinite(made).all()
    again = AutoPipelineForImage2Image.from_pipe(pipe)
    start = Image.new("RGB", (64, 64), "#88aaff")
    assert again("a red fox", image=start, strength=0.6, num_inference_steps=4, output_type="np").images.shape == (1, 64, 64, 3)


def test_the_pipeline_reads_captions_as_the_training_did(trained: data.Place, text: Path) -> None:
    from training.sketch.text import CaptionEncoder

    pipe = export.loaded(trained.work / "model", "cpu")
    words, empty = pipe.encode_prompt("a purple dragon", "cpu", 1, True)
    mine = CaptionEncoder(text, RECIPE.tokens).states(["a purple dragon", ""])
    assert torch.allclose(words[0], mine[0], atol=1e-5)
    assert torch.allclose(empty[0], mine[1], atol=1e-5)


def test_the_studio_s_own_picture_maker_makes_a_picture_of_it(trained: data.Place, tmp_path: Path) -> None:
    folder = trained.work / "model"
    names = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
    model = Model(
        id=export.ID,
        name="Sketch",
        task=Task.PICTURE,
        licence="Apache-2.0",
        pinned=False,
        files=tuple(ModelFile(name=name) for name in names),
        sources=(FolderSource(path=str(folder)),),
    )
    store = ModelStore(Catalogue([model]), tmp_path)
    store.pull(export.ID, Silent())
    values: Any = {"prompt": "a red fox in a forest", "width": 64, "height": 64, "steps": 3}
    order = Order(kind=StepKind.PICTURE, maker="diffusion", maker_version=1, seed=1, parameters=values)
    maker = Diffusion(store, Devices(2_000_000_000), export.ID, "cpu", families=FAMILIES, dtype="float32")
    made = maker.generate([Work(order)], Silent())[0]
    assert Image.open(io.BytesIO(made.main.data)).size == (64, 64)


def test_what_is_stored_leaves_the_text_encoder_to_the_store(trained: data.Place, tmp_path: Path) -> None:
    folder = trained.work / "model"
    (tmp_path / "assets").mkdir()
    target = tmp_path / "assets" / "models" / export.ID
    target.mkdir(parents=True)
    (target / "card.toml").write_text("kept")
    assert export.keep(folder, target) < 32_000_000
    assert (target / "card.toml").read_text() == "kept"
    assert not (target / export.TEXT_WEIGHTS).exists()
    # the entry that takes the place of the weightless one: every file pinned, and found by the store
    known = Catalogue.read(trained.assets / "models.toml")
    head = f'[[model]]\nid = "{export.ID}"\nname = "S"\ntask = "picture"\nlicence = "Apache-2.0"\n'
    (tmp_path / "assets" / "models.toml").write_text(head + export.entry(folder, known.get(RECIPE.text_encoder)))
    entry = Catalogue.read(tmp_path / "assets" / "models.toml").get(export.ID)
    assert {file.name for file in entry.files} == {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    assert any(isinstance(s, FolderSource) and Path(s.path) == target for s in entry.sources)


def test_a_tiny_model_fails_the_gate_and_its_card_says_so(trained: data.Place) -> None:
    verdict = gate.Gate(trained, RECIPE, WORDS, "cpu").measure()
    assert not verdict.passed
    found = {test.name: test for test in verdict.tests}
    assert not found["recognition"].passed(RECIPE.gate)
    assert found["preference"].value is None and not found["preference"].passed(RECIPE.gate)
    told = tomllib.loads(card.card(trained, RECIPE, (6, 6), verdict))
    assert told["state"] == "trained"
    assert told["gate"]["passed"] is False
    assert told["gate"]["recognition"]["count"] == 4
    assert set(told["gate"]["files"]) == {"unet/diffusion_pytorch_model.safetensors", "vae/diffusion_pytorch_model.safetensors"}
    assert {one["licence"] for one in told["data"]} <= set(RECIPE.data.licences)


def test_the_sheet_counts_only_when_it_is_filled_in_and_hides_who_drew_what(tmp_path: Path) -> None:
    ours, theirs = np.full((8, 8, 3), 10, np.uint8), np.full((8, 8, 3), 200, np.uint8)
    sheet = gate.Sheet(tmp_path, "mark", 1)
    sheet.write([(f"thing {i}", ours, theirs) for i in range(20)])
    assert sheet.read() == (None, 0)
    sides = []
    for number in range(1, 21):
        picture = np.asarray(Image.open(tmp_path / "mark" / f"{number:03d}.png"))
        sides.append("A" if picture[0, 0, 0] == 10 else "B")
    assert set(sides) == {"A", "B"}
    rows = [[str(number), "", side if number > 5 else "="] for number, side in enumerate(sides, start=1)]
    with (tmp_path / "mark" / "answers.csv").open("w", newline="") as out:
        csv.writer(out).writerows([["number", "caption", "better"], *rows])
    assert sheet.read() == (pytest.approx((15 + 2.5) / 20), 20)
    assert not gate.Trial("preference", 0.875, 0.5, 20).passed(RECIPE.gate), "twenty answers are too few"
    assert gate.Trial("preference", 0.875, 0.5, 100).passed(RECIPE.gate)
    assert not gate.Trial("recognition", 0.9, 0.7, 100, judge=0.5).passed(RECIPE.gate), "a judge that cannot see is not believed"


def test_colours_and_copies_are_seen() -> None:
    picture = np.full((32, 32, 3), 250, np.uint8)
    assert seen_colour(picture, WORDS.colours) == ""
    picture[8:24, 8:24] = (120, 60, 190)
    picture[8:24, 8:10] = 0
    assert seen_colour(picture, WORDS.colours) == "purple"
    chance = np.random.default_rng(1)
    learnt = chance.integers(0, 255, (5, 32, 32, 3), dtype=np.uint8)
    near = nearness(np.stack([learnt[2][:, ::-1], 255 - learnt[2]]), learnt)
    assert near[0] < 1e-2 < 10 < near[1]


def test_what_came_back_in_parcels_can_be_exported(trained: data.Place, text: Path, tmp_path: Path) -> None:
    written = travel.parcel(trained.work, RECIPE, tmp_path / "parcel")
    assert len(written) <= 8 and all(path.stat().st_size <= 15 * 2**20 for path in written)
    travel.unpack(tmp_path / "parcel", tmp_path / "work")
    assert read_state(tmp_path / "work" / unet.STATE, unet.mark(RECIPE))[0] == 6
    folder = export.export(tmp_path / "work", RECIPE, text)
    assert same(folder / "unet/diffusion_pytorch_model.safetensors", trained.work / "model/unet/diffusion_pytorch_model.safetensors")


def test_the_shipped_recipe_fits_what_may_be_stored() -> None:
    recipe = Recipe.read()
    with torch.device("meta"):
        parts = unet.build(recipe.unet, recipe.data.side), vae.build(recipe.vae)
    size = sum(2 * value.numel() for part in parts for value in part.parameters())
    # the tokenizer and the configurations take less than a megabyte
    assert 20_000_000 < size < export.MOST - 1_000_000


def test_the_command_says_what_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["vae", "--work", str(tmp_path), "--device", "cpu"]) == 1
    assert "training.sketch data" in capsys.readouterr().err


def test_the_untrained_model_is_listed_and_not_offered(assets: Path) -> None:
    model = Catalogue.read(assets / "models.toml").get(export.ID)
    assert model.task is Task.PICTURE and not model.profiles and not model.default
    told = tomllib.loads((assets / model.card).read_text())
    assert told["state"] == "not trained" and told["gate"]["passed"] is False
    assert not offered(model, assets)
    assert not users(set(), lambda one: offered(one, assets))(model)


@pytest.mark.parametrize(
    ("text", "may"),
    [
        ('state = "trained"\n[gate]\npassed = true\n', True),
        ('state = "trained"\n[gate]\npassed = false\n', False),
        ('state = "not trained"\n[gate]\npassed = true\n', False),
        ('state = "trained"\ngate = "passed"\n', False),
        ("state =", False),
    ],
)
def test_it_is_offered_only_by_a_card_that_says_it_passed(assets: Path, tmp_path: Path, text: str, may: bool) -> None:
    model = Catalogue.read(assets / "models.toml").get(export.ID)
    (tmp_path / model.card).parent.mkdir(parents=True)
    (tmp_path / model.card).write_text(text)
    assert offered(model, tmp_path) is may
    chosen = choose(Catalogue.read(assets / "models.toml"), "embedded", LAPTOP, lambda _: True, {}, lambda one: offered(one, tmp_path))
    assert Task.PICTURE not in chosen, "even then nothing chooses it but a person"
    wished = choose(
        Catalogue.read(assets / "models.toml"),
        "embedded",
        LAPTOP,
        lambda _: True,
        {"picture": export.ID},
        lambda one: offered(one, tmp_path),
    )
    assert (Task.PICTURE in wished) is may
