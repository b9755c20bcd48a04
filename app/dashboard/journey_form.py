"""A journey as the fields of an HTML form, and back. Pure.

A draft has the shape of the API's body with every value as it was typed; a field is named by its path in that body
(`stages.0.name.en`), so that what the API objects to stands beside it.
"""

from collections.abc import Mapping
from typing import Any

from app.dashboard.request_context import Posting
from app.dashboard.touchpoint_form import number
from app.touchpoints.catalogue import PHASES

Draft = dict[str, Any]


def fresh() -> Draft:
    """A new journey: one stage for each phase, to be named."""
    return {
        "key": "",
        "name": {},
        "rule": "pooled",
        "target": {"value": "", "by": ""},
        "stages": [_stage(phase) for phase in PHASES],
    }


def _stage(phase: str = "") -> Draft:
    return {"name": {}, "phase": phase, "touchpoints": [], "find": ""}


def draft_of(journey: Mapping[str, Any]) -> Draft:
    """The form as it opens on a journey that is there."""
    target = journey["target"] or {}
    value = f"{target['value']:g}" if target else ""
    stages = [{**stage, "find": ""} for stage in journey["stages"]]
    return {**journey, "stages": stages, "target": {"value": value, "by": target.get("by") or ""}}


def sent(posting: Posting) -> Draft:
    """The form as it was sent."""
    places = {int(name.split(".")[1]) for name in posting.fields if name.startswith("stages.") and name[7:8].isdigit()}
    return {
        "key": posting.get("key"),
        "name": _texts(posting, "name"),
        "rule": posting.get("rule"),
        "target": {"value": posting.get("target.value").replace(",", "."), "by": posting.get("target.by")},
        "stages": [
            {
                "name": _texts(posting, f"stages.{place}.name"),
                "phase": posting.get(f"stages.{place}.phase"),
                "touchpoints": list(dict.fromkeys(posting.all(f"stages.{place}.touchpoints"))),
                "find": posting.get(f"stages.{place}.find"),
            }
            for place in sorted(places)
        ],
    }


def step_of(posting: Posting) -> str:
    """The button that was pressed; also the search of a stage, when Enter was pressed after a word was typed there."""
    typed = (name for name in posting.fields if name.startswith("stages.") and name.endswith(".find"))
    searched = (name for name in typed if posting.get(name) not in ("", posting.get(f"{name[:-5]}.found")))
    return posting.get("step") or next((f"find.{name.split('.')[1]}" for name in searched), "")


def _texts(posting: Posting, name: str) -> dict[str, str]:
    fields = {field: field.removeprefix(f"{name}.") for field in posting.fields if field.startswith(f"{name}.")}
    return {language: text for field, language in fields.items() if (text := posting.get(field))}


def languages_of(draft: Draft) -> list[str]:
    """The languages that its names are in."""
    return [language for names in (draft["name"], *(stage["name"] for stage in draft["stages"])) for language in names]


def stepped(draft: Draft, step: str) -> tuple[Draft, str]:
    """The draft after a button beside a stage (`add`, `up.1`, `down.1`, `remove.1`, `find.1`); where one is then."""
    stages = list(draft["stages"])
    what, _, number = step.partition(".")
    place = int(number) if number.isdigit() and int(number) < len(stages) else None
    at = ""
    if what == "add":
        stages.append(_stage(stages[-1]["phase"] if stages else ""))
        at = f"stages.{len(stages) - 1}.name"
    elif place is not None and what == "remove":
        del stages[place]
        at = "add"
    elif place is not None and what == "find":
        at = step
    elif place is not None and what in ("up", "down"):
        to = min(len(stages) - 1, max(0, place + (1 if what == "down" else -1)))
        stages.insert(to, stages.pop(place))
        at = f"{what}.{to}"
    return {**draft, "stages": stages}, at


def filled(draft: Draft) -> Draft:
    """Without the stages that nobody filled in."""
    return {**draft, "stages": [stage for stage in draft["stages"] if stage["name"] or stage["touchpoints"]]}


def body_of(draft: Draft) -> Draft:
    """What the form says, as the API takes it; without the key when there is none."""
    target = {name: value for name, value in draft["target"].items() if value}
    if target.get("value"):
        target["value"] = number(target["value"])
    return {
        **({"key": draft["key"]} if draft["key"] else {}),
        "name": draft["name"],
        "rule": draft["rule"],
        "target": target or None,
        "stages": [
            {"name": stage["name"], "phase": stage["phase"] or None, "touchpoints": stage["touchpoints"]}
            for stage in draft["stages"]
        ],
    }
