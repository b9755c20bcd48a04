"""Looking at a file before it is imported: what it is understood to say, and what has to be asked."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from app.answers.cells import is_export
from app.importer import column_guess, presets, scale_guess
from app.importer.answers import Columns
from app.importer.labels import NO_SCALES, Scales
from app.importer.layout import Layout
from app.importer.mapping import HASHED, ROLES, Mapping
from app.importer.presets import Preset
from app.importer.rating_words import folded
from app.importer.ratings import read_rescale, scale_up_to
from app.importer.row import LeftOut, Row, RowError
from app.importer.rows import chunks, layout_of, open_table
from app.importer.sentence import Sentence
from app.importer.slugs import slug
from app.importer.times import day_first, joined, order_of
from app.touchpoints.scales import SCALES

DIFFERENT_MAX = 2000  # ratings: a column with more of them holds something else
OTHER_RATINGS_SHOWN = 5
LABELS_SHOWN = 10
_PRESET = {presets.API: "note.preset_by_api", presets.UNVERIFIED: "note.preset"}


@dataclass(frozen=True, slots=True)
class Question:
    """What the file does not say: the option that does, in a sentence, and what it may be set to."""

    option: str
    text: Sentence
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Looked:
    """What a file is understood to say. `mapping` is None for an export of ours, which is taken back whole.

    `places` are what its cells name as touchpoints, up to DIFFERENT_MAX of them; `unknown` words that are no ratings.
    `scales` are those that were there.
    """

    layout: Layout
    names: Sequence[str]
    mapping: Mapping | None
    rows: int = 0
    notes: Sequence[Sentence] = ()
    questions: Sequence[Question] = ()
    places: Sequence[str] = ()
    unknown: Sequence[str] = ()
    scales: Scales = NO_SCALES


@dataclass(slots=True)
class _Survey:
    """What is in the columns that matter, over the whole file."""

    rows: int = 0
    ratings: set[str] = field(default_factory=set)
    orders: set[str | None] = field(default_factory=set)
    places: set[str] = field(default_factory=set)
    unknown: Sequence[str] = ()


def look(
    path: Path,
    said: Mapping,
    *,
    encoding: str | None = None,
    preset: str | None = None,
    scales: Scales = NO_SCALES,
    name: str = "",
) -> Looked:
    """What the file says, where `said` does not; `scales` are those that are there.

    `name` is the file's, which names the touchpoint when nothing else does. FileError when it is no table.
    """
    layout = layout_of(path, encoding)
    with open_table(path, layout) as table:
        names = table.names
        first: Sequence[Any] = next(chunks(table.rows([*names, None])), ())
        sample = [row.cells for _, row in first if isinstance(row, Row)]
    if is_export(names) and said.columns == Columns():
        return Looked(layout, names, None)
    known = _preset(preset, names)
    complete = is_complete(said.columns)
    mapping, others = (said, ()) if complete else _columns(said, known, names, sample, name, scales)
    survey = _survey(path, layout, mapping.columns)
    hint = known.hint if known and not complete else ""
    mapping, notes, questions = _decided(mapping, survey, scales, hint, complete=complete)
    if others:
        text, shown = "not imported, although they look like ratings: {names}", ", ".join(others[:OTHER_RATINGS_SHOWN])
        notes.append(Sentence("note.other_ratings", text, names=shown))
    if known and not complete:
        text = f"recognised as an export of {{name}}; {known.verified}"
        notes.insert(0, Sentence(_PRESET[known.verified], text, name=known.name))
    places = sorted(survey.places) if mapping.columns.touchpoint_column else ()
    return Looked(layout, names, mapping, survey.rows, notes, questions, places, survey.unknown, scales)


def is_complete(columns: Columns) -> bool:
    """Whether the options say which column is what, so that nothing is to be guessed: a script's, every night."""
    return bool(
        (columns.touchpoint or columns.touchpoint_column) and (columns.rating or columns.comment or columns.wide)
    )


def _preset(wanted: str | None, names: Sequence[str]) -> Preset | None:
    if wanted is None:
        return presets.recognised(names)
    return next(preset for preset in presets.PRESETS if preset.name == wanted)


def _columns(
    said: Mapping,
    known: Preset | None,
    names: Sequence[str],
    sample: Sequence[Sequence[str]],
    file_name: str,
    scales: Scales,
) -> tuple[Mapping, Sequence[str]]:
    """The mapping with the columns found, and what else looks like a rating."""
    columns = column_guess.columns_of(names, [cells[: len(names)] for cells in sample])
    found = Mapping(respondents=HASHED)
    if known:
        free = presets.left_to_look_at(known, names)
        columns = [column for column in columns if column.name in free]
        found = Mapping(
            columns=presets.columns_in(known, names), scale=known.scale, words=dict(known.words),
            timezone=known.timezone, respondents=HASHED,
        )  # fmt: skip
    found = said.over(found)
    taken = {name for name in (getattr(found.columns, each) for each in ROLES) if name}
    guessed = column_guess.roles([column for column in columns if column.name not in taken], scales.words)
    if known:  # it knows which columns it has; what the answers are has to be looked for
        few = Columns(rating=guessed.columns.rating, comment=guessed.columns.comment, wide=guessed.columns.wide)
        few = replace(few, touchpoint_column=guessed.columns.touchpoint_column) if known.name == "happyornot" else few
    else:
        few = guessed.columns
    found = found.over(Mapping(columns=few))
    if found.columns.wide and found.columns.rating:
        found = replace(found, columns=replace(found.columns, wide=()))
    if not found.columns.touchpoint and not found.columns.touchpoint_column:
        key = _free_name(known.name if known else file_name)
        found = replace(found, columns=replace(found.columns, touchpoint=key))
    used = {getattr(found.columns, each) for each in ROLES} | set(found.columns.context)
    return found, [name for name in guessed.ratings if name not in used]


