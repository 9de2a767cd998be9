"""Projects and their BrandKits: create, switch, archive, edit, import and export as TOML."""

from __future__ import annotations

import threading
import tomllib
from collections.abc import Callable, Sequence

from pydantic import ValidationError

from agents.checks.brand import contradictions
from domain.brand import BrandKit, CastMember, CharacterSheet
from domain.errors import AttachmentError, InputError, LimitError
from domain.finding import Finding
from domain.moderation import Level
from domain.project import Project, Use
from library.library import Library

NAME_MAX = 120
CHARACTER_NAME_MAX, LOOK_MAX, CHARACTERS_MAX = 60, 400, 40
#: (bytes, name) -> whatever; raises AttachmentError naming the file
CheckLogo = Callable[[bytes, str], object]
LOGO_MAX_BYTES = 2 * 1024 * 1024
BRAND_TOML_MAX = 64 * 1024


class Projects:
    """Every change touches its own field of the newest row, so that two pages of one studio do not undo each other.

    check_logo: raises AttachmentError for a PNG that cannot be drawn; without it only the signature is looked at.
    """

    def __init__(self, library: Library, check_logo: CheckLogo | None = None) -> None:
        self._library = library
        self._check_logo = check_logo
        self._changing = threading.Lock()

    def all(self, *, archived: bool = False) -> tuple[Project, ...]:
        """Newest first; archived ones only when asked for."""
        return tuple(p for p in self._library.projects(archived=archived))

    def get(self, project_id: str) -> Project:
        return self._library.project(project_id)

    def create(self, name: str, *, language: str = "en", person: str = "") -> Project:
        """Raises InputError for an empty name, LimitError for one over 120 characters."""
        return self._library.create_project(_name(name), language, person)

    def first(self, *, language: str = "en", person: str = "", among: Sequence[Project] | None = None) -> Project:
        """The newest open project, or the first of `among`, made when there is none."""
        projects = self.all() if among is None else among
        return (
            projects[0]
            if projects
            else self.create("我的项目" if language.startswith("zh") else "My project", language=language, person=person)
        )

    def rename(self, project_id: str, name: str) -> Project:
        """Raises NotFound, InputError for an empty name, LimitError for one over 120 characters."""
        clean = _name(name)
        return self._change(project_id, lambda project: {"name": clean})

    def set_language(self, project_id: str, language: str) -> Project:
        """The language new briefs start in. Raises NotFound."""
        return self._change(project_id, lambda project: {"language": language})

    def set_use(self, project_id: str, use: Use) -> Project:
        """What its results are for: models whose licences do not allow that make nothing in it any more. Raises NotFound."""
        return self._change(project_id, lambda project: {"use": use})

    def archive(self, project_id: str, *, archived: bool = True) -> Project:
        return self._change(project_id, lambda project: {"archived": archived})

    def label_explicitly(self, project_id: str, wanted: bool) -> Project:
        """Whether what leaves says in letters or sound too that AI made it. Raises NotFound."""
        return self._change(project_id, lambda project: {"explicit_label": wanted})

    def set_moderation(self, project_id: str, level: Level) -> Project:
        """What waits for a reviewer before it leaves; for what is made from now on. Raises NotFound."""
        return self._change(project_id, lambda project: {"moderation": level})

    def mark_invisibly(self, project_id: str, wanted: bool) -> Project:
        """Whether pictures leave with an invisible mark in their pixels. Raises NotFound."""
        return self._change(project_id, lambda project: {"watermark": wanted})

    def keep_preferences(self, project_id: str, *, agreed: bool) -> Project:
        """Keep preference pairs from now on, or keep none and delete those that were kept. Raises NotFound."""
        project = self._change(project_id, lambda project: {"preferences": agreed})
        if not agreed:
            self._library.forget_preferences(project_id)
        return project

    def save_brand(self, project_id: str, brand: BrandKit, *, keep_logo: bool = False) -> Project:
        """keep_logo: the logo stays whatever it is now, for callers that only edit the rest."""
        return self._change(
            project_id, lambda project: {"brand": brand.model_copy(update={"logo": project.brand.logo}) if keep_logo else brand}
        )

    def remarks(self, project_id: str) -> tuple[Finding, ...]:
        """What of the brand kit no text could obey: it forbids its own name, a word it requires, a form its glossary asks for."""
        return contradictions(self.get(project_id).brand)

    def set_logo(self, project_id: str, name: str, data: bytes) -> Project:
        """A PNG up to 2 MB. Raises AttachmentError for anything else."""
        if len(data) > LOGO_MAX_BYTES:
            raise AttachmentError(
                "{name} has {count} MB; a logo may have 2 MB.",
                hint="Save it smaller.",
                field="logo",
                name=name,
                count=f"{len(data) / 1000000.0:.1f}",
            )
        if not data.startswith(b"\x89PNG\r\n\x1a\n"):
            raise AttachmentError(
                "{name} is not a PNG.", hint="Save the logo as PNG with a transparent background.", field="logo", name=name
            )
        if self._check_logo is not None:
            self._check_logo(data, name)
        self.get(project_id)
        stored = self._library.store_file(data, "logo.png", "image/png")
        return self._change(project_id, lambda project: {"brand": project.brand.model_copy(update={"logo": stored.sha256})})

    def remove_logo(self, project_id: str) -> Project:
        return self._change(project_id, lambda project: {"brand": project.brand.model_copy(update={"logo": ""})})

    def change_cast(self, project_id: str, change: Callable[[tuple[CastMember, ...]], tuple[CastMember, ...]]) -> Project:
        """change: the new cast sheet, given the one there is now."""
        return self._change(project_id, lambda project: {"brand": project.brand.model_copy(update={"cast": change(project.brand.cast)})})

    def set_character(self, project_id: str, name: str, look: str, picture: str) -> CharacterSheet:
        """Somebody who is kept alike by a picture of the library; whoever has the name is changed. look "": as it was.

        Raises NotFound, InputError at the field, LimitError for more than a kit holds.
        """
        asset = self._library.asset(picture)
        if asset.project_id != project_id or not asset.main.media_type.startswith("image/"):
            raise InputError(
                "{title} is no picture of this project.", hint="Choose a picture of this project.", field="picture", title=asset.title
            )
        kept = self._change(
            project_id,
            lambda project: {
                "brand": project.brand.model_copy(update={"characters": _with_picture(project.brand.characters, name, look, picture)})
            },
        )
        return next(one for one in kept.brand.characters if _same(one.name, name))

    def change_lexicon(self, project_id: str, change: Callable[[dict[str, str]], dict[str, str]]) -> Project:
        """change: the new lexicon, given the one there is now."""
        return self._change(
            project_id, lambda project: {"brand": project.brand.model_copy(update={"lexicon": change(dict(project.brand.lexicon))})}
        )

    def brand_toml(self, project_id: str) -> str:
        """The BrandKit as TOML, without the logo's hash and the characters' pictures (a file does not travel in it)."""
        return brand_to_toml(self.get(project_id).brand)

    def import_brand(self, project_id: str, text: str) -> Project:
        """Replace the BrandKit by one read from TOML; the logo stays, and the pictures of the characters who stay.

        Raises InputError naming the field.
        """
        brand = brand_from_toml(text)
        pictures = {one.name: one.picture for one in self.get(project_id).brand.characters}
        characters = tuple(one.model_copy(update={"picture": pictures.get(one.name, "")}) for one in brand.characters)
        return self.save_brand(project_id, brand.model_copy(update={"characters": characters}), keep_logo=True)

    def _change(self, project_id: str, update: Callable[[Project], dict[str, object]]) -> Project:
        """update: the fields to change, given the project as it is now."""
        with self._changing:
            project = self.get(project_id)
            return self._library.save_project(project.model_copy(update=update(project)))


