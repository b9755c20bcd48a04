"""A touchpoint as the fields of an HTML form, and back. Pure."""

import contextlib
from typing import Any

from app.dashboard.request_context import Posting
from app.models import Touchpoint
from app.touchpoints.catalogue import LANGUAGES

TEXTS = ("name", "question", "comment_prompt")
REASONS_MOST = 6


def values_of(row: Touchpoint) -> dict[str, str]:
    """The form's fields as they are filled in when it opens."""
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
    languages = languages_of(row)
    for text in TEXTS:
        values |= {f"{text}_{language}": getattr(row, text).get(language, "") for language in languages}
    for place in range(REASONS_MOST):
        reason: dict[str, Any] = row.reasons[place] if place < len(row.reasons) else {"key": "", "label": {}}
        values[f"reason_{place}"] = reason["key"]
        values |= {f"reason_{place}_{language}": reason["label"].get(language, "") for language in languages}
    return values


def languages_of(row: Touchpoint, more: str = "") -> list[str]:
    """The languages that the form has fields for: the product's, those the touchpoint has texts in, and one more."""
    texts = [*(getattr(row, text) for text in TEXTS), *(reason["label"] for reason in row.reasons)]
    there = [language for one in texts for language in one]
    return list(dict.fromkeys([*LANGUAGES, *there, *([more] if more else [])]))


def body_of(posting: Posting) -> dict[str, Any]:
    """What the form says, as the body of a PATCH."""
    get = posting.get
    body: dict[str, Any] = {name: get(name) for name in ("phase", "contact", "channel", "timezone")}
    body["importance"] = number(get("importance"))
    if get("scale"):  # not sent once there are answers
        body["scale"] = get("scale")
    if "language" in posting.fields:
        body["language"] = get("language") or None
    body |= {text: _by_language(posting, text) for text in TEXTS if _by_language(posting, text)}
    body["owner"] = get("owner") or None
    body["tags"] = _parted(get("tags"))
    if "segments" in posting.fields:
        body["segments"] = _parted(get("segments"))
    body["origins"] = get("origins").split()
    body["frame_origins"] = get("frame_origins").split()
    reviewed = {"type": get("reviewed_type"), "name": get("reviewed_name") or None}
    body["reviewed"] = reviewed if reviewed["type"] else None
    for days in ("repeat_days", "ask_every_days", "review_interval_days"):
        body[days] = number(get(days)) or None
    body["public"] = bool(get("public"))
    if get("ways"):  # boxes without a tick are not sent, so the form says that it had them
        body["open"] = list(posting.all("open"))
    body["reasons"] = [
        {"key": key, "label": _by_language(posting, f"reason_{place}")}
        for place in range(REASONS_MOST)
        if (key := get(f"reason_{place}"))
    ]
    body["target"] = None
    if value := get("target_value"):
        body["target"] = {
            "metric": get("target_metric"),
            "value": number(value.replace(",", ".")),
            "by": get("target_by") or None,
        }
    return body


def _parted(text: str) -> list[str]:
    return [part for each in text.split(",") if (part := each.strip())]


def number(text: str) -> int | float | str:
    """A number, or the text as it is: the schema says what is wrong with it."""
    with contextlib.suppress(ValueError):
        return int(text) if text.isdecimal() else float(text)
    return text


def _by_language(posting: Posting, name: str) -> dict[str, str]:
    fields = {field: field.removeprefix(f"{name}_") for field in posting.fields if field.startswith(f"{name}_")}
    return {language: text for field, language in fields.items() if (text := posting.get(field))}
