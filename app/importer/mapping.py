"""What a file is understood to say: decided once, looked at, and kept as TOML for the next files of its kind. Pure."""

import json
import tomllib
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from app.importer.answers import Columns
from app.importer.ratings import read_map
from app.importer.row import FileError

HASHED, PLAIN, ADDRESSES = RESPONDENTS = ("hashed", "plain", "addresses")  # the last: only what looks like an address
ROLES = ("touchpoint_column", "rating", "comment", "time", "id", "respondent", "clock", "count")
_COLUMNS = tuple(each.name for each in fields(Columns))


@dataclass(frozen=True, slots=True)
class Mapping:
    """`words` are cells (folded) that mean a rating; `rescale` is `10:5`, the highest rating there and here."""

    columns: Columns = field(default_factory=Columns)
    scale: str | None = None
    words: dict[str, int] = field(default_factory=dict)
    rescale: str | None = None
    day_first: bool | None = None
    timezone: str | None = None
    undated: str | None = None
    respondents: str = ADDRESSES

    def over(self, other: "Mapping") -> "Mapping":
        """This mapping, and the other one where this says nothing."""
        columns = Columns(**{name: _or(getattr(self.columns, name), getattr(other.columns, name)) for name in _COLUMNS})
        if self.columns.touchpoint or self.columns.touchpoint_column:
            columns = replace(
                columns, touchpoint=self.columns.touchpoint, touchpoint_column=self.columns.touchpoint_column
            )
        said = {each.name: _or(getattr(self, each.name), getattr(other, each.name)) for each in fields(self)}
        respondents = other.respondents if self.respondents == ADDRESSES else self.respondents
        return Mapping(**said | {"columns": columns, "words": other.words | self.words, "respondents": respondents})

    def renamed(self, names: dict[str, str]) -> "Mapping":
        """This mapping for columns that are called otherwise: their new names by the old ones."""
        of = self.columns
        roles: dict[str, Any] = {role: _of(names, getattr(of, role)) for role in (*ROLES, "wide", "context")}
        unwanted = (_of(names, of.unwanted[0]), of.unwanted[1]) if of.unwanted else None
        return replace(self, columns=replace(of, **roles, unwanted=unwanted))


def _of(names: dict[str, str], name: Any) -> Any:
    return tuple(_of(names, each) for each in name) if isinstance(name, tuple) else names.get(name, name)


def _or(mine: Any, other: Any) -> Any:
    return other if mine is None or (mine in ((), "", {}) and mine is not False) else mine


def to_toml(mapping: Mapping) -> str:
    """The mapping as TOML, without what it does not say."""
    lines = ["[columns]", *_pairs(mapping.columns), "", "[answers]", *_pairs(mapping)]
    if mapping.words:
        lines += ["", "[answers.words]", *(f"{_quoted(word)} = {rating}" for word, rating in mapping.words.items())]
    return "\n".join(lines) + "\n"


def _pairs(said: Any) -> Iterator[str]:
    for each in fields(said):
        value = getattr(said, each.name)
        if each.name in ("columns", "words") or value in (None, "", ()):
            continue
        yield f"{each.name} = {_quoted(value)}"


def _quoted(value: Any) -> str:
    """As in JSON, which TOML reads too; but it takes no character in two halves."""
    return json.dumps(value, ensure_ascii=False)


def from_toml(text: str) -> Mapping:
    """A mapping out of TOML; FileError with what is wrong in it."""
    try:
        said = tomllib.loads(text)
        columns, answers = said.pop("columns", {}), said.pop("answers", {})
        if said:
            raise FileError(f"The mapping has {next(iter(said))!r}, which is not known.")
        return _mapping(columns, answers)
    except (tomllib.TOMLDecodeError, TypeError, ValueError, AttributeError) as error:
        raise FileError(f"The mapping cannot be read: {error}") from None


def to_json(mapping: Mapping) -> dict[str, Any]:
    """The mapping as JSON holds it."""
    return asdict(mapping)


def of_json(said: dict[str, Any]) -> Mapping:
    """What `to_json` gave."""
    return _mapping(dict(said["columns"]), {name: value for name, value in said.items() if name != "columns"})


def _mapping(columns: dict[str, Any], answers: dict[str, Any]) -> Mapping:
    """The mapping of plain values; its tuples were lists meanwhile."""
    columns |= {name: tuple(columns[name]) for name in ("context", "wide") if name in columns}
    if columns.get("unwanted"):
        columns["unwanted"] = (columns["unwanted"][0], tuple(columns["unwanted"][1]))
    return Mapping(columns=Columns(**columns), **answers | {"words": read_map(answers.get("words", {}))})