def _same(one: str, other: str) -> bool:
    return " ".join(one.split()).casefold() == " ".join(other.split()).casefold()


def _with_picture(sheets: Sequence[CharacterSheet], name: str, look: str, picture: str) -> tuple[CharacterSheet, ...]:
    """The sheets with this one added or changed."""
    clean = " ".join(name.split())
    if not 0 < len(clean) <= CHARACTER_NAME_MAX:
        told = "A character needs a name of at most {most} characters."
        raise InputError(told, hint="Type one.", field="name", most=CHARACTER_NAME_MAX)
    old = next((one for one in sheets if _same(one.name, clean)), None)
    words = look.strip() or (old.look if old is not None else "")
    if not 0 < len(words) <= LOOK_MAX:
        told = "What is always seen of {name} is said in 1 to {most} characters."
        raise InputError(told, hint="Say it.", field="look", name=clean, most=LOOK_MAX)
    if old is None and len(sheets) >= CHARACTERS_MAX:
        told = "A brand kit holds {most} characters."
        raise LimitError(told, hint="Take one out in Settings, Brand.", field="name", most=CHARACTERS_MAX)
    sheet = CharacterSheet(name=old.name if old is not None else clean, look=words, picture=picture)
    return tuple(sheet if one is old else one for one in sheets) if old is not None else (*sheets, sheet)


