"""The commands, as a table of contents: one module per group."""

from importlib import import_module
from typing import Annotated

import typer

from app.version import version

COMMANDS = {
    "serve": "server.serve",
    "demo": "demo.demo",
    "migrate": "migrating.migrate_command",
    "import": "importing.import_command",
    "widget": "widget.widget_command",
    "backup": "backup.backup",
    "doctor": "doctor.doctor",
    "config": "config.config",
    "keys": "keys.cli",
    "rollup": "rollup.cli",
    "monitor": "monitor.monitor",
}


def commands(wanted: str | None = None) -> typer.Typer:
    """The command `wanted` alone, for a service that starts has no use for what the others load; else all of them."""
    cli = typer.Typer(no_args_is_help=True, add_completion=wanted not in COMMANDS)
    cli.callback()(_touchstone)
    for name in [wanted] if wanted in COMMANDS else COMMANDS:
        module, found = COMMANDS[name].split(".")
        command = getattr(import_module(f"app.cli.{module}"), found)
        if isinstance(command, typer.Typer):
            cli.add_typer(command, name=name)
        else:
            cli.command(name)(command)
    return cli


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"touchstone {version()}")
        raise typer.Exit


def _touchstone(
    _: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")] = False,
) -> None:
    """Collects customer feedback and serves honest scores."""
