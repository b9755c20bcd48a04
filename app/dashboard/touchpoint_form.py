"""A touchpoint's settings as the fields of HTML forms, in parts, and back. Pure.

Each part is a form of its own. Where a form has no field it says nothing: what the other parts hold, and the texts of
other languages, stay as they are.
"""

import contextlib
import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any

from app.dashboard.request_context import Posting
from app.models import Touchpoint
from app.touchpoints.catalogue import LANGUAGES

TEXTS = ("name", "question", "comment_prompt")
REASONS_MOST = 6
# The fields of each part by their place in the API's body, with the message that names them.
PARTS: Mapping[str, Mapping[str, str]] = {
    "basics": {
        "phase": "field.phase",
        "contact": "contact_",
        "channel": "field.channel",
        "scale": "scale",
        "importance": "importance",
        "owner": "field.owner",
        "tags": "tags",
    },
    "texts": {
        **{text: f"text.{text}" for text in TEXTS},
        "language": "other_languages",
        **{
            f"reasons.{place}.{part}": f"settings.reason_{part}"
            for place in range(REASONS_MOST)
            for part in ("key", "label")
        },
    },
    "target": {
        "target.metric": "metric",
        "target.value": "value",
        "target.by": "by_day",
        "review_interval_days": "review_interval",
    },
    "asked": {"open": "ways", "origins": "origins", "frame_origins": "frame_origins"},
    "advanced": {
        "timezone": "timezone",
        "segments": "segments",
        "repeat_days": "repeat_days",
        "ask_every_days": "ask_every_days",
        "public": "public",
        "reviewed.type": "reviewed_type",
        "reviewed.name": "reviewed_name",
    },
}
_LETTERS: dict[int, str] = {ord("ø"): "o", ord("æ"): "ae", ord("å"): "aa", ord("ß"): "ss", ord("ł"): "l"}


def slug(name: str, otherwise: str = "touchpoint") -> str:
    """A key made of a name: "Café Ærø" becomes cafe-aero."""
    folded = name.lower().translate(_LETTERS)
    plain = unicodedata.normalize("NFKD", folded).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60] or otherwise


def values_of(row: Touchpoint) -> dict[str, str]:
    """All fields as they are filled in when a form opens."""
    target = row.target or {}
    values = {
        "phase": row.phase,
        "contact": row.contact,
        "channel": row.channel,
        "scale": row.scale,
        "language": row.language or "",
        "owner": row.owner or "",
        "importance": str(row.importance),
        "timezone": row.timezone,
        "tags": ", ".join(row.tags),
        "segments": ", ".join(row.segments),
        "origins": "\n".join(row.origins),
        "repeat_days": str(row.repeat_days or ""),
        "ask_every_days": str(row.ask_every_days or ""),
        "review_interval_days": str(row.review_interval_days or ""),
        "frame_origins": "\n".join(row.frame_origins),
        "public": "on" if row.public else "",
        "reviewed_type": (row.reviewed or {}).get("type", ""),
        "reviewed_name": (row.reviewed or {}).get("name") or "",
        "open": " ".join(row.open),
        "target_metric": str(target.get("metric", "index")),
        "target_value": f"{target['value']:g}" if target else "",
        "target_by": str(target.get("by") or ""),
    }
    for text in TEXTS:
        values |= {f"{text}_{language}": said for language, said in getattr(row, text).items()}
    return values | _reason_values([reason | {"was": reason["key"]} for reason in row.reasons])


def _reason_values(reasons: list[dict[str, Any]]) -> dict[str, str]:
    """The fields of the reasons that are there, and of those that can be added."""
    values: dict[str, str] = {}
    for place in range(REASONS_MOST):
        reason: dict[str, Any] = reasons[place] if place < len(reasons) else {"key": "", "was": "", "label": {}}
        values |= {f"reason_{place}": reason["key"], f"was_{place}": reason["was"]}
        values |= {f"reason_{place}_{language}": said for language, said in reason["label"].items()}
    return values


def sent(posting: Posting, row: Touchpoint) -> dict[str, str]:
    """All fields as they were sent; reasons without the rows left empty between them, as the API counts them."""
    said = values_of(row) | {name: posting.get(name) for name in posting.fields}
    for name in ("open", "public"):
        if name in posting.fields:
            said[name] = " ".join(posting.all(name)).strip()
    return said | (_reason_values(_reasons(posting)) if "reason_0" in posting.fields else {})


