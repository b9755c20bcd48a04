"""The commands, as a table of contents: one module per group."""

import typer

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
