"""Bodies as forms, as curl -d and older clients send them: read as the JSON that they mean. Pure.

`properties[store]=nord` is a value within an object, `tags[]=new` one of a list; a score is a number.
"""

import json
from typing import Any
from urllib.parse import parse_qsl

MEDIA_TYPE = "application/x-www-form-urlencoded"
FIELDS_MAX = 200


def as_json(body: bytes) -> bytes:
    """The form as a JSON object; bytes that are no form stay as they are, and are then refused as no JSON."""
    try:
        fields = parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=True, max_num_fields=FIELDS_MAX)
    except ValueError:
        return body
    found: dict[str, Any] = {}
    for name, value in fields:
        _put(found, name, value)
    return json.dumps(found).encode()


def _put(found: dict[str, Any], name: str, value: str) -> None:
    outer, _, inner = name.removesuffix("]").partition("[")
    if not name.endswith("]"):
        found[name] = int(value) if name == "score" and value.isdecimal() and len(value) < 9 else value
    elif not inner:
        found[outer] = [*_of(found.get(outer), list), value]
    else:
        found[outer] = {**_of(found.get(outer), dict), inner: value}


def _of(value: Any, kind: type[Any]) -> Any:
    """What was said before under this name, if it was of the same kind."""
    return value if isinstance(value, kind) else kind()
