"""Where things live and how the studio is reached. A value: reading the environment is app.py's work."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from pydantic import Field

from domain.errors import InputError
from domain.labels import require_producer
from domain.value import Value

EXECUTORS = ("process", "inline", "ray")
LOGS = ("", "json")
PROFILES = ("auto", "embedded", "gpu-12gb", "gpu-24gb", "gpu-80gb")


class Settings(Value):
    """home: what people own. cache: rebuildable. chat_url: any OpenAI-compatible server, used instead of the local chat LLM.

    offline True: no source outside this machine is asked, ever.
    database: a SQLAlchemy URL; "" is SQLite in `home`.
    files: where the library keeps files: a shared folder or a URL such as s3://bucket/folder; "" is a folder in `home`.
    executor: where makers run: "process" (worker processes), "inline" (this process: for unit tests), "ray" (a cluster).
    workers: processes of the CPU pool, 0 for as many as the cores bear. stall_seconds: without a sign of progress for so long a
    worker counts as hung.
    ray_address: HOST:PORT of the cluster's head. ray_token_file: its shared secret; None is `ray-token` in `home`. ray_store: an fsspec
    URL through which files reach nodes that do not see `home`; "" where all of them do.
    otlp: an OpenTelemetry collector that traces are sent to; "" sends none.
    proxy: addresses whose X-Forwarded headers are believed, separated by commas; "" believes none. frames: sites that may show the
    studio in a frame, as a Content-Security-Policy names them.
    requests_per_minute, writes_per_minute, open_requests: of one caller, where one has to sign in; 0 is without a limit.
    oidc_issuer: a sign-in provider (OpenID Connect); "" has none. oidc_client, oidc_secret: as registered there. oidc_claim: what of
    its token is a person's name. oidc_add: whoever it knows gets an account at the first sign-in.
    log: "" writes warnings in words; "json" writes every request and message as one JSON object a line.
    sign_certificate, sign_key: PEM files exports are signed with; None signs with an authority the studio makes itself. trusted: PEM file
    of authorities that count as known here. content_producer: the code China's implicit label asks providers for, "" for none.
    import_links: pictures may be fetched from a link that a person gives; never while offline.
    webhook: an address that is told what happens in review; "" tells nobody. webhook_secret: signs what it is told.
    smtp: the mail server that tells people, such as smtps://name@host; "" has none. smtp_password: of its user. mail_from: the sender.
    """

    home: Path
    cache: Path
    models_folder: Path | None = None
    database: str = ""
    files: str = ""
    host: str = "127.0.0.1"
    port: int = Field(default=7860, ge=0, le=65535)
    root_path: str = ""
    share: bool = False
    password: str = Field(default="", repr=False)
    accounts: Path | None = None
    profile: str = "auto"
    offline: bool = False
    chat_url: str = ""
    chat_model: str = ""
    chat_key: str = Field(default="", repr=False)
    choices: dict[str, str] = {}
    threads: int = Field(default=0, ge=0, le=256)
    memory_budget: int = Field(default=0, ge=0)
    executor: str = "process"
    workers: int = Field(default=0, ge=0, le=64)
    stall_seconds: float = Field(default=300.0, gt=0)
    ray_address: str = ""
    ray_token_file: Path | None = None
    ray_store: str = ""
    otlp: str = ""
    proxy: str = ""
    frames: str = "'self'"
    requests_per_minute: int = Field(default=3000, ge=0)
    writes_per_minute: int = Field(default=240, ge=0)
    open_requests: int = Field(default=64, ge=0)
    oidc_issuer: str = ""
    oidc_client: str = ""
    oidc_secret: str = Field(default="", repr=False)
    oidc_claim: str = "preferred_username"
    oidc_add: bool = False
    log: str = ""
    sign_certificate: Path | None = None
    sign_key: Path | None = None
    trusted: Path | None = None
    content_producer: str = ""
    import_links: bool = False
    webhook: str = Field(default="", repr=False)
    webhook_secret: str = Field(default="", repr=False)
    smtp: str = ""
    smtp_password: str = Field(default="", repr=False)
    mail_from: str = ""

    @property
    def token_file(self) -> Path:
        """Where the shared secret of the cluster lies."""
        return self.ray_token_file or self.home / "ray-token"

    @property
    def database_url(self) -> str:
        return self.database or sqlite_url(self.home / "maquette.db")

    @property
    def runs_url(self) -> str:
        """Where DBOS keeps its tables: beside the library's file, or in the same Postgres."""
        return self.database if self.runs_file is None else sqlite_url(self.runs_file)

    @property
    def runs_file(self) -> Path | None:
        """The file of `runs_url`; None in Postgres."""
        return None if self.database.startswith("postgres") else self.home / "runs.db"

    @staticmethod
    def from_environment(environment: Mapping[str, str], user_home: Path) -> Settings:
        """Read MAQUETTE_* variables (listed in docs/user-guide.md). Raises InputError naming the variable."""
        profile = _one_of(environment, "MAQUETTE_PROFILE", PROFILES)
        return Settings(
            home=_path(environment, "MAQUETTE_HOME") or user_home / ".maquette",
            cache=_path(environment, "MAQUETTE_CACHE") or user_home / ".cache" / "maquette",
            models_folder=_path(environment, "MAQUETTE_MODELS"),
            database=environment.get("MAQUETTE_DATABASE", ""),
            files=environment.get("MAQUETTE_FILES", ""),
            # Platforms that host Gradio programs say it in Gradio's own variables.
            host=environment.get("MAQUETTE_HOST") or environment.get("GRADIO_SERVER_NAME") or "127.0.0.1",
            port=_number(environment, "MAQUETTE_PORT", _number(environment, "GRADIO_SERVER_PORT", 7860, 65535), 65535),
            root_path=environment.get("MAQUETTE_ROOT_PATH") or environment.get("GRADIO_ROOT_PATH", ""),
            share=_is_set(environment, "MAQUETTE_SHARE"),
            password=environment.get("MAQUETTE_PASSWORD", ""),
            accounts=_path(environment, "MAQUETTE_ACCOUNTS"),
            profile=profile,
            offline=_is_set(environment, "MAQUETTE_OFFLINE"),
            chat_url=environment.get("MAQUETTE_CHAT_URL", ""),
            chat_model=environment.get("MAQUETTE_CHAT_MODEL", ""),
            chat_key=environment.get("MAQUETTE_CHAT_KEY", ""),
            threads=_number(environment, "MAQUETTE_THREADS", 0, 256),
            memory_budget=_number(environment, "MAQUETTE_MEMORY", 0, 1 << 46),
            executor=_one_of(environment, "MAQUETTE_EXECUTOR", EXECUTORS),
            workers=_number(environment, "MAQUETTE_WORKERS", 0, 64),
            stall_seconds=float(_number(environment, "MAQUETTE_STALL_SECONDS", 300, 86_400) or 300),
            ray_address=environment.get("MAQUETTE_RAY_ADDRESS", ""),
            ray_token_file=_path(environment, "MAQUETTE_RAY_TOKEN_FILE"),
            ray_store=environment.get("MAQUETTE_RAY_STORE", ""),
            otlp=environment.get("MAQUETTE_OTLP", ""),
            proxy=environment.get("MAQUETTE_PROXY", ""),
            frames=_frames(environment, "MAQUETTE_FRAMES"),
            requests_per_minute=_number(environment, "MAQUETTE_REQUESTS_PER_MINUTE", 3000, 1_000_000),
            writes_per_minute=_number(environment, "MAQUETTE_WRITES_PER_MINUTE", 240, 1_000_000),
            open_requests=_number(environment, "MAQUETTE_OPEN_REQUESTS", 64, 100_000),
            oidc_issuer=environment.get("MAQUETTE_OIDC_ISSUER", ""),
            oidc_client=environment.get("MAQUETTE_OIDC_CLIENT", ""),
            oidc_secret=environment.get("MAQUETTE_OIDC_SECRET", ""),
            oidc_claim=environment.get("MAQUETTE_OIDC_CLAIM") or "preferred_username",
            oidc_add=_is_set(environment, "MAQUETTE_OIDC_ADD"),
            log=_one_of(environment, "MAQUETTE_LOG", LOGS),
            sign_certificate=_path(environment, "MAQUETTE_SIGN_CERTIFICATE"),
            sign_key=_path(environment, "MAQUETTE_SIGN_KEY"),
            trusted=_path(environment, "MAQUETTE_TRUSTED"),
            content_producer=require_producer(environment.get("MAQUETTE_CONTENT_PRODUCER", "")),
            import_links=_is_set(environment, "MAQUETTE_IMPORT_LINKS"),
            webhook=environment.get("MAQUETTE_WEBHOOK", ""),
            webhook_secret=environment.get("MAQUETTE_WEBHOOK_SECRET", ""),
            smtp=environment.get("MAQUETTE_SMTP", ""),
            smtp_password=environment.get("MAQUETTE_SMTP_PASSWORD", ""),
            mail_from=environment.get("MAQUETTE_MAIL_FROM", ""),
        )


