"""The shipped catalogue is complete and honest, and a faulty one is refused with the entry's name."""

from __future__ import annotations

from pathlib import Path

import pytest

from domain.errors import InputError, NotFound
from domain.model import ArchiveSource, HubSource, ModelFile, Task
from domain.settings import PROFILES
from pipelines.models.catalogue import Catalogue, distribution_of, is_pattern, package_name
from tests.pipelines.models.small_archives import painter, speaker


@pytest.fixture
def shipped(assets: Path) -> Catalogue:
    return Catalogue.read(assets / "models.toml")


def test_every_pinned_file_has_its_hash_size_and_a_source(shipped: Catalogue) -> None:
    for model in shipped.models:
        for file in model.files if model.pinned else ():
            assert len(file.sha256) == 64, f"{model.id} {file.name}"
            assert file.size > 0, f"{model.id} {file.name}"


def test_unpinned_entries_claim_no_hash_and_no_revision(shipped: Catalogue) -> None:
    unpinned = [model for model in shipped.models if not model.pinned]
    assert unpinned
    for model in unpinned:
        assert not any(file.sha256 for file in model.files), model.id
        assert not any(source.revision for source in model.sources if isinstance(source, HubSource)), model.id


def test_the_default_set_is_pinned_and_free_to_use_commercially(shipped: Catalogue) -> None:
    default = [shipped.get(model_id) for model_id in shipped.default_ids]
    assert {Task.CHAT, Task.EMBEDDING, Task.SPEECH, Task.RECOGNITION, Task.SOUNDFONT, Task.FONT, Task.ART} <= {
        model.task for model in default
    }
    for model in default:
        assert model.pinned and model.files, model.id
        assert model.commercial == "yes", model.id
    assert shipped.size(shipped.default_ids) < 2_000_000_000


def test_every_licence_file_named_is_shipped(shipped: Catalogue, assets: Path) -> None:
    for model in shipped.models:
        if model.pinned or model.licence_file:
            text = (assets / model.licence_file).read_text(encoding="utf-8")
            assert len(text) > 500, model.id
        else:
            assert model.terms, f"{model.id} has neither a licence text nor its terms in words"


def test_what_is_not_free_says_its_terms(shipped: Catalogue) -> None:
    for model in shipped.models:
        assert model.commercial != "unknown", model.id
        if model.commercial != "yes" or model.licence.startswith("CC-BY"):
            assert model.terms, model.id


def test_profiles_named_in_the_catalogue_exist(shipped: Catalogue) -> None:
    for model in shipped.models:
        assert set(model.profiles) <= set(PROFILES), model.id


def test_wheel_and_npm_packages_are_exact_versions(shipped: Catalogue) -> None:
    for model in shipped.models:
        for source in model.sources:
            if isinstance(source, ArchiveSource) and source.kind != "debian":
                for package in source.packages:
                    assert package != package_name(package), f"{model.id}: {package} has no version"


def test_all_kokoro_voices_are_listed(shipped: Catalogue) -> None:
    voices = [file for file in shipped.get("kokoro-82m-int8").files if file.name.startswith("voices/")]
    assert len(voices) == 54
    # 510 rows of 256 float32.
    assert {file.size for file in voices} == {510 * 256 * 4}


def test_hibari_comes_with_its_package(shipped: Catalogue) -> None:
    assert distribution_of(shipped.get("hibari")) == "hibari-tts"


def test_an_unknown_id_names_the_nearest(shipped: Catalogue) -> None:
    with pytest.raises(NotFound) as caught:
        shipped.get("kokoro-82m-int4")
    assert "kokoro-82m-int8" in caught.value.hint


def test_size_counts_each_model_once(shipped: Catalogue) -> None:
    one = shipped.size(["u2netp"])
    assert one == 4_574_861
    assert shipped.size(["u2netp", "u2netp"]) == one


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('[[model]]\nid = "x"\n', "x"),
        ('[[model]]\nid = "x"\nname = "X"\ntask = "juggling"\nlicence = "MIT"\n', "x.task"),
        ('[[model]]\nid = "x"\nname = "X"\ntask = "chat"\nlicence = "MIT"\ncolour = "red"\n', "x.colour"),
        ('[[model]]\nid = "x"\nname = "X"\ntask = "chat"\nlicence = "MIT"\n', "x"),
    ],
)
def test_a_faulty_entry_is_named(tmp_path: Path, text: str, named: str) -> None:
    path = tmp_path / "models.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        Catalogue.read(path)
    assert caught.value.field.startswith(named)


def test_broken_toml_is_an_error_with_the_file_name(tmp_path: Path) -> None:
    path = tmp_path / "models.toml"
    path.write_text("[[model]\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"models\.toml"):
        Catalogue.read(path)


def test_the_same_id_twice_is_refused() -> None:
    with pytest.raises(InputError, match="speaker more than once"):
        Catalogue([speaker(), speaker()])


@pytest.mark.parametrize("name", ["../escape.onnx", "/etc/passwd", ".hidden", "a\\b.onnx", "model.pth", "run.py", ""])
def test_a_file_name_that_could_escape_or_run_is_refused(name: str) -> None:
    bad = speaker().files[0].model_copy(update={"name": name})
    with pytest.raises(InputError, match="speaker"):
        Catalogue([speaker(files=(bad,))])


def test_a_pinned_entry_without_a_hash_is_refused() -> None:
    bad = speaker().files[0].model_copy(update={"sha256": ""})
    with pytest.raises(InputError, match="SHA-256"):
        Catalogue([speaker(files=(bad,))])


def test_pickled_weights_of_a_hub_repository_are_refused() -> None:
    with pytest.raises(InputError, match="safetensors"):
        Catalogue([painter(files=(ModelFile(name="pytorch_model.bin"),))])


def test_patterns_and_package_names() -> None:
    assert is_pattern("unet/*.json")
    assert not is_pattern("unet/config.json")
    assert [package_name(p) for p in ("a-b==1.0@cp311-none-any", "@scope/a@2.0", "plain", "@scope/a")] == [
        "a-b",
        "@scope/a",
        "plain",
        "@scope/a",
    ]
