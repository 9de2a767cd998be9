"""Voices, cast, lexicon, lines and transcripts as JSON: find a voice and hear it, cast a character, speak a table, fix a line."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse, Response
from pydantic import Field

from domain.brand import CastMember
from domain.brief import ATTACHMENT_MAX_BYTES
from domain.dialogue import Character
from domain.value import Value
from studio.line_tables import LineReport, report_csv, report_json
from studio.studio import Studio
from web.bodies import JsonRoute, body_of_file

#: Served as sound only: nothing in it runs as a page.
SEALED = {"content-security-policy": "default-src 'none'; sandbox", "cache-control": "private, no-cache"}
Word = Annotated[str, Query(max_length=60)]
Form = Literal["csv", "json", "zip"]


class Audition(Value):
    """word and spelling: an entry of the lexicon to be tried. speed and style: as on the cast sheet."""

    text: str = Field(min_length=1, max_length=300)
    voice: str = Field(min_length=1, max_length=120)
    word: str = Field(default="", max_length=80)
    spelling: str = Field(default="", max_length=120)
    speed: float = Field(default=1.0, ge=0.5, le=2.0)
    style: str = Field(default="", max_length=120)


class People(Value):
    """asset: a dialogue whose characters are to be cast; or who they are."""

    asset: str = ""
    people: tuple[Character, ...] = Field(default=(), max_length=40)
    language: str = Field(default="en", pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")


class Entry(Value):
    """spelling "" takes the word out of the lexicon."""

    word: str = Field(min_length=1, max_length=80)
    spelling: str = Field(default="", max_length=120)


class Table(Value):
    """asset: a dialogue whose lines are spoken; or csv, a string table. choices: speak what the player reads too."""

    asset: str = ""
    csv: str = Field(default="", max_length=900_000)
    language: str = Field(default="en", pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")
    title: str = Field(default="Lines", min_length=1, max_length=120)
    choices: bool = False


class Fix(Value):
    """What is not given stays."""

    text: str | None = Field(default=None, max_length=5000)
    voice: str | None = Field(default=None, max_length=120)
    speed: float | None = Field(default=None, ge=0.5, le=2.0)
    note: str = Field(default="", max_length=2000)


def voices_router(studio: Studio) -> APIRouter:
    router = APIRouter(prefix="/api", route_class=JsonRoute)

    @router.get("/voices")
    def voices(
        engine: Word = "", language: Word = "", gender: Word = "", age: Word = "", tone: Word = "", licence: Word = ""
    ) -> list[dict[str, Any]]:
        found = studio.casting.find(engine=engine, language=language, gender=gender, age=age, tone=tone, licence=licence)
        return [one.voice.model_dump(mode="json") | {"installed": one.installed} for one in found]

    @router.get("/voices/sample")
    def sample(voice: Annotated[str, Query(max_length=300)]) -> FileResponse:
        """The sample of a voice or a blend, made now where nobody has asked for it yet."""
        return FileResponse(studio.casting.sample(voice), media_type="audio/wav", headers=SEALED)

    @router.post("/projects/{project_id}/audition")
    def audition(project_id: str, given: Audition, request: Request) -> Response:
        """The words as they leave the studio: labelled and signed."""
        made = studio.casting.audition(
            project_id,
            given.text,
            given.voice,
            word=given.word,
            spelling=given.spelling,
            speed=given.speed,
            style=given.style,
            person=str(request.state.person),
        )
        return Response(made.path.read_bytes(), media_type=made.media_type, headers=SEALED)

    @router.get("/projects/{project_id}/cast")
    def sheet(project_id: str) -> list[dict[str, Any]]:
        return _sheet(studio.casting.sheet(project_id))

    @router.post("/projects/{project_id}/cast/propose")
    def propose(project_id: str, given: People) -> list[dict[str, Any]]:
        """Members for those who have no voice yet. Nothing is kept."""
        people, language = given.people, given.language
        if given.asset:
            document = studio.dialogues.document(given.asset)
            people, language = studio.lines.people(document), document.language
        return _sheet(studio.casting.propose(project_id, people, language))

    @router.put("/projects/{project_id}/cast")
    def cast(project_id: str, member: CastMember) -> list[dict[str, Any]]:
        return _sheet(studio.casting.cast(project_id, member))

    @router.delete("/projects/{project_id}/cast/{name}")
    def dismiss(project_id: str, name: str) -> list[dict[str, Any]]:
        return _sheet(studio.casting.dismiss(project_id, name))

    @router.put("/projects/{project_id}/lexicon")
    def word(project_id: str, entry: Entry) -> dict[str, str]:
        return studio.casting.put_word(project_id, entry.word, entry.spelling)

    return router


def lines_router(studio: Studio) -> APIRouter:
    router = APIRouter(prefix="/api", route_class=JsonRoute)

    @router.post("/projects/{project_id}/lines")
    def voice(project_id: str, given: Table, request: Request) -> dict[str, Any]:
        """Speak a string table. Rows that cannot be spoken are named in `refused`; the others are being made."""
        person = str(request.state.person)
        if given.asset:
            begun = studio.lines.voice_dialogue(studio.shelf.asset(given.asset), choices=given.choices, person=person)
        else:
            begun = studio.lines.voice(
                project_id, given.csv, language=given.language, title=given.title, silent=given.choices, person=person
            )
        return begun.model_dump(mode="json")

    @router.get("/lines/{brief_id}")
    def report(brief_id: str) -> list[dict[str, Any]]:
        return [_row(row) for row in studio.lines.report(brief_id)]

    @router.get("/lines/{brief_id}/report.{form}")
    def taken_out(brief_id: str, form: Form) -> Response:
        """The report as CSV or JSON, or everything as a ZIP."""
        if form == "zip":
            file = studio.lines.pack(brief_id)
            return FileResponse(file, media_type="application/zip", headers=_download("lines.zip"))
        rows = studio.lines.taken_out(brief_id)
        text, kind = (report_csv(rows), "text/csv") if form == "csv" else (report_json(rows), "application/json")
        return Response(text.encode(), media_type=kind, headers=_download(f"lines.{form}"))

    @router.post("/lines/{brief_id}/recast")
    def recast(brief_id: str, request: Request) -> dict[str, Any]:
        """Speak again what was spoken before the cast sheet or the lexicon changed."""
        return {"queued": [job.step_id for job in studio.lines.recast(brief_id, person=str(request.state.person))]}

    @router.post("/lines/{brief_id}/{line}/takes")
    def fix(brief_id: str, line: str, given: Fix, request: Request) -> dict[str, Any]:
        """Speak this line again, and no other."""
        person = str(request.state.person)
        jobs = studio.lines.fix(brief_id, line, text=given.text, voice=given.voice, speed=given.speed, note=given.note, person=person)
        return {"queued": [job.step_id for job in jobs]}

    @router.post("/transcripts")
    async def transcript(name: str, request: Request) -> dict[str, Any]:
        """What is said in the recording in the body, with times of words, and as subtitles. Nothing is kept."""
        heard = await run_in_threadpool(studio.recordings.hear, name, await _recording(name, request))
        return heard.model_dump(mode="json")

    @router.post("/recordings/trim")
    async def trimmed(name: str, request: Request) -> Response:
        """The recording in the body without the silence at its ends, as WAV. Nothing is kept."""
        made = await run_in_threadpool(studio.recordings.trimmed, name, await _recording(name, request))
        return Response(made, media_type="audio/wav", headers=SEALED)

    return router


async def _recording(name: str, request: Request) -> bytes:
    return await body_of_file(request, name, ATTACHMENT_MAX_BYTES, "Save it as MP3, or cut it.", "recording")


def _sheet(members: tuple[CastMember, ...]) -> list[dict[str, Any]]:
    return [member.model_dump(mode="json") for member in members]


def _row(row: LineReport) -> dict[str, Any]:
    longest = row.hearing.longest if row.hearing is not None else None
    return row.model_dump(mode="json") | {"longest": longest.model_dump(mode="json") if longest is not None else None}


def _download(name: str) -> dict[str, str]:
    return {"content-disposition": f"attachment; filename*=UTF-8''{quote(name)}", **SEALED}