def sqlite_url(file: Path) -> str:
    """The URL of a database file. Quoted: a folder may be called "what?" or "50%20", and SQLAlchemy unquotes the path."""
    return f"sqlite:///{quote(str(file), safe='/:')}"


def _is_set(environment: Mapping[str, str], name: str) -> bool:
    return environment.get(name, "") not in ("", "0", "false", "no")


def _frames(environment: Mapping[str, str], name: str) -> str:
    """Sources of a policy, "none" for no site; what would begin another directive is refused."""
    text = " ".join(environment.get(name, "").split())
    if not text:
        return "'self'"
    if not text.isascii() or any(sign in text for sign in ";,\"'"):
        raise InputError(
            "{name} is {text}.", hint="Write addresses such as https://example.org, with spaces between, or none.",
            field=name, name=name, text=repr(text),
        )  # fmt: skip
    return "'none'" if text == "none" else f"'self' {text}"


def _path(environment: Mapping[str, str], name: str) -> Path | None:
    text = environment.get(name, "")
    try:
        return Path(text).expanduser() if text else None
    except RuntimeError as error:  # ~somebody who has no home here
        raise InputError(
            "{name} is {text}: {error}", hint="Write the whole path.", field=name, name=name, text=repr(text), error=str(error)
        ) from error


def _one_of(environment: Mapping[str, str], name: str, known: tuple[str, ...]) -> str:
    """The first is the default."""
    text = environment.get(name, known[0])
    if text not in known:
        raise InputError("{name} is {text}.", hint="Use one of {known}.", field=name, name=name, text=repr(text), known=", ".join(known))
    return text


def _number(environment: Mapping[str, str], name: str, default: int, most: int) -> int:
    text = environment.get(name, "")
    if not text:
        return default
    if not (text.isascii() and text.isdecimal()) or len(text) > 20 or int(text) > most:
        raise InputError(
            "{name} is {text}.", hint="Use a whole number from 0 to {most}.", field=name, name=name, text=repr(text), most=most
        )
    return int(text)
