"""Which column of a table says what, by the names and by what stands in them. Pure."""

import re
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass

from app.importer.answers import Columns
from app.importer.rating_words import NOTHING, family_of, folded
from app.importer.ratings import parse
from app.importer.times import is_time


def _named(*patterns: str) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(pattern, re.IGNORECASE) for pattern in patterns)


# The first pattern that fits a name counts most. English, German, Danish, Polish.
RATING = _named(
    r"\b(nps|csat|ces)\b|star.?rating|^rating\b|^score$|sternebewertung|antal stjerner|liczba gwiazdek",
    r"how (likely|satisfied|easy|would you rate)|rating|^score|wie (zufrieden|wahrscheinlich)|"
    r"hvor (tilfreds|sandsynlig)|jak (bardzo|ocenia)|ocen|bewertung|vurdering|weiterempfehl|anbefal|polec",
    r"stars?\b|sterne|stjerner|gwiazd|smiley|satisfaction|zufriedenheit|tilfredshed|zadowol|punkt|points|\bnote\b|"
    r"karakter|score|q\d+_nps",
)
COMMENT = _named(
    r"^(comments?|kommentare?|kommentarer|komentarz.?|feedback|review|text|reviewtext|free.?text|verbatim|body|content)$",
    r"comment|kommentar|komentarz|feedback|rückmeldung|tilbagemelding|opini|message|nachricht|besked|wiadomo",
    r"\bwhy\b|warum|wieso|hvorfor|dlaczego|anmerkung|bemerkung|uwagi|anything else|improve|verbesser|forbedr|popraw|"
    r"response|text|begründung|grund",
)
TIME = _named(
    r"submit|completed|abgeschickt|abgesendet|indsendt|przesł|recorded|answered|responded|beantwortet",
    r"created|createtime|erstellt|oprettet|utworz|timestamp|zeitstempel|tidsstempel|sygnatura|end ?date|enddatum|"
    r"received",
    r"date|datum|dato|\bdata\b|\bzeit\b|\btid\b|time\b|czas|\bam\b|\bwann\b|\bat$|_at$|tag\b|dzień",
)
CLOCK = _named(r"time|uhr|zeit|klok|tid|godz|czas|hour|stunde")
ID = _named(
    r"^(response|survey response|answer|review|feedback|submission|rating|respondent|antwort|svar|odpowied[źz]).?id$|"
    r"^#$|reviewid",
    r"^(id|uuid|guid|key|token)$|^id ",
)
RESPONDENT = _named(
    r"e.?mail",
    r"(person|customer|user|contact|kunden?|klient|respondent|recipient|requester).?(id|nr|no|number|nummer)$",
)
TOUCHPOINT = _named(
    r"touch.?point|kontaktpunkt|berührungspunkt|punkt styku",
    r"\b(store|shop|branch|filiale|location|standort|site|butik|afdeling|department|abteilung|sklep|oddział|placówka|lokalizacja|"
    r"unit|desk|kasse|restaurant|hotel|station|terminal|smiley ?point)\b",
)
COUNT = _named(r"^(count|anzahl|antal|liczba|n|responses|answers|votes|quantity|menge|ilość|stimmen)$")
_NOT_TIME = re.compile(r"update|birth|geburt|fødsel|urodz|sent|due|expire|start|first|seen", re.IGNORECASE)
_CLOCK = re.compile(r"\d{1,2}[:.h]\d{2}([:.]\d{2})?\s*([ap]\.?m\.?)?", re.IGNORECASE)
_LINK = re.compile(r"https?://\S+")
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
MOSTLY, HALF = 0.9, 0.5  # of the cells; half of them where the name says it too: the others are refused by line
Check = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Column:
    """A column's name and a sample of its cells that are not empty, out of `rows`."""

    name: str
    cells: Sequence[str]
    rows: int

    def share(self, fits: Check) -> float:
        """How many of the cells fit, as a share."""
        return sum(1 for cell in self.cells if fits(cell)) / len(self.cells) if self.cells else 0.0

    @property
    def different(self) -> int:
        return len(set(self.cells))

    @property
    def average(self) -> float:
        return sum(map(len, self.cells)) / len(self.cells) if self.cells else 0.0


@dataclass(frozen=True, slots=True)
class Roles:
    """The columns found, and the names of others that might have been the rating."""

    columns: Columns
    ratings: tuple[str, ...] = ()


def columns_of(names: Sequence[str], rows: Sequence[Sequence[str]]) -> list[Column]:
    """The columns of a sample."""
    filled = [[row[place].strip() for row in rows if row[place].strip()] for place in range(len(names))]
    return [Column(name, cells, len(rows)) for name, cells in zip(names, filled, strict=True)]


