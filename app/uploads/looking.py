"""What a file is understood to say, as it is kept until somebody says yes.

`found` is JSON: `layout`, `names` (of the columns), `rows`, `mapping` (None for an export of ours), `notes`, `open`
(what has to be said before it can be imported), `words` (that need a rating), `places` (touchpoints), and of the first
rows `answers`, `looked_at`, `left` and `causes`. Sentences are codes with their values. Where somebody chose another
encoding, `guess` is the layout's before.
"""

from collections.abc import Iterator, Sequence
from collections.abc import Mapping as Names
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from app.importer.answers import Columns
from app.importer.labels import Scales
from app.importer.look import Looked, look
from app.importer.mapping import Mapping, of_json, to_json
from app.importer.packed import unpacks_within
from app.importer.preview import Preview, preview
from app.importer.row import FileError, RowError
from app.importer.rows import layout_of, open_table
from app.importer.sentence import Sentence
from app.importer.tally import Tally
from app.ingest.channels import Answer

TIMES = 4  # as large as an upload may be, it may be when it is unpacked
WORDS_SHOWN = 40
CAUSES_SHOWN = 50
PLACES_SHOWN = 200
SHORT = 300  # characters of a comment, or of a cell in a sentence


def looked_at(
    path: Path, said: Mapping, name: str, scales: Scales, most: int, encoding: str | None = None
) -> dict[str, Any]:
    """What the file at `path`, called `name`, says where `said` does not; FileError when it is no table.

    `scales` are those that are there, `most` the bytes that an upload may have; `encoding` None is found out.
    """
    if not unpacks_within(path, most * TIMES):
        text = "Unpacked it is larger than {most} MB."
        raise FileError(Sentence("file.unpacked", text, most=most * TIMES // 2**20))
    looked = look(path, said, encoding=encoding, scales=scales, name=Path(name).stem)
    mapping = looked.mapping
    found = {
        "layout": asdict(looked.layout),
        "names": list(looked.names),
        "rows": looked.rows,
        "mapping": to_json(mapping) if mapping else None,
        "notes": [note.told for note in looked.notes if not note.code.startswith("ask.")],
        "open": _open(looked),
        "words": list(looked.unknown[:WORDS_SHOWN]),
        "places": list(_places(looked, mapping)) if mapping else [],
    }
    shown = preview(path, looked) if mapping and not found["open"] else Preview()
    answers = [_answer(line, key, answer) for line, key, answer in shown.answers]
    return found | {"answers": answers, "looked_at": shown.looked_at, **trouble(shown.tally)}


def reread(path: Path, said: Mapping, names: Sequence[str], encoding: str | None) -> Mapping:
    """`said` of the columns `names`, for the file in another encoding: a column is known by its place.

    Where it has other columns then, nothing is said of them. A word that is not of ASCII's letters is another one then.
    """
    with open_table(path, layout_of(path, encoding)) as table:
        if len(table.names) == len(names):
            said = said.renamed(dict(zip(names, table.names, strict=True)))
        else:
            said = replace(said, columns=Columns(touchpoint=said.columns.touchpoint))
    return replace(said, words={word: rating for word, rating in said.words.items() if word.isascii()})


def mapping_of(found: Names[str, Any]) -> Mapping | None:
    """The mapping in `found`."""
    return of_json(found["mapping"]) if found["mapping"] else None


def trouble(tally: Tally) -> dict[str, Any]:
    """The rows that are left out and refused, as JSON."""
    causes = sorted(tally.causes.values(), key=lambda cause: -cause.rows)[:CAUSES_SHOWN]
    return {
        "left": [{"rows": rows, "why": why.told} for why, rows in tally.left.items()],
        "causes": [{"rows": cause.rows, "lines": cause.lines, "why": cause.example.told} for cause in causes],
    }


def _open(looked: Looked) -> list[dict[str, Any]]:
    """What has to be said. Where somebody said which column is what, the rest of it stands among the notes."""
    asked = [question.text for question in looked.questions]
    return [text.told for text in (*asked, *(note for note in looked.notes if note.code.startswith("ask.")))]


def _places(looked: Looked, mapping: Mapping) -> Iterator[dict[str, Any]]:
    """The touchpoints of the file, and whether they are there."""
    seen: set[str] = set()
    there = looked.scales.of
    for cell in looked.places or [""]:
        try:
            key, former = mapping.columns.key(cell), mapping.columns.former_key(cell)
        except RowError:
            continue
        if key not in seen and len(seen) < PLACES_SHOWN:
            seen.add(key)
            yield {"key": key, "name": cell.strip()[:SHORT] or key, "there": key in there or former in there}


def _answer(line: int, key: str, answer: Answer) -> dict[str, Any]:
    at = answer.claimed_at.isoformat() if answer.claimed_at else None
    return {
        "line": line, "touchpoint": key, "at": at, "rating": answer.rating, "comment": (answer.comment or "")[:SHORT]
    }  # fmt: skip
