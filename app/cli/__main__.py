"""`python -m app.cli` is `touchstone`, without installing it."""

from app.cli import main

main()
