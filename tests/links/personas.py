"""Twelve kinds of programs and people that meet a mail with five rating links. Each acts on all its mails in step.

The time between two steps passes on the service's own clock; nobody sleeps. Every mail is met from an address of its
own, so that a press is never held for coming from a crowded network.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from starlette.types import ASGIApp, Message

from tests.links.conftest import Clock, Page, path

RATINGS = ("1", "2", "3", "4", "5")
AUTOSUBMIT = "data-autosubmit"


@dataclass
class Mail:
    """One recipient's links, and what he means to say (people only)."""

    urls: dict[str, str]
    number: int
    means: int = 0
    presses: int = 0  # after the click in the mail, until he is thanked
    headers: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.headers = {"X-Forwarded-For": f"10.{self.number >> 8}.{self.number & 255}.9"}


@dataclass
class World:
    """The service as it is met from outside, and its clock.

    It is called as a server calls it: so many requests through the layers of a client would take three times as long.
    """

    service: ASGIApp
    clock: Clock
    chance: random.Random
    requests: int = 0

    async def get(self, mail: Mail, rating: str, method: str = "GET", **headers: str) -> str:
        return await self._call(method, path(mail.urls[rating]), mail, headers)

    async def follow_hidden(self, mail: Mail) -> str:
        return await self._call("GET", path(mail.urls["1"]).partition("?")[0] + "/more", mail, {})

    async def look(self, mail: Mail, rating: str) -> Page:
        return Page(await self.get(mail, rating), path(mail.urls[rating]))

    async def press(self, mail: Mail, page: Page, rating: int | None = None) -> Page:
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        return Page(await self._call("POST", page.url, mail, form, urlencode(page.fields(rating)).encode()), page.url)

    async def _call(self, method: str, url: str, mail: Mail, headers: dict[str, str], body: bytes = b"") -> str:
        """The body of the answer, which is a page or a redirection."""
        self.requests += 1
        where, _, query = url.partition("?")
        named = {"host": "touchstone.test", **mail.headers, **headers}
        scope = {
            "type": "http",
            "method": method,
            "scheme": "http",
            "path": where,
            "raw_path": where.encode(),
            "root_path": "",
            "query_string": query.encode(),
            "headers": [(name.lower().encode(), value.encode()) for name, value in named.items()],
            "client": ("127.0.0.1", 40000),
            "server": ("touchstone.test", 80),
            "http_version": "1.1",
        }
        sent: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Message) -> None:
            sent.append(message)

        await self.service(scope, receive, send)
        assert sent[0]["status"] in (200, 303), (method, url, sent)
        return b"".join(message.get("body", b"") for message in sent[1:]).decode()

    async def each(self, mails: Iterable[Mail], do: Callable[[Mail], Awaitable[Any]]) -> list[Any]:
        return await asyncio.gather(*(do(mail) for mail in mails))

    def wait(self, seconds: float) -> None:
        self.clock.pass_(seconds=seconds)


async def asks_for_the_head_of_all(world: World, mails: list[Mail]) -> None:
    await world.each(mails, lambda mail: in_turn(world.get(mail, rating, "HEAD") for rating in RATINGS))


async def opens_all(world: World, mails: list[Mail], **headers: str) -> None:
    await world.each(mails, lambda mail: in_turn(world.get(mail, rating, **headers) for rating in RATINGS))


async def opens_all_twice_in_any_order(world: World, mails: list[Mail]) -> None:
    def order() -> list[str]:
        return world.chance.sample(RATINGS * 2, 10)

    await world.each(mails, lambda mail: in_turn(world.get(mail, rating) for rating in order()))


async def runs_the_page_script(world: World, mails: list[Mail]) -> None:
    """Opens all and does what a page does by itself once it has loaded: submits the forms made to submit themselves."""

    async def load(mail: Mail) -> list[Page]:
        return [await world.look(mail, rating) for rating in RATINGS]

    async def submit(loaded: tuple[Mail, list[Page]]) -> None:
        mail, pages = loaded
        for page in pages:
            if AUTOSUBMIT in page.text:
                await world.press(mail, page)

    pages = await world.each(mails, load)
    world.wait(1)
    await asyncio.gather(*map(submit, zip(mails, pages, strict=True)))


async def presses_the_first_button_at_once(world: World, mails: list[Mail]) -> None:
    async def do(mail: Mail) -> None:
        for rating in RATINGS:
            await world.press(mail, await world.look(mail, rating))

    await world.each(mails, do)


async def presses_every_button_at_once(world: World, mails: list[Mail]) -> None:
    async def do(mail: Mail) -> None:
        page = await world.look(mail, "3")
        for button in page.buttons:
            await world.press(mail, page, button)

    await world.each(mails, do)