def languages_of(row: Touchpoint, more: str = "") -> list[str]:
    """The languages that there are fields for: the product's, those the touchpoint has texts in, and one more."""
    there = [language for one in _texts_of(row) for language in one]
    return list(dict.fromkeys([*LANGUAGES, *there, *([more] if more else [])]))


def _texts_of(row: Touchpoint) -> list[Mapping[str, str]]:
    return [*(getattr(row, text) for text in TEXTS), *(reason["label"] for reason in row.reasons)]


def missing(row: Touchpoint, language: str) -> int:
    """How many of the texts that there are lack this language."""
    return sum(bool(texts) and not texts.get(language) for texts in _texts_of(row))


def beside(row: Touchpoint, language: str) -> str:
    """The language whose texts stand beside those being written: the one for everybody else; none beside itself."""
    base = row.language or "en"
    base = base if base in row.question else next(iter(row.question), "")
    return "" if base == language else base


def body_of(posting: Posting, row: Touchpoint) -> dict[str, Any]:
    """What the form says, as the body of a PATCH of this touchpoint."""
    get, has = posting.get, posting.fields.__contains__
    body: dict[str, Any] = {name: read(get(name)) for name, read in _READ.items() if has(name)}
    body |= {text: _merged(getattr(row, text), said) for text in TEXTS if (said := _by_language(posting, text))}
    if has("open"):  # boxes without a tick are not sent, so an empty one says that the form had them
        body["open"] = [way for way in posting.all("open") if way]
    if has("public"):
        body["public"] = "on" in posting.all("public")
    if has("reviewed_type"):
        reviewed = {"type": get("reviewed_type"), "name": get("reviewed_name") or None}
        body["reviewed"] = reviewed if reviewed["type"] else None
    if has("reason_0"):
        labels = {reason["key"]: reason["label"] for reason in row.reasons}
        body["reasons"] = [
            {"key": one["key"], "label": _merged(labels.get(one["was"], {}), one["label"])} for one in _reasons(posting)
        ]
    if has("target_value"):
        body["target"] = _target(posting)
    return body


def _parted(text: str) -> list[str]:
    return [part for each in text.split(",") if (part := each.strip())]


def number(text: str) -> int | float | str:
    """A number, or the text as it is: the schema says what is wrong with it."""
    with contextlib.suppress(ValueError):
        return int(text) if text.isdecimal() else float(text)
    return text


_READ: Mapping[str, Callable[[str], Any]] = {
    **dict.fromkeys(("phase", "contact", "channel", "timezone", "scale"), str),
    **dict.fromkeys(("language", "owner"), lambda said: said or None),
    **dict.fromkeys(("tags", "segments"), _parted),
    **dict.fromkeys(("origins", "frame_origins"), str.split),
    "importance": number,
    **dict.fromkeys(
        ("repeat_days", "ask_every_days", "review_interval_days"), lambda said: number(said) if said else None
    ),
}


def _target(posting: Posting) -> dict[str, Any] | None:
    if not (value := posting.get("target_value")):
        return None
    by = posting.get("target_by") or None
    return {"metric": posting.get("target_metric"), "value": number(value.replace(",", ".")), "by": by}


def _reasons(posting: Posting) -> list[dict[str, Any]]:
    """The rows that say something. A key is made of the text where none is given, and stays where one was."""
    found = []
    for place in range(REASONS_MOST):
        label, was = _by_language(posting, f"reason_{place}"), posting.get(f"was_{place}")
        text = next(filter(None, label.values()), "")
        if key := posting.get(f"reason_{place}") or (text and (was or slug(text, "reason")[:40])):
            found.append({"key": key, "was": was, "label": label})
    return found


def _by_language(posting: Posting, name: str) -> dict[str, str]:
    """The fields of a text in one or more languages, on one line each."""
    fields = {field: field.removeprefix(f"{name}_") for field in posting.fields if field.startswith(f"{name}_")}
    return {language: " ".join(posting.get(field).split()) for field, language in fields.items()}


def _merged(stored: Mapping[str, str], said: Mapping[str, str]) -> dict[str, str]:
    """The texts with those that were sent; where none is left, the empty ones, which the schema refuses."""
    return {language: text for language, text in {**stored, **said}.items() if text} or dict(said)
