"""Forms of the dashboard, sent as a browser without a script does."""

import re
from html.parser import HTMLParser
from typing import Any

import httpx


async def send(person: httpx.AsyncClient, page: str, to: str, **data: Any) -> httpx.Response:
    """Send a form of `page`, with its token."""
    found = re.search(r'name="csrf" value="([0-9a-f]+)"', (await person.get(page)).text)
    assert found
    return await person.post(to, data={"csrf": found[1], **data})


class _Form(HTMLParser):
    """The fields of the form with this action, with their values."""

    def __init__(self, action: str) -> None:
        super().__init__()
        self.fields: dict[str, list[str]] = {}
        self._action, self._inside, self._text, self._select = action, False, "", ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._inside = given.get("action") == self._action
        if not self._inside or "disabled" in given:
            return
        if (
            tag == "input"
            and given.get("name")
            and (given.get("type") not in ("checkbox", "radio") or "checked" in given)
        ):
            self._add(given["name"], given.get("value", "on"))
        if tag == "textarea":
            self._text = given["name"]
            self._add(self._text, "")
        if tag == "select":
            self._select = given["name"]
        if tag == "option" and (self._select not in self.fields or "selected" in given):
            self.fields[self._select] = [given["value"]]

    def handle_data(self, data: str) -> None:
        if self._text:
            self.fields[self._text][-1] += data

    def handle_endtag(self, tag: str) -> None:
        self._inside &= tag != "form"
        self._text = "" if tag == "textarea" else self._text

    def _add(self, name: str, value: str) -> None:
        self.fields.setdefault(name, []).append(value)


def filled_in(page: str, action: str) -> dict[str, list[str]]:
    """What a browser sends of the form with this action when nobody touches it."""
    form = _Form(action)
    form.feed(page)
    assert form.fields, action
    return form.fields
