"""Commands on consents: `consents add`, `consents list`, `consents revoke`."""

from __future__ import annotations

import argparse
import contextlib
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from domain.brief import ATTACHMENT_MAX_BYTES
from domain.consent import ConsentScope, VoiceConsent
from domain.errors import InputError

if TYPE_CHECKING:
    from web.cli import Entry


def add_consent_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    consents = commands.add_parser("consents", help="who allows their voice to be used")
    actions = consents.add_subparsers(required=True, metavar="ACTION")
    add = actions.add_parser("add", help="record that a person allows the use of their voice")
    add.add_argument("person", help="whose voice it is")
    add.add_argument("recording", type=Path, help="the recording the consent is about (WAV, MP3, FLAC or Ogg); its hash is kept")
    add.add_argument("--proof", required=True, help="what shows it, and where that is kept")
    add.add_argument("--days", type=int, default=365, help="how long it holds (365)")
    add.add_argument("--commercial", action="store_true", help="for commercial use too")
    add.add_argument("--territory", default="", help="where in the world it may be heard; everywhere without it")
    add.add_argument("--keep", action="store_true", help="keep the recording too, so that an engine can take the voice from it")
    add.add_argument("--project", default="", help="id of the only project it holds in")
    add.set_defaults(run=_add)
    listed = actions.add_parser("list", help="every record")
    listed.set_defaults(run=_list)
    revoke = actions.add_parser("revoke", help="write down that a person took it back")
    revoke.add_argument("id")
    revoke.set_defaults(run=_revoke)


def _add(arguments: argparse.Namespace, entry: Entry, console: Console) -> int:
    try:
        if arguments.recording.stat().st_size > ATTACHMENT_MAX_BYTES:
            raise InputError(
                "{recording} has more than 25 MB.", hint="Cut it, or save it as MP3.", field="recording", recording=arguments.recording.name
            )
        recording = arguments.recording.read_bytes()
    except OSError as error:
        raise InputError(
            "{recording} cannot be read: {strerror}.",
            hint="Check the path.",
            field="recording",
            recording=arguments.recording,
            strerror=error.strerror,
        ) from error
    scope = ConsentScope.COMMERCIAL if arguments.commercial else ConsentScope.PROJECT
    with contextlib.closing(entry.open_studio(entry.settings)) as studio:
        made = studio.consents.add(
            arguments.person,
            arguments.proof,
            recording,
            days=arguments.days,
            scope=scope,
            project_id=arguments.project,
            territory=arguments.territory,
            keep=arguments.keep,
        )
    console.print(f"{made.id}: {made.person}, until {made.expires:%Y-%m-%d}", highlight=False, markup=False)
    return 0


def _list(arguments: argparse.Namespace, entry: Entry, console: Console) -> int:
    table = Table("id", "person", "for", "where", "state", "recording", "proof")
    with contextlib.closing(entry.open_studio(entry.settings)) as studio:
        for one in studio.consents.all():
            table.add_row(one.id, one.person, one.scope.value, one.territory or "everywhere", _state(one), one.audio[:12], one.proof)
    console.print(table)
    return 0


def _state(one: VoiceConsent) -> str:
    if one.revoked is not None:
        return f"taken back {one.revoked:%Y-%m-%d}"
    return f"{'ended' if one.expires <= datetime.now(UTC) else 'until'} {one.expires:%Y-%m-%d}"


def _revoke(arguments: argparse.Namespace, entry: Entry, console: Console) -> int:
    with contextlib.closing(entry.open_studio(entry.settings)) as studio:
        one = studio.consents.revoke(arguments.id)
    console.print(
        f"{one.id}: {one.person} took it back; its recording is deleted, and nothing is made with it any more.",
        highlight=False,
        markup=False,
    )
    return 0