async def waits_and_presses_all(world: World, mails: list[Mail]) -> None:
    async def load(mail: Mail) -> list[Page]:
        return [await world.look(mail, rating) for rating in RATINGS]

    async def submit(loaded: tuple[Mail, list[Page]]) -> None:
        mail, pages = loaded
        for page in pages:
            await world.press(mail, page)

    pages = await world.each(mails, load)
    world.wait(5)
    await asyncio.gather(*map(submit, zip(mails, pages, strict=True)))


async def fetches_ahead(world: World, mails: list[Mail]) -> None:
    await opens_all(world, mails, **{"Sec-Purpose": "prefetch;prerender"})


async def previews_links(world: World, mails: list[Mail]) -> None:
    agents = ("Slackbot-LinkExpanding 1.0", "facebookexternalhit/1.1", "WhatsApp/2.23", "Twitterbot/1.0")

    async def do(mail: Mail) -> None:
        agent = agents[mail.number % len(agents)]
        for rating in RATINGS:
            await world.get(mail, rating, **{"User-Agent": agent, "Accept": "*/*"})

    await world.each(mails, do)


async def follows_every_link_and_presses_one(world: World, mails: list[Mail]) -> None:
    """Follows what it finds in the mail, the hidden link included, then presses a single button after a while."""

    async def crawl(mail: Mail) -> Page:
        await world.follow_hidden(mail)
        pages = [await world.look(mail, rating) for rating in RATINGS]
        return world.chance.choice(pages)

    pages = await world.each(mails, crawl)
    world.wait(5)
    await asyncio.gather(*(world.press(mail, page) for mail, page in zip(mails, pages, strict=True)))


async def person(world: World, mails: list[Mail]) -> list[Page]:
    """People click the rating they mean, look, press the big button (or another), and confirm when they are asked."""

    async def press(mail: Mail, page: Page) -> Page:
        mail.presses += 1
        return await world.press(mail, page, mail.means)

    clicked = [str(mail.means) if mail.number % 10 else world.chance.choice(RATINGS) for mail in mails]
    pages = await asyncio.gather(*(world.look(mail, rating) for mail, rating in zip(mails, clicked, strict=True)))
    world.wait(world.chance.uniform(1.5, 40))
    pages = await asyncio.gather(*(press(mail, page) for mail, page in zip(mails, pages, strict=True)))
    world.wait(4)
    return [
        page if "<details>" in page.text else await press(mail, page) for mail, page in zip(mails, pages, strict=True)
    ]


async def scanner_first_then_a_person(world: World, mails: list[Mail]) -> None:
    """Each mail is scanned at delivery, in one of the ways above; two hours later its reader says something else."""
    scanners = (
        opens_all,
        presses_the_first_button_at_once,
        presses_every_button_at_once,
        waits_and_presses_all,
        follows_every_link_and_presses_one,
    )
    for kind, scan in enumerate(scanners):
        await scan(world, [mail for mail in mails if mail.number % len(scanners) == kind])
        world.wait(1)
    world.wait(2 * 3600)
    await person(world, mails)


async def people_as_they_are(world: World, mails: list[Mail]) -> None:
    """A third double-click, a third change their mind on the page, a third forward the mail, which is scanned again."""
    twice, fickle, forwarding = ([mail for mail in mails if mail.number % 3 == kind] for kind in range(3))

    async def double(mail: Mail) -> None:
        page = await world.look(mail, str(mail.means))
        mail.presses += 1
        world.wait(2)
        await asyncio.gather(world.press(mail, page), world.press(mail, page))

    for start in range(0, len(twice), 20):
        await world.each(twice[start : start + 20], double)
    thanks = await person(world, fickle)
    world.wait(8)
    for mail, page in zip(fickle, thanks, strict=True):
        mail.means = mail.means % 5 + 1
        await world.press(mail, page, mail.means)
    await person(world, forwarding)
    world.wait(3600)
    await opens_all(world, forwarding)
    await presses_every_button_at_once(world, forwarding)
    await follows_every_link_and_presses_one(world, forwarding)


async def in_turn(steps: Iterable[Awaitable[Any]]) -> None:
    for step in steps:
        await step


SCANNERS = (
    asks_for_the_head_of_all,
    opens_all,
    opens_all_twice_in_any_order,
    runs_the_page_script,
    presses_the_first_button_at_once,
    presses_every_button_at_once,
    waits_and_presses_all,
    fetches_ahead,
    previews_links,
    follows_every_link_and_presses_one,
)
PEOPLE = (scanner_first_then_a_person, people_as_they_are)
