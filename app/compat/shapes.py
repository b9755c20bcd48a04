"""Answers, people and figures in the shapes that Delighted's API documents. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

SURVEY_TYPES = {"smiley": "smileys"}  # by scale, where it is not called the same
TAGS = "tags"  # the context key that holds them, parted by commas
_SATISFIED = {5: "very_satisfied", 4: "satisfied", 3: "neutral", 2: "dissatisfied", 1: "very_dissatisfied"}


def seconds(at: datetime) -> int:
    """A time as Delighted has it: whole seconds since 1970."""
    return int(at.timestamp())


def response(row: Any, scale: str, permalink: str, *, expand: bool) -> dict[str, Any]:
    """A survey response out of a stored answer (a row of `responses.COLUMNS`)."""
    person = row.respondent or f"anonymous-{row.id}"
    context = dict(row.context or {})
    tags = str(next((context.pop(name) for name in (TAGS, "Tags") if name in context), ""))
    return {
        "id": str(row.id),
        "person": someone(person, row.occurred_at) if expand else person,
        "survey_type": SURVEY_TYPES.get(scale, scale),
        "score": row.rating,
        "comment": row.comment,
        "permalink": permalink,
        "created_at": seconds(row.occurred_at),
        "updated_at": seconds(row.received_at),
        "person_properties": context or None,
        "notes": [],
        "tags": [tag.strip() for tag in tags.split(",") if tag.strip()],
        "additional_answers": [],
    }


def someone(number: str, at: datetime, said: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """A person: what the caller said of him, for nothing of it is stored, and the reference his answers have."""
    said = said or {}
    return {
        "id": number,
        "name": said.get("name"),
        "email": said.get("email"),
        "phone_number": said.get("phone_number"),
        "created_at": seconds(at),
        "last_sent_at": None,
        "last_responded_at": None,
        "next_survey_scheduled_at": None,
        "survey_scheduled_at": None,
        "properties": said.get("properties") or {},
    }


def scheduled(at: datetime) -> dict[str, int]:
    """What is said of a person whom a mail waits for."""
    return dict.fromkeys(("survey_scheduled_at", "next_survey_scheduled_at"), seconds(at))


def metrics(scale: str, distribution: Mapping[str, int], figures: Mapping[str, Any]) -> dict[str, Any]:
    """The figures of a touchpoint: the survey type's own groups where it has some, and each score's share."""
    counts = {int(rating): count for rating, count in distribution.items()}
    total = sum(counts.values())
    if scale == "nps":
        groups = {"promoter": range(9, 11), "passive": range(7, 9), "detractor": range(7)}
        named = {name: sum(counts[rating] for rating in ratings) for name, ratings in groups.items()}
    elif scale == "csat":
        named = {name: counts[rating] for rating, name in _SATISFIED.items()}
    else:
        named = {f"score_{rating}": count for rating, count in sorted(counts.items(), reverse=True)}
    shown: dict[str, Any] = {}
    for name, metric in figures.items():
        value = metric["value"] if metric else None
        shown["average" if name == "mean" else name] = value if name == "mean" or value is None else round(value)
    for name, count in named.items():
        shown |= {f"{name}_count": count, f"{name}_percent": round(100 * count / total, 1) if total else 0.0}
    shown.pop("index", None)
    return shown | {"response_count": total}


def number_of(text: str) -> UUID | None:
    """The id of an answer in an address, with or without `.json`; None for what is none."""
    try:
        return UUID(text.removesuffix(".json"))
    except ValueError:
        return None
