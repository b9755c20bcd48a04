"""Validation errors of a form, in the reader's language and by field. Pure."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pydantic

from app.dashboard.localized import Localized
from app.errors import Code, Place, Problem

_KINDS = {
    "missing": "missing",
    "too_short": "missing",
    "string_too_short": "missing",
    "string_too_long": "too_long",
    "too_long": "too_many",
    "float_parsing": "number",
    "float_type": "number",
    "int_parsing": "number",
    "int_type": "number",
    "date_from_datetime_parsing": "date",
    "date_parsing": "date",
    "datetime_from_date_parsing": "date",
    "greater_than_equal": "at_least",
    "less_than_equal": "at_most",
}


Said = tuple[str, str, str]  # the address of a field, its name, and what is wrong there


class FormErrors:
    """Messages by place, a place being the dotted path of the API's body (`stages.0.name`)."""

    def __init__(self, messages: Mapping[str, str]) -> None:
        self._messages = messages

    def __bool__(self) -> bool:
        return bool(self._messages)

    def __len__(self) -> int:
        return len(self._messages)

    def at(self, place: str) -> str | None:
        """What is wrong at a place or within it."""
        return next((said for at, said in self._messages.items() if f"{at}.".startswith(f"{place}.")), None)

    def listed(self, fields: Mapping[str, tuple[str, str]]) -> list[Said]:
        """For the top of a form: `fields` are (address of the page, name) by place. What is at none of them first."""
        of = tuple(f"{place}." for place in fields)
        loose = [("", "", said) for at, said in self._messages.items() if not f"{at}.".startswith(of)]
        found = [(f"{page}#at-{place}", name, self.at(place)) for place, (page, name) in fields.items()]
        return loose + [(at, name, said) for at, name, said in found if said]


NOTHING = FormErrors({})


def beside(error: pydantic.ValidationError, t: Localized, own: Mapping[str, str] = MappingProxyType({})) -> FormErrors:
    """What pydantic refused; `own` are messages by the name of a field that means something else in other forms."""
    return FormErrors({".".join(map(str, one["loc"])): _said(one, t, own) for one in error.errors(include_url=False)})


def refused(error: pydantic.ValidationError, t: Localized) -> Problem:
    """What pydantic refused of a form that does not come back, in the reader's language."""
    said = [
        Place(place=".".join(map(str, one["loc"])), message=_said(one, t, {}))
        for one in error.errors(include_url=False)
    ]
    return Problem(Code.INVALID_REQUEST, str(t("wrong.form")), errors=said)


def of_problem(problem: Problem, t: Localized) -> FormErrors:
    """What the database's rules refused; the problem itself when it names no place."""
    if not problem.errors:
        raise problem
    places = [one.place.removeprefix("body.") for one in problem.errors]
    return FormErrors({place: _broken(problem.code, place, t) for place in places})


def _broken(code: Code, place: str, t: Localized) -> str:
    """The text of a rule by the last name of its place."""
    name = next((part for part in reversed(place.split(".")) if not part.isdecimal()), "")
    key = "wrong.taken" if code == Code.KEY_TAKEN else f"wrong.{name}"
    return str(t(key if t.has(key) else "wrong.other"))


def _said(error: Any, t: Localized, own: Mapping[str, str]) -> str:
    """The text of this kind of mistake; else the place's own, by the last name of its path."""
    if error["type"] == "too_short" and isinstance(error["input"], list):
        return str(t("wrong.choose"))
    if "control character" in error["msg"]:
        return str(t("wrong.character"))
    names = [part for part in error["loc"] if isinstance(part, str)]
    name = names[-1] if names else "whole"
    key = f"wrong.{kind}" if (kind := _KINDS.get(error["type"])) else own.get(name, f"wrong.{name}")
    bounds = [t.number(value) for name, value in error.get("ctx", {}).items() if name in ("le", "ge", "max_length")]
    key = key if t.has(key) else "wrong.other"
    return str(t(key, bound=bounds[0]) if bounds else t(key))