def brand_to_toml(brand: BrandKit) -> str:
    rows = [
        f"name = {_quote(brand.name)}",
        f"voice = {_quote(brand.voice)}",
        f"required_words = {_list(brand.required_words)}",
        f"forbidden_words = {_list(brand.forbidden_words)}",
        f"palette = {_list(brand.palette)}",
        f"heading_font = {_quote(brand.heading_font)}",
        f"body_font = {_quote(brand.body_font)}",
    ]
    for table, pairs in (("glossary", brand.glossary), ("lexicon", brand.lexicon)):
        rows += ["", f"[{table}]", *(f"{_quote(key)} = {_quote(value)}" for key, value in pairs.items())]
    for member in brand.cast:
        rows += ["", "[[cast]]", f"name = {_quote(member.name)}", f"voice = {_quote(member.voice)}", f"speed = {member.speed!r}"]
        rows += [f"style = {_quote(member.style)}", f"note = {_quote(member.note)}"]
    for sheet in brand.characters:
        rows += ["", "[[characters]]", f"name = {_quote(sheet.name)}", f"look = {_quote(sheet.look)}"]
    return "\n".join(rows) + "\n"


def brand_from_toml(text: str) -> BrandKit:
    """Raises LimitError over 64 KB, InputError for bad TOML or a field that does not belong there."""
    if len(text) > BRAND_TOML_MAX:
        raise LimitError(
            "The file has {count} characters; a brand kit may have {brand_toml_max}.",
            hint="Shorten it.",
            field="brand",
            count=len(text),
            brand_toml_max=BRAND_TOML_MAX,
        )
    try:
        values = tomllib.loads(text)
    # A number of thousands of digits and lists in lists without end are no TOMLDecodeError.
    except (ValueError, RecursionError) as error:
        raise InputError(
            "The brand file is not TOML: {error}.", hint="Export a brand kit to see the form.", field="brand", error=str(error)
        ) from error
    try:
        return BrandKit.model_validate({key: value for key, value in values.items() if key != "logo"})
    except ValidationError as error:
        fault = error.errors()[0]
        where = ".".join(str(part) for part in fault["loc"])
        raise InputError(
            "The brand file's {where} cannot be used: {fault}.",
            hint="Correct that line.",
            field=f"brand.{where}",
            where=where,
            fault=fault["msg"],
        ) from error


def _name(name: str) -> str:
    clean = " ".join(name.split())
    if not clean:
        raise InputError("A project needs a name.", hint="Type one.", field="name")
    if any("\ud800" <= c <= "\udfff" for c in clean):
        raise InputError("The name is not text.", hint="Type it again.", field="name")
    if len(clean) > NAME_MAX:
        raise LimitError(
            "The name has {count} characters; {name_max} are the most.",
            hint="Shorten it.",
            field="name",
            count=len(clean),
            name_max=NAME_MAX,
        )
    return clean


def _quote(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c >= " " and c != "\x7f" else f"\\u{ord(c):04x}" for c in escaped) + '"'


def _list(words: tuple[str, ...]) -> str:
    return "[" + ", ".join(_quote(word) for word in words) + "]"
