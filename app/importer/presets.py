"""Exports of other services, known by their columns. Pure.

Columns, quirks and times follow what the makers publish about their exports, and made-up samples of each stand in the
tests. The makers change their exports without a word: what a preset does not find is looked for as in any other file.
`verified` says what a preset could be checked against.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from app.importer.answers import Columns

API = "its columns follow the maker's API reference"
UNVERIFIED = "its columns could not be checked against a public page, so look at the first rows"


@dataclass(frozen=True, slots=True)
class Preset:
    """How a service exports its answers.

    A pattern in `columns` finds a column by its (folded) name, the first that fits. `known_by` are patterns that must
    each fit a column for the export to be recognised. `rest` makes context of all other columns; `hint` is what scores
    above 7 are, where the column's name does not say it.
    """

    name: str
    known_by: tuple[str, ...]
    columns: Mapping[str, tuple[str, ...]]
    context: tuple[str, ...] = ()
    scale: str | None = None
    unwanted: tuple[str, tuple[str, ...]] | None = None
    words: Mapping[str, int] = field(default_factory=dict)
    timezone: str | None = None
    rest: bool = False
    hint: str = ""
    ignored: tuple[str, ...] = ()
    verified: str = UNVERIFIED


PRESETS = (
    Preset(
        # The rows of the export are the API's survey responses; properties of the person follow, each in a column.
        "delighted",
        (r"(survey )?response id|^id$", r"^score$", r"^comment$", r"permalink|person id|survey type"),
        {
            "id": (r"^(survey )?response id$", r"^id$"),
            "rating": (r"^score$",),
            "comment": (r"^comment$",),
            "time": (r"^created at$", r"^created_at$", r"^response time|^responded"),
            "respondent": (r"^(person )?email$|^email address$", r"^person( id)?$"),
        },
        rest=True,
        hint="nps",
        ignored=(r"name|phone|permalink|updated|notes?$|sent at|^id$|person|survey type|device|browser|email",),
        timezone="UTC",
        verified=API,
    ),
    Preset(
        # One row per response; the questions are numbered, and those of text, rating and NPS stand side by side.
        "formbricks",
        (r"^no\.?$", r"^response id$", r"^timestamp$", r"^finished$|^survey id$"),
        {
            "id": (r"^response id$",),
            "time": (r"^timestamp$",),
            "respondent": (r"^user id|^userid|^formbricks id|^contact id",),
        },
        context=(r"^tags$", r"^country$", r"^url$", r"^source$", r"^action$"),
    ),
    Preset(
        "typeform",
        (r"^#$", r"^submit date \(utc\)$", r"^network id$|^start date \(utc\)$"),
        {"id": (r"^#$",), "time": (r"^submit date \(utc\)$",)},
        context=(r"^tags$", r"^response type$", r"^store$", r"^source$"),
        ignored=(r"network id|start date|stage date|ending",),
        timezone="UTC",
    ),
    Preset(
        # Times carry the zone of the sheet's owner as GMT+2 in CSV exports; in a sheet they have none.
        "google-forms",
        (r"^(zeitstempel|tidsstempel|sygnatura czasowa)$",),  # `Timestamp` alone says little: --from google-forms
        {
            "time": (r"^(timestamp|zeitstempel|tidsstempel|sygnatura czasowa)$",),
            "respondent": (r"^(username|e-?mail address|e-?mail-adresse|mailadresse|adres e-?mail|nutzername)$",),
        },
    ),
    Preset(
        # Two rows of header: the questions, then their parts.
        "surveymonkey",
        (r"^respondent id$", r"^collector id$", r"^start date$", r"^end date$"),
        {
            "id": (r"^respondent id$",),
            "time": (r"^end date$",),
            "respondent": (r"^email address$",),
        },
        context=(r"^custom data",),
        ignored=(r"collector|start date|ip address|first name|last name",),
    ),
    Preset(
        # Counts per hour and face, each face in a column or each press in a row.
        "happyornot",
        (r"^very happy$", r"^happy$", r"^unhappy$", r"^very unhappy$"),
        {
            "touchpoint_column": (r"survey point|smiley|location|unit|folder|name",),
            "time": (r"^(time|date|hour|timestamp|local time|datetime)",),
        },
        scale="smiley",
    ),
    Preset(
        # Offered and not yet rated tickets are in the export: they say nothing. Reasons are given for bad ratings.
        "zendesk",
        (r"(satisfaction.*(score|rating)|^score$|^rating$)", r"(ticket|assignee|requester)( |_)?id|^ticket"),
        {
            "id": (r"^(satisfaction )?(rating )?id$",),
            "rating": (r"satisfaction.*score", r"satisfaction.*rating", r"^score$", r"^rating$"),
            "comment": (r"satisfaction.*comment", r"^comment$"),
            "time": (r"satisfaction.*date", r"^updated_at$|^updated at$", r"^created_at$|^created at$", r"rated|date"),
            "respondent": (r"^requester(_| )?(id|email)?$",),
        },
        context=(r"reason$", r"^group", r"^channel|^via", r"^tags?$"),
        scale="thumbs",
        words={"good": 1, "bad": 0, "good with comment": 1, "bad with comment": 0, "goodwithcomment": 1,
               "badwithcomment": 0},
        verified=API,
    ),
    Preset(
        # Takeout: pretty-printed JSON with the reviews of one place in a file; stars as ONE to FIVE.
        "google-reviews",
        (r"^starrating$", r"^createtime$|^updatetime$"),
        {
            "id": (r"^reviewid$", r"^name$"),
            "rating": (r"^starrating$",),
            "comment": (r"^comment$",),
            "time": (r"^createtime$",),
            "respondent": (r"^reviewer\.displayname$",),
        },
        scale="stars",
        words={"one": 1, "two": 2, "three": 3, "four": 4, "five": 5},
        verified=API,
    ),
    Preset(
        # Incomplete answers are in the export without a date of submission; then the date of the last action counts.
        "limesurvey",
        (r"^(response id|id|antwort id|antwort-id)\b", r"^(date submitted|submitdate|datum abgeschickt)",
         r"^(last page|lastpage|letzte seite)"),
        {
            "id": (r"^(response id|id|antwort id|antwort-id)\b",),
            "time": (r"^(date submitted|submitdate|datum abgeschickt)", r"datestamp|date last action"),
            "respondent": (r"^token$|access code|zugangscode",),
        },
        context=(r"^start ?language|^startsprache", r"^refurl|referrer url"),
        ignored=(r"last ?page|letzte seite|seed|start ?date|date started|date last|datestamp|ip",),
    ),
    Preset(
        # The period that was asked for stands above the table or below it, parted by blank lines.
        "chatwoot",
        (r"^rating$", r"feedback", r"(conversation|agent|contact)"),
        {
            "rating": (r"^rating$",),
            "comment": (r"feedback",),
            "time": (r"recorded|created|date",),
            "id": (r"conversation.*id|^link.*conversation",),
            "respondent": (r"contact.*(email|phone)", r"contact"),
        },
        context=(r"agent name|assigned agent|^agent$",),
        scale="csat",
        timezone="UTC",
    ),
    Preset(
        # Three rows of header: names, questions, and an ImportId in JSON. Preview answers are told by their status.
        "qualtrics",
        (r"^startdate$|^start date$", r"^enddate$|^end date$", r"^responseid$|^response id$", r"^finished$|^status$"),
        {
            "id": (r"^responseid$|^response id$",),
            "time": (r"^recordeddate$|^recorded date$", r"^enddate$|^end date$"),
            "respondent": (r"^externalreference$|^recipientemail$|^external data reference$|^recipient email$",),
        },
        context=(r"^distributionchannel$", r"^userlanguage$"),
        unwanted=("status", ("Survey Preview", "1", "Spam", "8", "Imported")),
        ignored=(r"startdate|ipaddress|duration|progress|finished|location|recipient|^status$",),
    ),
)  # fmt: skip
NAMES = tuple(preset.name for preset in PRESETS)


def recognised(names: Sequence[str]) -> Preset | None:
    """The service whose export has these columns, when there is just one that fits."""
    found = [preset for preset in PRESETS if all(_first(names, pattern) for pattern in preset.known_by)]
    best = max((len(preset.known_by) for preset in found), default=0)
    found = [preset for preset in found if len(preset.known_by) == best]
    return found[0] if len(found) == 1 else None


def columns_in(preset: Preset, names: Sequence[str]) -> Columns:
    """The columns of the preset that the file has."""
    found: dict[str, str | None] = {}
    for role, patterns in preset.columns.items():
        taken = set(found.values())
        free = [name for name in names if name not in taken]
        found[role] = next((name for pattern in patterns if (name := _first(free, pattern))), None)
    taken = set(found.values())
    around = [name for pattern in preset.context for name in names if _fits(pattern, name) and name not in taken]
    if preset.rest:
        drop = preset.ignored
        around += [name for name in names if name not in taken and not any(_fits(each, name) for each in drop)]
    unwanted = None
    if preset.unwanted and (column := _first(names, f"^{preset.unwanted[0]}$")):
        unwanted = (column, preset.unwanted[1])
    return Columns(**found, context=tuple(dict.fromkeys(around))[:20], unwanted=unwanted)  # type: ignore[arg-type]


def left_to_look_at(preset: Preset, names: Sequence[str]) -> list[str]:
    """The columns in which rating and comment may be: those that the preset neither names nor ignores."""
    columns = columns_in(preset, names)
    taken = {columns.id, columns.time, columns.respondent, *columns.context}
    return [name for name in names if name not in taken and not any(_fits(each, name) for each in preset.ignored)]


def _first(names: Sequence[str], pattern: str) -> str | None:
    return next((name for name in names if _fits(pattern, name)), None)


def _fits(pattern: str, name: str) -> bool:
    return re.search(pattern, " ".join(name.casefold().split())) is not None
