"""`touchstone widget`: the lines that put the widget on a page."""

from typing import Annotated

import typer

from app.cli.run import settings
from app.pages import builds
from app.pages.widget import zipped

_DISPLAYS = ("inline", "button", "modal")


def widget_command(
    touchpoint: Annotated[str, typer.Argument(help="The touchpoint's key.")] = "checkout",
    display: Annotated[str, typer.Option(help="inline, button or modal.")] = "inline",
    url: Annotated[str | None, typer.Option(help="Where customers reach the service; TOUCHSTONE_PUBLIC_URL.")] = None,
    keep: Annotated[bool, typer.Option(help="First keep the widget of this source tree as a new build.")] = False,
) -> None:
    """Print the lines that put the widget on a page: its newest build, at an address of its own, with its hash."""
    if display not in _DISPLAYS:
        raise typer.BadParameter(f"one of {', '.join(_DISPLAYS)}", param_hint="--display")
    if keep:
        typer.echo(f"Kept as {builds.keep()}.", err=True)
    chosen = settings()
    base = (url or chosen.public_url or f"http://{chosen.host}:{chosen.port}").rstrip("/")
    shown = "" if display == "inline" else f' data-display="{display}"'
    version, integrity = list(builds.record().items())[-1]
    lines = (
        f'<script src="{base}/widget.{version}.js" data-touchpoint="{touchpoint}"{shown}',
        f'  integrity="{integrity}" crossorigin="anonymous" async></script>',
    )
    for line in lines:
        typer.echo(line)
    build = builds.kept()[version]
    size = f"{len(zipped(build)):,} bytes gzipped, {len(build):,} plain"
    typer.echo(f"{size}. This build stays at its address.", err=True)
