"""What every route needs, one row each, and the check that runs before any of them.

A new route gets one row in RULES. A route without a row answers owners of the studio only, and tests/web/test_access.py names it.

    OPEN         nobody has to be known
    SIGNED_IN    any person; what the handler lists, it lists for that person alone
    STUDIO       an owner of the studio
    on(right)    a person with this right on the project that the id in the path belongs to; `body` and `query` name fields whose
                 ids are held to the same right
    visit(right) a visitor of the link in the path, with this right on the asset in the path
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

from fastapi import Request

from domain.errors import LimitError, NotAllowed, NotSignedIn
from domain.people import Caller, Right
from library.people import Kind
from studio.links import Links
from studio.people import People
from studio.rights import Rights
from web.caller import CALLER
from web.threads import DOOR

#: Names of path parameters that say what a route is about.
NAMED: dict[str, Kind] = {"project_id": "project", "plan_id": "plan", "asset_id": "asset", "brief_id": "brief"}
#: A refusal of the same thing to the same person is written to the audit log once in this time.
REFUSED_AGAIN_SECONDS = 60.0
_REFUSALS_KEPT = 1000
#: Things one request may name; rights are asked for each.
NAMED_MAX = 1000


@dataclass(frozen=True)
class Rule:
    """body, query: names of fields that hold an id, or a list of ids, of this kind; "" and missing ones name nothing."""

    who: Literal["open", "signed_in", "studio", "project", "link"]
    right: Right = Right.VIEW
    body: Mapping[str, Kind] = field(default_factory=dict)
    query: Mapping[str, Kind] = field(default_factory=dict)


OPEN, SIGNED_IN, STUDIO = Rule("open"), Rule("signed_in"), Rule("studio")


def on(right: Right, *, body: Mapping[str, Kind] | None = None, query: Mapping[str, Kind] | None = None) -> Rule:
    return Rule("project", right, body or {}, query or {})


def visit(right: Right) -> Rule:
    return Rule("link", right)


VIEW, DOWNLOAD, COMMENT, REVIEW = on(Right.VIEW), on(Right.DOWNLOAD), on(Right.COMMENT), on(Right.REVIEW)
EDIT, OWN = on(Right.EDIT), on(Right.OWN)

RULES: dict[tuple[str, str], Rule] = {
    # The door
    ("GET", "/login"): OPEN,
    ("POST", "/login"): OPEN,
    ("GET", "/login/single-sign-on"): OPEN,
    ("GET", "/login/single-sign-on/back"): OPEN,
    ("POST", "/logout"): OPEN,
    ("GET", "/healthz"): OPEN,
    ("GET", "/readyz"): OPEN,
    ("GET", "/metrics"): STUDIO,
    ("GET", "/robots.txt"): OPEN,
    ("GET", "/favicon.ico"): SIGNED_IN,
    # Visitors of links
    ("GET", "/shared"): OPEN,
    ("POST", "/shared/{link_id}/open"): OPEN,
    ("GET", "/shared/{link_id}/content"): visit(Right.VIEW),
    ("GET", "/shared/{link_id}/files/{asset_id}/{index}"): visit(Right.VIEW),
    ("GET", "/shared/{link_id}/thumbnails/{asset_id}"): visit(Right.VIEW),
    ("GET", "/shared/{link_id}/assets/{asset_id}/reviews"): visit(Right.VIEW),
    ("POST", "/shared/{link_id}/assets/{asset_id}/reviews"): visit(Right.COMMENT),
    ("GET", "/shared/{link_id}/assets/{asset_id}/comments"): visit(Right.VIEW),
    ("POST", "/shared/{link_id}/assets/{asset_id}/comments"): visit(Right.COMMENT),
    # Files
    ("GET", "/files/{asset_id}/{index}"): VIEW,
    ("GET", "/drawings/{asset_id}/{form}"): DOWNLOAD,
    ("GET", "/thumbnails/{asset_id}"): VIEW,
    ("GET", "/logos/{project_id}"): VIEW,
    ("GET", "/packs/{project_id}/{name}"): DOWNLOAD,
    # Projects and brands
    ("GET", "/api/projects"): SIGNED_IN,
    ("GET", "/api/projects/{project_id}"): VIEW,
    ("PATCH", "/api/projects/{project_id}"): OWN,
    ("GET", "/api/projects/{project_id}/brand"): VIEW,
    ("PUT", "/api/projects/{project_id}/brand"): EDIT,
    ("GET", "/api/projects/{project_id}/brand.toml"): DOWNLOAD,
    ("PUT", "/api/projects/{project_id}/brand.toml"): EDIT,
    ("POST", "/api/projects/{project_id}/logo"): EDIT,
    ("DELETE", "/api/projects/{project_id}/logo"): EDIT,
    ("POST", "/api/projects/{project_id}/palette"): EDIT,
    # People and links
    ("GET", "/api/me"): SIGNED_IN,
    ("PUT", "/api/me/password"): SIGNED_IN,
    ("GET", "/api/me/mail"): SIGNED_IN,
    ("PUT", "/api/me/mail"): SIGNED_IN,
    ("GET", "/api/me/tokens"): SIGNED_IN,
    ("POST", "/api/me/tokens"): SIGNED_IN,
    ("DELETE", "/api/me/tokens/{token_id}"): SIGNED_IN,
    ("DELETE", "/api/people/{name}"): STUDIO,
    ("GET", "/api/people/{name}/leaving"): STUDIO,
    # Deleting and keeping. A thing in the trash is held to the rights on its project by the handler.
    ("GET", "/api/assets/{asset_id}/deletion"): EDIT,
    ("GET", "/api/projects/{project_id}/trash"): VIEW,
    ("DELETE", "/api/projects/{project_id}"): OWN,
    ("GET", "/api/trash"): SIGNED_IN,
    ("POST", "/api/trash/{trash_id}/restore"): SIGNED_IN,
    ("DELETE", "/api/trash/{trash_id}"): SIGNED_IN,
    ("GET", "/api/retention"): SIGNED_IN,
    ("PUT", "/api/retention"): STUDIO,
    ("POST", "/api/retention/purge"): STUDIO,
    ("PUT", "/api/retention/holds/{held_id}"): STUDIO,
    ("DELETE", "/api/retention/holds/{held_id}"): STUDIO,
    ("GET", "/api/people"): SIGNED_IN,
    ("POST", "/api/people"): STUDIO,
    ("PATCH", "/api/people/{name}"): STUDIO,
    ("PUT", "/api/people/{name}/password"): STUDIO,
    ("GET", "/api/audit"): STUDIO,
    ("GET", "/api/projects/{project_id}/audit"): OWN,
    ("GET", "/api/projects/{project_id}/members"): VIEW,
    ("PUT", "/api/projects/{project_id}/members/{name}"): OWN,
    ("DELETE", "/api/projects/{project_id}/members/{name}"): OWN,
    ("GET", "/api/projects/{project_id}/links"): OWN,
    ("POST", "/api/projects/{project_id}/links"): on(Right.OWN, body={"assets": "asset"}),
    ("DELETE", "/api/projects/{project_id}/links/{link_id}"): OWN,
    # Plans
    ("GET", "/api/projects/{project_id}/board"): on(Right.VIEW, query={"plan": "plan"}),
    ("GET", "/api/projects/{project_id}/events"): VIEW,
    ("POST", "/api/plans/{plan_id}/approve"): EDIT,
    ("POST", "/api/plans/{plan_id}/cancel"): EDIT,
    ("POST", "/api/plans/{plan_id}/steps"): EDIT,
    ("PATCH", "/api/plans/{plan_id}/steps/{step_id}"): EDIT,
    ("GET", "/api/plans/{plan_id}/steps/{step_id}/preview"): VIEW,
    ("DELETE", "/api/plans/{plan_id}/steps/{step_id}"): EDIT,
    ("POST", "/api/plans/{plan_id}/steps/{step_id}/copy"): EDIT,
    ("POST", "/api/plans/{plan_id}/steps/{step_id}/redo"): EDIT,
    ("GET", "/api/budget"): SIGNED_IN,
    ("PUT", "/api/budget"): STUDIO,
    # Results
    ("GET", "/api/projects/{project_id}/assets"): VIEW,
    ("POST", "/api/projects/{project_id}/packs"): on(Right.DOWNLOAD, body={"plan_id": "plan", "asset_ids": "asset"}),
    ("GET", "/api/assets/{asset_id}"): VIEW,
    ("GET", "/api/assets/{asset_id}/story"): VIEW,
    ("POST", "/api/assets/{asset_id}/review"): REVIEW,
    # What else a move needs than to review (hand in, publish), studio/reviews.py asks for
    ("GET", "/api/me/reviews"): SIGNED_IN,
    ("GET", "/api/assets/{asset_id}/review"): VIEW,
    ("POST", "/api/assets/{asset_id}/review/state"): REVIEW,
    ("PUT", "/api/assets/{asset_id}/review/assignment"): REVIEW,
    ("PUT", "/api/assets/{asset_id}/review/checklist/{point}"): REVIEW,
    ("POST", "/api/projects/{project_id}/reviews"): on(Right.REVIEW, body={"asset_ids": "asset"}),
    ("DELETE", "/api/assets/{asset_id}"): EDIT,
    # Who decides and who may appeal, studio/cases.py asks for
    ("GET", "/api/projects/{project_id}/moderation"): VIEW,
    ("POST", "/api/projects/{project_id}/moderation/appeals"): EDIT,
    ("POST", "/api/projects/{project_id}/moderation/{case_id}/decision"): REVIEW,
    ("POST", "/api/projects/{project_id}/moderation/{case_id}/appeal"): REVIEW,
    ("GET", "/api/assets/{asset_id}/moderation"): VIEW,
    ("GET", "/api/assets/{asset_id}/comments"): VIEW,
    ("POST", "/api/assets/{asset_id}/comments"): COMMENT,
    ("PUT", "/api/assets/{asset_id}/comments/{comment_id}"): COMMENT,
    ("GET", "/api/assets/{asset_id}/family"): VIEW,
    ("GET", "/api/assets/{asset_id}/comparison"): on(Right.VIEW, query={"before": "asset"}),
    ("GET", "/api/assets/{asset_id}/rerun"): VIEW,
    ("POST", "/api/assets/{asset_id}/rerun"): EDIT,
    ("GET", "/api/projects/{project_id}/preferences"): VIEW,
    ("PUT", "/api/projects/{project_id}/preferences"): OWN,
    ("GET", "/api/projects/{project_id}/preferences.jsonl"): DOWNLOAD,
    ("POST", "/api/assets/{asset_id}/drawing"): DOWNLOAD,
    ("POST", "/api/check"): STUDIO,
    ("POST", "/api/inspect"): SIGNED_IN,
    # Words: what keeps nothing may be asked by whoever sees the text
    ("GET", "/api/writing/options"): SIGNED_IN,
    ("GET", "/api/assets/{asset_id}/writing"): VIEW,
    ("POST", "/api/assets/{asset_id}/writing/check"): VIEW,
    ("POST", "/api/assets/{asset_id}/writing/repair"): VIEW,
    ("POST", "/api/assets/{asset_id}/writing"): EDIT,
    ("POST", "/api/assets/{asset_id}/writing/dialogue"): EDIT,
    ("POST", "/api/assets/{asset_id}/writing/lore"): EDIT,
    ("GET", "/api/assets/{asset_id}/writing/versions"): VIEW,
    ("GET", "/api/assets/{asset_id}/writing/difference"): on(Right.VIEW, query={"before": "asset"}),
    ("GET", "/api/assets/{asset_id}/dialogue"): VIEW,
    ("POST", "/api/assets/{asset_id}/dialogue/play"): VIEW,
    ("GET", "/api/assets/{asset_id}/dialogue/graph"): VIEW,
    ("POST", "/api/assets/{asset_id}/dialogue/graph"): VIEW,
    ("GET", "/api/assets/{asset_id}/dialogue/files/{name}"): DOWNLOAD,
    ("POST", "/api/assets/{asset_id}/dialogue/check"): VIEW,
    ("POST", "/api/assets/{asset_id}/dialogue/strings"): VIEW,
    ("GET", "/api/assets/{asset_id}/lore"): VIEW,
    ("POST", "/api/assets/{asset_id}/lore/check"): VIEW,
    # Pictures
    ("GET", "/api/presets"): SIGNED_IN,
    ("POST", "/api/metadata"): SIGNED_IN,
    ("POST", "/api/pictures/sheet"): on(Right.EDIT, body={"assets": "asset"}),
    ("GET", "/api/projects/{project_id}/pictures/options"): VIEW,
    ("POST", "/api/projects/{project_id}/pictures"): EDIT,
    ("POST", "/api/projects/{project_id}/pictures/prompt"): EDIT,
    ("POST", "/api/projects/{project_id}/pictures/table"): EDIT,
    ("POST", "/api/projects/{project_id}/characters"): on(Right.EDIT, body={"asset": "asset"}),
    ("POST", "/api/plans/{plan_id}/steps/{step_id}/prompt"): EDIT,
    ("POST", "/api/plans/{plan_id}/steps/{step_id}/reference"): EDIT,
    ("POST", "/api/plans/{plan_id}/steps/{step_id}/finish"): EDIT,
    ("POST", "/api/plans/{plan_id}/steps/{step_id}/grid"): EDIT,
    ("GET", "/api/assets/{asset_id}/seams"): VIEW,
    ("GET", "/api/assets/{asset_id}/metadata"): VIEW,
    ("GET", "/api/assets/{asset_id}/made"): VIEW,
    ("POST", "/api/projects/{project_id}/pictures/import"): EDIT,
    ("POST", "/api/projects/{project_id}/pictures/link"): EDIT,
    ("POST", "/api/assets/{asset_id}/mask"): EDIT,
    ("POST", "/api/assets/{asset_id}/paint"): on(Right.EDIT, body={"mask": "asset"}),
    # Sound
    ("GET", "/api/voices"): SIGNED_IN,
    ("GET", "/api/voices/sample"): SIGNED_IN,
    ("POST", "/api/transcripts"): SIGNED_IN,
    ("POST", "/api/recordings/trim"): SIGNED_IN,
    ("POST", "/api/projects/{project_id}/audition"): EDIT,
    ("GET", "/api/projects/{project_id}/cast"): VIEW,
    ("PUT", "/api/projects/{project_id}/cast"): EDIT,
    ("POST", "/api/projects/{project_id}/cast/propose"): on(Right.EDIT, body={"asset": "asset"}),
    ("DELETE", "/api/projects/{project_id}/cast/{name}"): EDIT,
    ("PUT", "/api/projects/{project_id}/lexicon"): EDIT,
    ("GET", "/api/projects/{project_id}/consents"): EDIT,
    ("POST", "/api/projects/{project_id}/consents"): EDIT,
    ("POST", "/api/projects/{project_id}/consents/{consent_id}/revoke"): EDIT,
    ("POST", "/api/projects/{project_id}/lines"): on(Right.EDIT, body={"asset": "asset"}),
    ("GET", "/api/lines/{brief_id}"): VIEW,
    ("GET", "/api/lines/{brief_id}/report.{form}"): DOWNLOAD,
    ("POST", "/api/lines/{brief_id}/recast"): EDIT,
    ("POST", "/api/lines/{brief_id}/{line}/takes"): EDIT,
    ("GET", "/api/lines/{brief_id}/{line}/takes"): VIEW,
    ("GET", "/api/projects/{project_id}/lines"): VIEW,
    ("GET", "/api/projects/{project_id}/lexicon"): VIEW,
    ("GET", "/api/projects/{project_id}/mixes"): VIEW,
    ("POST", "/api/projects/{project_id}/mixes"): EDIT,
    ("POST", "/api/plans/{plan_id}/steps/{step_id}/shorten"): EDIT,
    ("GET", "/api/plans/{plan_id}/steps/{step_id}/timeline"): on(Right.VIEW, query={"asset": "asset"}),
    ("GET", "/api/assets/{asset_id}/peaks"): VIEW,
    ("GET", "/api/assets/{asset_id}/meter"): VIEW,
    ("GET", "/api/assets/{asset_id}/ducking"): VIEW,
    ("GET", "/api/sound/options"): SIGNED_IN,
    ("GET", "/api/music/sample"): SIGNED_IN,
    ("POST", "/api/sound/sample"): SIGNED_IN,
    ("POST", "/api/projects/{project_id}/pieces"): EDIT,
    ("GET", "/api/projects/{project_id}/recordings"): VIEW,
    ("POST", "/api/projects/{project_id}/recordings"): EDIT,
    ("GET", "/api/projects/{project_id}/recordings/search"): VIEW,
    ("GET", "/api/recordings/{asset_id}"): VIEW,
    ("POST", "/api/recordings/{asset_id}/points"): EDIT,
    # The machine
    ("GET", "/api/models"): SIGNED_IN,
    ("PUT", "/api/models/endpoint"): STUDIO,
    ("POST", "/api/models/own"): STUDIO,
    ("PUT", "/api/models/choices/{task}"): STUDIO,
    ("POST", "/api/models/{model_id}/pull"): STUDIO,
    ("DELETE", "/api/models/{model_id}/pull"): STUDIO,
    ("POST", "/api/models/{model_id}/verify"): STUDIO,
    ("DELETE", "/api/models/{model_id}"): STUDIO,
    ("GET", "/api/engine"): SIGNED_IN,
    ("POST", "/api/engine/release"): STUDIO,
    ("PUT", "/api/engine/pin"): STUDIO,
    # Of whoever started it: web/api/tasks.py
    ("GET", "/api/tasks/{task_id}"): SIGNED_IN,
    ("DELETE", "/api/tasks/{task_id}"): SIGNED_IN,
}


def link_cookie(link_id: str) -> str:
    """The name of the cookie a visitor of this link has."""
    return f"maquette_link_{link_id}"


_PATTERNS = {path: re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path))) for _, path in RULES}


@cache
def _rows(method: str, own: str) -> Mapping[str, Rule]:
    """Rows that may be of a route with this path: asked for routes of the application only, of which there are so many and no more."""
    return {row: rule for (known, row), rule in RULES.items() if known == method and row.endswith(own)}


def rule_of(request: Request) -> Rule:
    """The row of the route that answers. What its row does not fit to the letter, or fits several, is for owners of the studio."""
    path = str(request.scope["path"]).removeprefix(str(request.scope.get("root_path", "")))
    # A router inside a router knows its own part of the path only.
    own = str(getattr(request.scope.get("route"), "path", ""))
    rows = _rows(request.method, own)
    found = [rule for row, rule in rows.items() if (row == own or own not in rows) and _PATTERNS[row].fullmatch(path)]
    return found[0] if len(found) == 1 else STUDIO


class Access:
    """The dependency of the whole application: runs before every handler, and raises what the caller is to be told."""

    def __init__(self, rights: Rights, links: Links, people: People) -> None:
        self._rights = rights
        self._links = links
        self._people = people
        self._refused: dict[tuple[str, str], float] = {}

    async def __call__(self, request: Request) -> None:
        rule = rule_of(request)
        caller: Caller | None = getattr(request.state, "caller", None)
        CALLER.set(caller)
        if rule.who == "open":
            return
        if rule.who == "link":
            # Not the person: by a link one sees what the link shows, whoever one is.
            request.state.visitor = await DOOR.run(self._visit, rule, request)
            return
        if caller is None:
            raise NotSignedIn("Sign in first.", hint="Open the studio's page and sign in.")
        if rule.who == "signed_in" or caller.everything:
            return
        given = await request.json() if rule.body and await request.body() else {}
        await DOOR.run(self._require, rule, caller, request, given)

    def _require(self, rule: Rule, caller: Caller, request: Request, given: Any) -> None:
        try:
            if rule.who == "studio":
                self._rights.require_studio(caller)
                return
            for kind, row_id in named_by(rule, request, given):
                self._rights.require(caller, rule.right, kind, row_id)
        except NotAllowed:
            self._note(caller, f"{request.method} {request.url.path}")
            raise

    def _visit(self, rule: Rule, request: Request) -> Caller:
        """The visitor of the link in the path, when the link shows what the path names."""
        link_id = str(request.path_params.get("link_id", ""))
        visitor = self._links.visitor(link_id, request.cookies.get(link_cookie(link_id), ""))
        if visitor is None:
            raise NotSignedIn("This link is not open here.", hint="Open it again as it was sent to you.", field="link")
        if "asset_id" in request.path_params:
            self._rights.require(visitor, rule.right, "asset", str(request.path_params["asset_id"]))
        return visitor

    def _note(self, caller: Caller, what: str) -> None:
        """Write a refusal down, but not each of many equal ones."""
        now = time.monotonic()
        if now - self._refused.get((caller.person, what), -REFUSED_AGAIN_SECONDS) < REFUSED_AGAIN_SECONDS:
            return
        if len(self._refused) >= _REFUSALS_KEPT:
            self._refused.clear()
        self._refused[caller.person, what] = now
        self._people.audit(caller.person, "refused", what)


def named_by(rule: Rule, request: Request, given: Any) -> list[tuple[Kind, str]]:
    """Everything a request names that rights are held on. An id that is no text names nothing: the handler refuses its form.

    Each once. Raises NotAllowed when nothing is named, LimitError for more than a thousand things.
    """
    found: list[tuple[Kind, str]] = [(NAMED[name], str(value)) for name, value in request.path_params.items() if name in NAMED]
    places: list[tuple[Mapping[str, Kind], Mapping[str, Any]]] = [(rule.query, request.query_params)]
    places.append((rule.body, given if isinstance(given, dict) else {}))
    for fields, values in places:
        for name, kind in fields.items():
            value = values.get(name)
            ids = value if isinstance(value, list) else [value]
            found += [(kind, one) for one in ids if isinstance(one, str) and one]
    if not found:
        raise NotAllowed("The request does not say which project it is about.", hint="Name what it is about.")
    distinct = list(dict.fromkeys(found))
    if len(distinct) > NAMED_MAX:
        raise LimitError("The request names more than {most} things.", hint="Do it in parts.", field="body", most=NAMED_MAX)
    return distinct
