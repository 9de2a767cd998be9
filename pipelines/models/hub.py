"""The model hub, through huggingface_hub: what a repository holds at a revision, and one file of it.

Listing happens in this process with short time limits; the download runs as the hub's own command, which resumes inside a
file and can be ended. Files are never loaded here.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from domain.progress import Progress
from domain.value import Value
from pipelines.models.clients import Arrived, SourceFailed, run_client

TIMEOUT_SECONDS = 10.0


class HubFile(Value):
    """sha256 is "" for small files that the hub keeps outside its large-file storage."""

    name: str
    size: int = 0
    sha256: str = ""


class HubListing(Value):
    """revision is the commit that "main" or the asked revision stood for."""

    revision: str
    files: tuple[HubFile, ...]


class HubClient:
    """endpoint: another address of the hub ("" is the library's own, or the person's HF_ENDPOINT)."""

    def __init__(self, endpoint: str = "") -> None:
        self._endpoint = endpoint

    def list(self, repository: str, revision: str) -> HubListing:
        """Raises SourceFailed when the hub cannot be reached, or the repository is absent or behind an account."""
        try:
            from huggingface_hub import HfApi
            from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, RepositoryNotFoundError, RevisionNotFoundError
        except ImportError as error:
            raise SourceFailed("huggingface_hub is not installed", "Run `pip install huggingface_hub`.") from error
        try:
            info = HfApi(endpoint=self._endpoint or None).model_info(
                repository, revision=revision or None, files_metadata=True, timeout=TIMEOUT_SECONDS
            )
        except GatedRepoError as error:
            raise SourceFailed(
                "the publisher asks for an account", "Accept the terms on the model's page, then run `hf auth login`."
            ) from error
        except (RepositoryNotFoundError, RevisionNotFoundError) as error:
            raise SourceFailed(f"the hub has no {repository} at {revision or 'main'}") from error
        except HfHubHTTPError as error:
            raise SourceFailed(f"the hub answered: {_line(error)}") from error
        except Exception as error:
            # What a failed connection raises belongs to the HTTP library, which differs between releases of huggingface_hub.
            raise SourceFailed(f"the hub cannot be reached: {_line(error)}", "Check the connection.") from error
        files = tuple(
            HubFile(name=item.rfilename, size=item.size or 0, sha256=item.lfs.sha256 if item.lfs else "") for item in info.siblings or ()
        )
        return HubListing(revision=info.sha or revision, files=files)

    def fetch(self, repository: str, revision: str, name: str, folder: Path, progress: Progress, arrived: Arrived) -> Path:
        """Download one file into `folder`/`name`. What an earlier, interrupted call left there is continued."""
        folder.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "huggingface_hub.cli.hf", "download", repository, name, "--quiet", f"--local-dir={folder}"]
        run_client([*command, *([f"--revision={revision}"] if revision else [])], folder, progress, arrived, self._environment())
        target = folder / name
        if not target.is_file():
            raise SourceFailed(f"the hub's client left no {name}")
        return target

    def _environment(self) -> Mapping[str, str]:
        quiet = {"HF_HUB_DISABLE_TELEMETRY": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1", "HF_HUB_DISABLE_UPDATE_CHECK": "1"}
        return {**quiet, "HF_ENDPOINT": self._endpoint} if self._endpoint else quiet


def _line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
