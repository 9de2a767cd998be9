from __future__ import annotations

from pathlib import Path

import pytest

from domain.errors import InputError
from domain.settings import Settings


def test_nothing_set_gives_loopback_and_the_home_folder() -> None:
    settings = Settings.from_environment({}, Path("/u"))
    assert (settings.host, settings.port, settings.home) == ("127.0.0.1", 7860, Path("/u/.maquette"))
    assert settings.database_url == "sqlite:////u/.maquette/maquette.db"


def test_a_port_that_is_no_number_names_the_variable() -> None:
    with pytest.raises(InputError, match="MAQUETTE_PORT"):
        Settings.from_environment({"MAQUETTE_PORT": "70k"}, Path("/u"))


def test_an_unknown_profile_lists_the_known_ones() -> None:
    with pytest.raises(InputError, match="embedded"):
        Settings.from_environment({"MAQUETTE_PROFILE": "warp"}, Path("/u"))


def test_secrets_do_not_show_when_printed() -> None:
    settings = Settings.from_environment({"MAQUETTE_PASSWORD": "hunter22", "MAQUETTE_CHAT_KEY": "sk-1"}, Path("/u"))
    assert "hunter22" not in repr(settings)
    assert "sk-1" not in repr(settings)


@pytest.mark.parametrize("name", ["what?", "50%20", "a#b", "with space", "家"])
def test_a_databases_url_means_its_file_whatever_the_home_is_called(name: str) -> None:
    from sqlalchemy import make_url

    settings = Settings(home=Path("/u") / name, cache=Path("/c"))
    assert make_url(settings.database_url).database == f"/u/{name}/maquette.db"
    assert make_url(settings.runs_url).database == str(settings.runs_file) == f"/u/{name}/runs.db"
