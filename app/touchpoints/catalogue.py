"""The catalogue: every kind of touchpoint, with what a new touchpoint of that kind starts from.

The texts live in ``catalogue.json`` beside this file. A reason is written there
once and shared by the kinds that offer it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Final, Literal, get_args

Phase = Literal["pre_purchase", "purchase", "post_purchase"]
Contact = Literal["direct", "indirect"]
Channel = Literal[
    "website", "email", "store", "phone", "chat", "app", "social", "print",
    "broadcast", "event", "product", "post", "portal", "partner", "other",
]  # fmt: skip

PHASES: Final[tuple[Phase, ...]] = get_args(Phase)
CONTACTS: Final[tuple[Contact, ...]] = get_args(Contact)
CHANNELS: Final[tuple[Channel, ...]] = get_args(Channel)
LANGUAGES: Final = ("en", "de", "da", "pl")


@dataclass(frozen=True, slots=True)
class Reason:
    """What a customer may tick beside the rating: a neutral word that can explain a good rating or a poor one."""

    key: str
    label: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of touchpoint; ``name`` and ``question`` have a text for each of ``LANGUAGES``.

    The ``question`` of a ``ces`` kind is a statement, to be answered from "strongly disagree" to "strongly agree".
    ``rated`` asks how good it was, where ``question`` does not: for stars, satisfaction and smileys.
    """

    kind: str
    phase: Phase
    contact: Contact
    channel: Channel
    scale: str
    name: Mapping[str, str]
    question: Mapping[str, str]
    reasons: tuple[Reason, ...]
    rated: Mapping[str, str] | None = None


_data: dict[str, Any] = json.loads(files(__package__).joinpath("catalogue.json").read_bytes())
_reasons = {key: Reason(key, label) for key, label in _data["reasons"].items()}

CATALOGUE: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        entry["kind"]: Kind(**entry | {"reasons": tuple(_reasons[key] for key in entry["reasons"])})
        for entry in _data["kinds"]
    }
)
COMMENT_PROMPT: Final[dict[str, str]] = _data["comment_prompt"]
QUESTIONS: Final[Mapping[str, Mapping[str, str]]] = _data["questions"]
