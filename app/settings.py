"""Every setting, in one place: read once from TOUCHSTONE_* variables, each of which may name a file by *_FILE."""

from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

PREFIX = "TOUCHSTONE_"


def _comma_separated(value: object) -> object:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


Networks = Annotated[tuple[IPv4Network | IPv6Network, ...], BeforeValidator(_comma_separated)]


class Settings(BaseModel):
    """What an operator may set. NAME is read from TOUCHSTONE_NAME, or from the file that TOUCHSTONE_NAME_FILE names."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    database_url: str = Field("sqlite+aiosqlite:///./touchstone.db", description="where answers are stored")
    read_database_url: str | None = Field(None, description="a PostgreSQL replica that scores and lists may read from")
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
    public_url: str | None = Field(
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
    queue_size: int = Field(4000, ge=1, description="answers that may wait for a commit before new ones get 503")
    sqlite_wal_limit_mb: int = Field(
        4096,
        ge=1,
        description="size of SQLite's write-ahead log at which answers get 503; it grows while another program reads",
    )
    log_format: Literal["text", "json"] = Field("text", description="`text` for people, `json` for machines")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="the least that is logged")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Settings":
        """Read TOUCHSTONE_*; raises pydantic.ValidationError on a bad value and OSError on a bad file."""
        values: dict[str, object] = {}
        for name in cls.model_fields:
            variable = PREFIX + name.upper()
            if variable in environment:
                values[name] = environment[variable]
            elif f"{variable}_FILE" in environment:
                values[name] = Path(environment[f"{variable}_FILE"]).read_text(encoding="utf-8").strip()
        return cls.model_validate(values)