def _free_name(name: str) -> str | None:
    try:
        return slug("", name)
    except RowError:
        return None


def _survey(path: Path, layout: Layout, columns: Columns) -> _Survey:
    """The whole file, once: which ratings, which order of dates, which touchpoints."""
    found = _Survey()
    wanted = (columns.touchpoint_column, columns.rating, columns.time, columns.clock)
    with open_table(path, layout) as table:
        for _, row in table.rows(wanted):
            if isinstance(row, LeftOut):
                continue
            found.rows += 1
            if isinstance(row, RowError):
                continue
            place, rating, time, clock = row.cells
            if len(found.ratings) < DIFFERENT_MAX:
                found.ratings.add(rating)
            if len(found.places) < DIFFERENT_MAX:
                found.places.add(place)
            if time and len(time) < 40:
                found.orders.add(order_of(joined(time.strip(), clock.strip())))
    return found


def _decided(
    mapping: Mapping, survey: _Survey, scales: Scales, hint: str, *, complete: bool
) -> tuple[Mapping, list[Sentence], list[Question]]:
    """The mapping with scale, words and order of dates; what is worth telling, and what has to be asked."""
    notes: list[Sentence] = []
    questions: list[Question] = []
    columns = mapping.columns
    if not (columns.rating or columns.comment or columns.wide):
        text = Sentence("ask.rating", "It is not clear which column holds the rating.")
        questions.append(Question("--rating-column", text))
        return mapping, notes, questions
    if mapping.day_first is None and columns.time:
        order = day_first(survey.orders)
        if isinstance(order, Sentence):
            text = Sentence("ask.order", "{column}: {why}.", column=columns.time, why=order)
            (notes.append(text) if complete else questions.append(Question("--day-first", text, ("day", "month"))))
        else:
            mapping = replace(mapping, day_first=order)
    if columns.rating or columns.wide:
        mapping = _scaled(mapping, survey, scales, hint, notes, questions, complete=complete)
    return mapping, notes, questions


def _scaled(
    mapping: Mapping,
    survey: _Survey,
    scales: Scales,
    hint: str,
    notes: list[Sentence],
    questions: list[Question],
    *,
    complete: bool,
) -> Mapping:
    """The mapping with the scale and the words of its ratings."""
    columns = mapping.columns
    keys = _keys_there(columns, survey, scales)
    found = {scales.of[key] for key in keys if key}
    open_ = {cell for cell in survey.ratings if folded(cell) not in mapping.words}
    labelled = _labelled(open_, scales, found or {mapping.scale or ""}, notes)
    guess = scale_guess.guess(columns.wide or survey.ratings - labelled, columns.rating or "", hint)
    if labelled:  # beside these, a word that others use for a rating says nothing of this scale
        guess = replace(guess, words={}, unknown=tuple(sorted({*guess.unknown, *guess.words})))
    unknown = [word for word in guess.unknown if word not in mapping.words]
    survey.unknown = unknown
    if unknown:
        text = "no ratings, and refused: {words} (--map WORD=5 says what one means)"
        notes.append(Sentence("note.no_ratings", text, words=", ".join(unknown[:8])))
    there = set() if None in keys else found
    mapping = replace(mapping, words=guess.words | mapping.words, rescale=mapping.rescale or guess.rescale)
    if mapping.scale is not None or mapping.rescale:
        scale = mapping.scale or scale_up_to(read_rescale(mapping.rescale or "")[1])
        return replace(mapping, scale=None if there and not mapping.scale else scale)
    if there:
        text = "scale: {scales}, as the touchpoints have it"
        notes.append(Sentence("note.scales_there", text, scales=", ".join(sorted(there))))
    elif guess.scale:
        notes.append(Sentence("note.scale", "scale: {scale} ({why})", scale=guess.scale, why=guess.why))
        return replace(mapping, scale=guess.scale)
    elif complete:
        notes.append(Sentence("ask.scale", "{column}: {why}", column=columns.rating, why=guess.why))
    else:
        text = Sentence("ask.scale", "{column}: {why}.", column=columns.rating, why=guess.why)
        questions.append(Question("--scale", text, tuple(SCALES)))
    return mapping


def _labelled(ratings: Iterable[str], scales: Scales, found: Iterable[str], notes: list[Sentence]) -> set[str]:
    """Which of these are labels of the scales, which is worth telling."""
    labelled: set[str] = set()
    for scale in sorted(found):
        labels = scales.labels(scale)
        words = sorted((labels[folded(cell)], cell) for cell in ratings if folded(cell) in labels)
        if words:
            said = ", ".join(f"{cell.strip()[:40]} = {rating}" for rating, cell in words[:LABELS_SHOWN])
            said += ", ..." if len(words) > LABELS_SHOWN else ""
            text = "read as labels of the scale {scale}: {words}"
            notes.append(Sentence("note.labels", text, scale=scale, words=said))
            labelled.update(cell for _, cell in words)
    return labelled


def _keys_there(columns: Columns, survey: _Survey, scales: Scales) -> set[str | None]:
    """The touchpoints of the file that are there already; None among them when another one is not."""
    keys: set[str | None] = set()
    for place in [""] if columns.touchpoint else survey.places:
        try:
            known = columns.key(place), columns.former_key(place)
        except RowError:
            continue
        keys.add(next((key for key in known if key in scales.of), None))
    return keys
