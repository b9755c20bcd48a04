"""Every setting, in one place: read once from TOUCHSTONE_* variables, each of which may name a file by *_FILE."""

import difflib
import re
from collections.abc import Iterator, Mapping
from email.utils import parseaddr
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError

PREFIX = "TOUCHSTONE_"
# As browsers take it (HTML, 4.10.5.1.5), with a dot in the name of the host. Nothing in it could end a header.
MAIL_ADDRESS = (
    r"[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
    r"(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)+"
)
OF_TESTS = ("TOUCHSTONE_TEST_", "TOUCHSTONE_CHROMIUM")  # what the tests are told is no setting, and no mistake


class SettingsError(ValueError):
    """Settings that cannot be used; the message has a line for each, with the variable and never a secret."""


def _networks(value: object) -> object:
    return (
        tuple(_network(part.strip()) for part in value.split(",") if part.strip()) if isinstance(value, str) else value
    )


def _network(said: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(said)
    except ValueError:
        pass
    try:
        meant = f"; {ip_network(said, strict=False)} is the network around it"
    except ValueError:
        meant = ""
    raise ValueError(f"{said} is no network, such as 10.0.0.0/8{meant}")


def _database(url: str) -> str:
    from sqlalchemy import make_url  # here, for `touchstone --version` and the like do without it
    from sqlalchemy.exc import ArgumentError

    try:
        kind = make_url(url).drivername.partition("+")[0]
    except (ArgumentError, ValueError):
        kind = ""
    if kind not in ("sqlite", "postgresql", "postgres"):
        named = f"{kind} is no database it can use" if kind else "this is no database URL"
        raise ValueError(
            f"{named}; use sqlite+aiosqlite:///FILE or postgresql+asyncpg://USER@HOST/DATABASE, with the password in "
            "TOUCHSTONE_DATABASE_PASSWORD if it has special characters"
        )
    return url


def _address(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError(f"{url} is no address such as https://feedback.example or https://shop.example/feedback")
    return url


def _mail_server(url: str) -> str:
    parts = urlsplit(url)
    try:
        usable = parts.scheme in ("smtp", "smtps") and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable or parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError(
            "this is no mail server such as smtp://user:password@mail.example:587 or smtps://mail.example; in the "
            "password, `%`, `@` and `/` have to be escaped"
        )
    return url


def _sender(said: str) -> str:
    if not said.isprintable() or not re.fullmatch(MAIL_ADDRESS, parseaddr(said)[1]):
        raise ValueError("this is no sender such as feedback@shop.example or Shop <feedback@shop.example>")
    return said


Networks = Annotated[tuple[IPv4Network | IPv6Network, ...], BeforeValidator(_networks)]
DatabaseUrl = Annotated[str, AfterValidator(_database)]


class Settings(BaseModel):
    """What an operator may set. NAME is read from TOUCHSTONE_NAME, or from the file that TOUCHSTONE_NAME_FILE names."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    database_url: DatabaseUrl = Field("sqlite+aiosqlite:///./touchstone.db", description="where answers are stored")
    database_password: SecretStr | None = Field(
        None, description="the password of both database URLs, as it is: in a URL, `%`, `@` and `/` have to be escaped"
    )
    read_database_url: DatabaseUrl | None = Field(
        None, description="a PostgreSQL replica that scores and lists may read from"
    )
    read_max_lag: float = Field(
        10.0, gt=0, description="seconds the replica may be behind before scores and lists are read from the primary"
    )
    secret_key: Annotated[SecretStr, Field(min_length=24)] | None = Field(
        None,
        description="signs links and sessions, 24+ characters; without it one is made, beside SQLite or in PostgreSQL",
    )
    secret_key_previous: Annotated[SecretStr, Field(min_length=24)] | None = Field(
        None,
        description="the secret before the last rotation: what it signed stays valid, nothing new is signed with it",
    )
    admin_key: Annotated[SecretStr, Field(min_length=24)] | None = Field(
        None, description="accepted as an admin key, 24+ characters; without it `serve` prints one once"
    )
    host: str = Field("127.0.0.1", description="address to listen on")
    port: int = Field(8000, ge=0, le=65535, description="port to listen on")
    public_url: Annotated[str, AfterValidator(_address)] | None = Field(
        None, description="how customers reach the service, with a path or without; links and snippets start with it"
    )
    rate_limit: str = Field(
        "20/minute",
        pattern=r"^(off|\d+/(second|minute|hour|day))$",
        description="answers from one address to one touchpoint without a key; `off` for none",
    )
    trusted_proxies: Networks = Field(
        (), description="networks (CIDR, comma separated) of proxies whose X-Forwarded-For and -Proto are believed"
    )
    shared_networks: Networks = Field(
        (),
        description="networks (CIDR, comma separated) where many people share an address, such as a store's own Wi-Fi: "
        "the cap on a day's answers from one network does not hold there",
    )
    webhook_allow_networks: Networks = Field(
        (), description="networks (CIDR, comma separated) that webhooks may reach although they are private"
    )
    webhook_waiting_max: int = Field(
        10_000, ge=1, description="events that may wait for one webhook; beyond that the oldest are given up"
    )
    settle_seconds: float = Field(
        60, ge=0, le=3600, description="after the last change of a customer's answer that webhooks are told of it"
    )
    ask_every_days: int = Field(
        30, ge=0, le=3650, description="days between two rating links for the same respondent; 0 for any number"
    )
    smtp_url: Annotated[str, AfterValidator(_mail_server)] | None = Field(
        None,
        description="the mail server for alerts, digests and mails that ask customers: "
        "`smtp://user:password@host:port`, which must offer "
        "STARTTLS unless it is on this machine, or `smtps://`",
    )
    mail_from: Annotated[str, AfterValidator(_sender)] | None = Field(
        None, description="the sender of these mails, such as `Shop <feedback@shop.example>`"
    )
    segment_values: int = Field(
        200,
        ge=1,
        le=2000,
        description="values of a declared segment key with counts of their own, for keys declared from then on; "
        "further values count as `other`",
    )
    import_max_mb: int = Field(
        50, ge=1, le=1000, description="size of a file that may be imported on the dashboard; the command takes any"
    )
    queue_size: int = Field(4000, ge=1, description="answers that may wait for a commit before new ones get 503")
    sqlite_wal_limit_mb: int = Field(
        4096,
        ge=1,
        description="size of SQLite's write-ahead log at which answers get 503; it grows while another program reads",
    )
    security_contact: str | None = Field(
        None,
        pattern="^(mailto:|https://|tel:)[^\\s]+$",
        description="whom to tell of a weakness (`mailto:...` or `https://...`), shown in `/.well-known/security.txt`",
    )
    log_format: Literal["text", "json"] = Field("text", description="`text` for people, `json` for machines")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="the least that is logged")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Settings":
        """Read TOUCHSTONE_*, of which an empty one is not set; raises SettingsError."""
        values, unread = {}, []
        for name, source in sources(environment).items():
            try:
                values[name] = _read(environment, source)
            except (OSError, UnicodeError) as error:
                why = getattr(error, "strerror", None) or "it is no text"
                unread.append(f"{source}: {environment[source]} cannot be read: {why}")
        try:
            found = cls.model_validate({name: value for name, value in values.items() if value})
        except ValidationError as error:
            unread += [_told(cls, place["loc"][0], place) for place in error.errors()]
        if not unread and found.smtp_url and not found.mail_from:
            unread.append(f"{PREFIX}MAIL_FROM: is missing; with a mail server, say whom its mails are from")
        if unread:
            raise SettingsError("\n".join(unread))
        return _with_password(found)


def sources(environment: Mapping[str, str]) -> dict[str, str]:
    """The settings that the environment sets, each with the variable that does it."""
    both = {name: (PREFIX + name.upper(), f"{PREFIX}{name.upper()}_FILE") for name in Settings.model_fields}
    set_by = {name: next((one for one in pair if environment.get(one)), None) for name, pair in both.items()}
    return {name: variable for name, variable in set_by.items() if variable}


def unknown(environment: Mapping[str, str]) -> Iterator[tuple[str, str | None]]:
    """Variables that look like settings and are none, each with the one that is probably meant."""
    known = [PREFIX + name.upper() + end for name in Settings.model_fields for end in ("", "_FILE")]
    for name in sorted(environment):
        if name.startswith(PREFIX) and name not in known and not name.startswith(OF_TESTS):
            yield name, next(iter(difflib.get_close_matches(name, known, 1, 0.8)), None)


def _read(environment: Mapping[str, str], variable: str) -> str:
    said = environment[variable]
    return Path(said).read_text(encoding="utf-8").strip() if variable.endswith("_FILE") else said


def _told(cls: type[Settings], name: int | str, error: Mapping[str, Any]) -> str:
    """pydantic's error with the variable and its value, unless that is a secret; a URL may hold one."""
    said = str(error["msg"]).removeprefix("Value error, ")
    secret = "Secret" in str(cls.model_fields[str(name)].annotation) or error["type"] == "value_error"
    return f"{PREFIX}{str(name).upper()}: {said}" + ("" if secret else f" (it is {error['input']!r})")


def _with_password(found: Settings) -> Settings:
    if found.database_password is None:
        return found
    from sqlalchemy import make_url

    password = found.database_password.get_secret_value()
    urls = {name: getattr(found, name) for name in ("database_url", "read_database_url")}
    postgres = {name: make_url(url) for name, url in urls.items() if url and not url.startswith("sqlite")}
    return found.model_copy(
        update={
            name: url.set(password=password).render_as_string(hide_password=False) for name, url in postgres.items()
        }
    )
