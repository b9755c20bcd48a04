"""The console script `touchstone`: a table of contents. One module per group of commands."""

import sys

import typer
from sqlalchemy.exc import DBAPIError

from app.cli import demo, importing, keys, rollup, server, widget

cli = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Collects customer feedback and serves honest scores."
)
cli.command("serve")(server.serve)
cli.command("demo")(demo.demo)
cli.command("migrate")(server.migrate_command)
cli.command("import")(importing.import_command)
cli.command("widget")(widget.widget_command)
cli.add_typer(keys.cli, name="keys")
cli.add_typer(rollup.cli, name="rollup")


def main() -> None:
    """Entry point. A database or file that cannot be used is told in a line, not in a stack trace."""
    try:
        cli()
    except DBAPIError as error:
        sys.exit(f"The database cannot be used: {error.orig}")
    except OSError as error:
        sys.exit(f"{error}")
