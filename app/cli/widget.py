"""`touchstone widget`: the lines that put the widget on a page."""

from typing import Annotated

import typer

from app.cli.run import err, out, settings
from app.pages import widget

_DISPLAYS = ("inline", "button", "modal")


def widget_command(
    touchpoint: Annotated[str, typer.Argument(help="The touchpoint's key.")] = "checkout",
    display: Annotated[str, typer.Option(help="inline, button or modal.")] = "inline",
    url: Annotated[str | None, typer.Option(help="Where customers reach the service; TOUCHSTONE_PUBLIC_URL.")] = None,
) -> None:
    """Print the lines that put the widget on a page, with its integrity hash, and its size."""
    if display not in _DISPLAYS:
        raise typer.BadParameter(f"one of {', '.join(_DISPLAYS)}", param_hint="--display")
    chosen = settings()
    base = (url or chosen.public_url or f"http://{chosen.host}:{chosen.port}").rstrip("/")
    shown = "" if display == "inline" else f' data-display="{display}"'
    lines = (
        f'<script src="{base}{widget.PATH}" data-touchpoint="{touchpoint}"{shown}',
        f'  integrity="{widget.integrity()}" crossorigin="anonymous" async></script>',
    )
    for line in lines:
        out.print(line, soft_wrap=True, markup=False)
    gzipped, plain = len(widget.script_gzipped()), len(widget.script())
    err.print(f"{gzipped:,} bytes gzipped, {plain:,} plain. The hash belongs to this release.")