def roles(columns: Sequence[Column], labels: Container[str] = ()) -> Roles:
    """Which column says what; what is not clear is None. `labels` (folded) are what the company's own scales say."""
    free = {column.name: column for column in columns if column.cells}
    wide = _wide(free)
    for name in wide:
        del free[name]
    number = _take(free, ID, _is_unique)
    time = _take(free, TIME, lambda column: column.share(is_time) >= HALF and not _NOT_TIME.search(column.name))
    time = time or _only(free, lambda column: column.share(is_time) >= MOSTLY)
    clock = _take(free, CLOCK, lambda column: column.share(_CLOCK.fullmatch) >= MOSTLY) if time else None
    count = _take(free, COUNT, lambda column: column.share(str.isdecimal) >= MOSTLY) if not wide else None
    person = _take(free, RESPONDENT, lambda _: True)
    person = person or _only(free, lambda column: column.share(_ADDRESS.fullmatch) >= MOSTLY)
    rating, others = (None, ()) if wide else _rating(free, labels)
    place = _take(free, TOUCHPOINT, _is_place)
    comment = _take(free, COMMENT, _is_text) or _longest(free)
    return Roles(
        Columns(touchpoint_column=place, rating=rating, comment=comment, time=time, id=number, respondent=person,
                clock=clock, count=count, wide=wide), others)  # fmt: skip


def _take(free: dict[str, Column], patterns: Sequence[re.Pattern[str]], fits: Callable[[Column], object]) -> str | None:
    """The free column whose name fits best, and whose cells fit; it is not free any more."""
    for pattern in patterns:
        for name, column in free.items():
            if pattern.search(name) and fits(column):
                del free[name]
                return name
    return None


def _only(free: dict[str, Column], fits: Callable[[Column], object]) -> str | None:
    """The free column that fits, if there is just one."""
    found = [name for name, column in free.items() if fits(column)]
    if len(found) != 1:
        return None
    del free[found[0]]
    return found[0]


def _rating(free: dict[str, Column], labels: Container[str]) -> tuple[str | None, tuple[str, ...]]:
    """The column of ratings, and the names of others that could be it; none of several without a telling name."""
    like = {name: column for name, column in free.items() if _is_rating(column, labels)}
    best = _take(dict(like), RATING, lambda _: True) or (next(iter(like)) if len(like) == 1 else None)
    if best:
        del free[best]
    return best, tuple(name for name in like if name != best)


def _is_rating(column: Column, labels: Container[str]) -> bool:
    cells = {cell for cell in column.cells if folded(cell) not in NOTHING}
    words = {word for cell in cells if parse(cell) is None and (word := folded(cell)) not in labels}
    if not cells or len(cells) > 101 or column.share(is_time) >= MOSTLY:
        return False
    values = [said.value for cell in cells if (said := parse(cell))]
    most = 100 if any("%" in cell for cell in cells) else 10
    known = not words or (not values and family_of(words) is not None) or _named_as_rating(column, labels)
    return known and all(0 <= value <= most for value in values)


def _named_as_rating(column: Column, labels: Container[str]) -> bool:
    """Whether its name says so and half of its cells do: what the others mean can be said, or they are refused."""
    said = column.share(lambda cell: parse(cell) or folded(cell) in labels)
    return said >= HALF and any(pattern.search(column.name) for pattern in RATING)


def _wide(free: Mapping[str, Column]) -> tuple[str, ...]:
    """Columns that are named as ratings and hold how many gave each: `Very happy`, `Happy` ..."""
    counts = [name for name, column in free.items() if column.share(str.isdecimal) == 1]
    named = [name for name in counts if family_of([folded(name)])]
    while len(named) >= 3:
        if family_of(map(folded, named)):
            return tuple(named)
        named.pop()
    return ()


def _is_unique(column: Column) -> bool:
    return len(column.cells) == column.rows == column.different


def _is_place(column: Column) -> bool:
    few = column.rows < 20 or column.different <= max(20, column.rows * 0.6)
    return few and column.average < 60 and len(column.cells) >= 0.5 * column.rows


def _is_text(column: Column) -> bool:
    number = column.share(lambda cell: cell.replace(".", "", 1).isdecimal()) >= MOSTLY
    return not number and column.share(is_time) < MOSTLY and column.share(_LINK.fullmatch) < MOSTLY


def _longest(free: Mapping[str, Column]) -> str | None:
    """The column with the longest sentences."""

    def sentences() -> Iterator[tuple[float, str]]:
        for name, column in free.items():
            if _is_text(column) and column.average >= 12 and column.share(lambda cell: " " in cell) >= 0.5:
                yield column.average, name

    return max(sentences(), default=(0.0, None))[1]
