"""A Mail as HTML, as text, and as the message that goes to the server. No image, no script, nothing that is fetched."""

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from uuid import UUID

from app.mail.writing import Item, Level, Mail, Quote
from app.pages.render import ENVIRONMENT

WIDTH = 72
_POLICY = SMTP.clone(cte_type="7bit")


def html(mail: Mail, language: str) -> str:
    """The letter as a page."""
    return ENVIRONMENT.get_template("mail_letter.html").render(mail=mail, language=language)


def text(mail: Mail) -> str:
    """The letter as plain lines."""
    return "\n".join(_lines(mail)) + "\n"


def _lines(mail: Mail) -> Iterator[str]:
    yield from [*wrapped(mail.over), "", *wrapped(mail.title)]
    for line in mail.lines:
        yield from ["", *wrapped(line)]
    if mail.button:
        yield from ["", f"{mail.button[0]}:", mail.button[1]]
    for part in mail.parts:
        yield from ["", "", part.title.upper()]
        for item in part.items:
            yield from ["", *_item(item)]
        for quote in part.quotes:
            yield from ["", *_quote(quote)]
        yield from ["", *wrapped(part.below)] if part.below else []
    yield from ["", "-- "]
    for line in mail.ends:
        yield from wrapped(line)
    for label, url in filter(None, (mail.choose, mail.stop)):
        yield from [f"{label}:", url]


def _item(item: Item) -> Iterator[str]:
    yield from wrapped(f"{item.name} {item.said}".rstrip(), "* ", "  ")
    for line in filter(None, (", ".join(map(_level, item.levels)), item.more)):
        yield from wrapped(line, "  ", "  ")
    yield f"  {item.url}"


def _level(level: Level) -> str:
    said = f"{level.name} {round(level.value)}"
    return f"{said} ({level.span})" if level.span else said


def _quote(quote: Quote) -> Sequence[str]:
    return [*wrapped(f"{quote.said}:", "  ", "  "), *wrapped(quote.text, "  > ", "  > ")]


def wrapped(line: str, first: str = "", rest: str = "") -> list[str]:
    return textwrap.wrap(
        line, WIDTH, initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False
    )


@dataclass(frozen=True, slots=True)
class Drawn:
    """A letter in both forms; `stop` is the address that a mail program's own button posts to."""

    subject: str
    text: str
    html: str
    stop: str


def letter(mail: Mail, language: str) -> Drawn:
    """A letter as it is sent."""
    return Drawn(mail.subject, text(mail), html(mail, language), mail.stop[1])


def message(drawn: Drawn, language: str, *, sender: str, to: str, number: UUID, at: datetime) -> bytes:
    """The bytes to hand in. The Message-ID is the letter's own: one that comes twice is known again."""
    name, address = parseaddr(sender)
    made = EmailMessage(_POLICY)
    made["From"] = Address(name, addr_spec=address)
    made["To"] = to
    made["Subject"] = line_of(drawn.subject)
    made["Date"] = format_datetime(at)
    made["Message-ID"] = f"<{number}@{address.partition('@')[2]}>"
    made["Auto-Submitted"] = "auto-generated"
    made.set_content(drawn.text, cte="quoted-printable")
    made.add_alternative(drawn.html, subtype="html", cte="quoted-printable")
    made["Content-Language"] = language  # earlier, it would become one of the first part
    # Written by hand: the library would fold the address, and a mail program would not find its way.
    ends = f"List-Unsubscribe: <{drawn.stop}>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
    return ends.encode("ascii") + made.as_bytes()


def line_of(said: str) -> str:
    """One line: a header ends where a line does."""
    return " ".join("".join(c if c.isprintable() else " " for c in said).split())
