"""As much of Helm's templates as the chart uses: values, conditions, ranges, `quote`, `toYaml | nindent`.

Helm itself cannot be had everywhere the tests run. Where it is, as a library, `test_helm.py` compares both.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

_ACTION = re.compile(r"(\{\{-?\s.*?\s\}\})", re.DOTALL)


def rendered(chart: Path, release: str, values: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """The manifests of each template."""
    known = {"Values": values, "Release": {"Name": release}}
    found = {}
    for path in sorted((chart / "templates").glob("*.yaml")):
        text = render(path.read_text(encoding="utf-8"), known)
        found[path.name] = [one for one in yaml.safe_load_all(text) if one]
    return found


def render(text: str, known: dict[str, Any]) -> str:
    """The text with its actions done; `known` are the variables."""
    parts = _ACTION.split(text)
    for place in range(1, len(parts), 2):
        if parts[place].startswith("{{-"):
            parts[place - 1] = parts[place - 1].rstrip()
    return _block(iter(parts), known, done=True)


def _block(parts: Iterator[str], known: dict[str, Any], *, done: bool) -> str:
    """Up to the `end` of this block; what is not `done` is only passed over."""
    text = ""
    for part in parts:
        action = part.strip("{}- ") if part.startswith("{{") else None
        if action is None:
            text += part
        elif action == "end":
            break
        elif action.startswith(("if ", "range ")):
            text += _nested(parts, action, known, done=done)
        elif done:
            text += _value(action, known)
    return text if done else ""


def _nested(parts: Iterator[str], action: str, known: dict[str, Any], *, done: bool) -> str:
    kind, _, said = action.partition(" ")
    if kind == "if":
        wanted = not _look(said[4:], known) if said.startswith("not ") else _look(said, known)
        return _block(parts, known, done=done and bool(wanted))
    names, _, of = said.partition(" := ")
    found = _look(of, known) if done else ()
    pairs = sorted(found.items()) if isinstance(found, dict) else enumerate(found)
    inside, depth = [], 1
    for part in parts:
        depth += {"i": 1, "r": 1, "e": -1}.get(part.strip("{}- ")[:1], 0) if part.startswith("{{") else 0
        inside.append(part)
        if not depth:
            break
    keys = names.split(", ")
    each = [dict(zip(keys, pair if len(keys) == 2 else pair[1:], strict=True)) for pair in pairs]
    return "".join(_block(iter(inside), known | one, done=done) for one in each)


def _value(action: str, known: dict[str, Any]) -> str:
    said, *pipes = action.split(" | ")
    found = _look(said.removeprefix("toYaml "), known)
    text = yaml.safe_dump(found, sort_keys=True).rstrip() if said.startswith("toYaml ") else str(found)
    for pipe in pipes:
        if pipe == "quote":
            text = json.dumps(text)
        else:
            indent = " " * int(pipe.removeprefix("nindent "))
            text = "\n" + "\n".join(indent + line for line in text.splitlines())
    return text


def _look(path: str, known: dict[str, Any]) -> Any:
    if path.startswith("$"):
        return known[path]
    found: Any = known
    for name in path.removeprefix(".").split("."):
        found = found[name]
    return found
