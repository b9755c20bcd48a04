"""What mail brings to the application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.datastructures import State

from app.mail import choosing, pages, routes
from app.rooms import Room
from app.settings import Settings


@asynccontextmanager
async def running(state: State, settings: Settings) -> AsyncIterator[None]:
    state.mail_secrets = [secret for secret in (state.secret, state.former_secret) if secret]
    if not settings.smtp_url or not settings.mail_from:
        yield
        return
    from app.mail.compose import Sender
    from app.mail.figures import figures
    from app.mail.mailer import Mailer
    from app.mail.smtp import server

    sender = Sender(settings.mail_from, settings.public_url, state.mail_secrets)
    state.mailer = Mailer(state.db, server(settings.smtp_url), sender)
    state.metrics.stored.append(figures)
    state.mailer.start()
    yield
    await state.mailer.close()


ROOM = Room((routes.router, pages.router, choosing.router), running=running)
