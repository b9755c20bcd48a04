"""The console script `touchstone`."""

import os
import sys

from app.cli.loading import loading


def main() -> None:
    """Entry point. A database or file that cannot be used is told in a line, not in a stack trace."""
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # else it reads about every package installed
    with loading():
        from app.cli.commands import commands

        cli = commands(next(iter(sys.argv[1:]), None))
    try:
        cli()
    except OSError as error:
        sys.exit(f"{error}")
    except Exception as error:
        from sqlalchemy.exc import DBAPIError

        if isinstance(error, DBAPIError):
            sys.exit(f"The database cannot be used: {error.orig}")
        raise
