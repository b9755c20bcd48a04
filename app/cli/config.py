"""`touchstone config`: the settings that hold, and where each comes from."""

import json
import os
import re
from typing import Annotated

import typer
from pydantic import SecretStr
from sqlalchemy import make_url

from app.cli.run import settings
from app.sanitize import terminal_text
from app.settings import PREFIX, Settings, sources


def config(as_json: Annotated[bool, typer.Option("--json", help="As a JSON object.")] = False) -> None:
    """Show the settings that hold, and where each comes from. Secrets are masked."""
    chosen, found = settings(), sources(os.environ)
    held = {PREFIX + name.upper(): (shown(chosen, name), found.get(name, "default")) for name in Settings.model_fields}
    if as_json:
        typer.echo(json.dumps({name: {"value": value, "from": source} for name, (value, source) in held.items()}))
        return
    for name, (value, source) in held.items():
        where = (
            f"file {os.environ[source]}" if source.endswith("_FILE") else "environment" if source in held else source
        )
        typer.echo(terminal_text(f"{name}={value}  ({where})"))


def shown(chosen: Settings, name: str) -> str:
    """A setting as it may be shown to anybody: secrets and passwords within URLs are masked."""
    value = getattr(chosen, name)
    if value is None:
        return ""
    if isinstance(value, SecretStr):
        return "***"
    if name.endswith("database_url"):
        return make_url(value).render_as_string(hide_password=True)
    if name == "smtp_url":
        return re.sub(r"(?<=//)([^:@]*):.*(?=@)", r"\1:***", value)
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
