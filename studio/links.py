"""Share links: one project or some of its results, for whoever has the link, until it expires or is revoked.

The secret of a link is told once, when it is made; its hash is stored. Opening a link gives a cookie for this link alone.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from domain.asset import Asset
from domain.errors import InputError, LimitError, NotFound, NotSignedIn
from domain.people import LINK_ASSETS_MAX, NAME_MAX, Caller, Link, LinkRole
from domain.value import JsonValue, Value
from library.library import AssetQuery, Library
from studio.gate import Gate
from studio.people import People, hash_password, hashed, matches, new_secret

DAYS_MAX = 365
VISIT = timedelta(hours=12)
LINKS_MAX = 200
#: Results of a whole project that a link shows, the newest.
SHOWN_MAX = 500


class LinkWish(Value):
    """assets (): the whole project, with what is made later. password "": none."""

    assets: tuple[str, ...] = ()
    role: LinkRole = LinkRole.VIEW
    label: str = ""
    days: int = 14
    download: bool = False
    password: str = ""


def _now() -> datetime:
    return datetime.now(UTC)


class Links:
    def __init__(self, library: Library, now: Callable[[], datetime] = _now) -> None:
        self._library = library
        self._now = now
        self._people = People(library, now)

    def make(self, project_id: str, wish: LinkWish, by: str) -> tuple[Link, str]:
        """A link and its secret, which is shown this once.

        Raises NotFound, InputError (a result of another project, a bad password, days outside 1..365), LimitError (results,
        open links).
        """
        project = self._library.project(project_id)
        if not 1 <= wish.days <= DAYS_MAX:
            raise InputError(
                "A link cannot be open for {days} days.", hint="Choose 1 to {days_max}.", field="days", days=wish.days, days_max=DAYS_MAX
            )
        shown = tuple(dict.fromkeys(wish.assets))
        if len(shown) > LINK_ASSETS_MAX:
            raise LimitError(
                "A link shows {most} results at most.", hint="Choose fewer, or make a link of the whole project.", field="assets",
                most=LINK_ASSETS_MAX,
            )  # fmt: skip
        for asset_id in shown:
            if self._library.project_of("asset", asset_id) != project.id:
                raise InputError("A result is of another project.", hint="Choose results of this project.", field="assets")
        now = self._now()
        if sum(link.open_at(now) for link in self.all(project_id)) >= LINKS_MAX:
            raise LimitError(
                "This project has {links_max} open links.", hint="Revoke those that are not needed.", field="links", links_max=LINKS_MAX
            )
        secret = new_secret()
        link = Link(
            project_id=project.id,
            assets=shown,
            role=wish.role,
            label=" ".join(wish.label.split())[:120],
            download=wish.download,
            password_hash=hash_password(wish.password) if wish.password else "",
            person=by,
            created=now,
            expires=now + timedelta(days=wish.days),
        )
        stored = self._library.add_link(link, hashed(secret))
        told: dict[str, JsonValue] = {"role": link.role.value, "days": wish.days, "results": len(link.assets)}
        self._people.audit(by, "link_made", stored.id, project.id, told)
        return stored, secret

    def all(self, project_id: str) -> tuple[Link, ...]:
        """Newest first, with those that have ended."""
        return self._library.links(project_id)

    def revoke(self, project_id: str, link_id: str, by: str) -> Link:
        """Nobody sees anything by it from now on. Raises NotFound."""
        link = self._library.revoke_link(project_id, link_id, self._now())
        self._library.end_sessions(link_id=link_id)
        self._people.audit(by, "link_revoked", link_id, project_id)
        return link

    def open(self, link_id: str, secret: str, password: str = "", name: str = "", address: str = "") -> tuple[Link, str, datetime]:
        """The link, a cookie for it, and when that ends. Takes tens of milliseconds of CPU where there is a password.

        name: who looks; stands, marked as a guest's, on what they say. Raises NotFound for a link that is not, or not any more;
        NotSignedIn for a wrong or missing password.
        """
        link = self._library.link(link_id)
        if link is None or not self._library.link_opens(link_id, hashed(secret)):
            raise NotFound("This link does not exist.", hint="Check that it is whole, or ask for a new one.", field="link")
        now = self._now()
        if not link.open_at(now):
            raise NotFound("This link is not open any more.", hint="Ask who sent it for a new one.", field="link")
        if link.password_hash and not matches(link.password_hash, password):
            if password:
                self._people.audit("", "link_refused", link_id, link.project_id, {"address": address})
            raise NotSignedIn(
                "The password is wrong." if password else "This link needs a password.", hint="Ask who sent the link.", field="password"
            )
        cookie, until = new_secret(), min(link.expires, now + VISIT)
        who = guest(name)
        self._library.add_session(hashed(cookie), who, link.id, until)
        self._people.audit(who, "link_opened", link.id, link.project_id, {"address": address})
        return link, cookie, until

    def visitor(self, link_id: str, cookie: str) -> Caller | None:
        """Who a cookie stands for at this link; None when it stands for nothing there, or the link is not open any more."""
        found = self._library.session(hashed(cookie)) if cookie else None
        link = self._library.link(link_id)
        if found is None or found[1] != link_id or link is None or not link.open_at(self._now()):
            return None
        return Caller(person=found[0], link=link_id)

    def shown(self, link: Link) -> tuple[Asset, ...]:
        """What a link shows: its selection in its order, or the newest version of everything in the project; nothing that is held."""
        if link.assets:
            found = tuple(self._library.asset(asset_id) for asset_id in link.assets)
        else:
            found = self._library.assets(AssetQuery(project_id=link.project_id, newest_only=True, limit=SHOWN_MAX))
        closed = Gate(self._library).closed(link.project_id)
        return tuple(asset for asset in found if closed.case(asset) is None)


def guest(name: str) -> str:
    """A visitor's name as it stands on what they say: nobody can pass for a person of the studio."""
    clean = " ".join(name.split())[:NAME_MAX]
    return f"{clean if clean.isprintable() and clean else 'somebody'} (guest)"
