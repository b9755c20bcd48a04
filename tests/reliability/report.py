"""One line per promise: name, figure, limit, verdict; also added to the file that TOUCHSTONE_TEST_RESULTS names."""

import json
import os
from pathlib import Path


def report(name: str, figure: object, limit: str, *, holds: bool) -> None:
    """Print (and keep) what was measured, then fail if it does not hold."""
    verdict = "holds" if holds else "FAILS"
    print(f"\n{name} | {figure} | {limit} | {verdict}")
    if path := os.environ.get("TOUCHSTONE_TEST_RESULTS"):
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(json.dumps({"name": name, "figure": str(figure), "limit": limit, "verdict": verdict}) + "\n")
    assert holds, f"{name}: {figure}, but the limit is {limit}"


def report_all(name: str, figure: object, limit: str, *, holds: dict[str, bool], broken: str, breaks: str) -> None:
    """The same of several promises; a server with a fault (`broken`) must be seen to break the promise `breaks`."""
    missed = [promise for promise, kept in holds.items() if not kept]
    if broken:
        print(f"\n{name} | {figure} | the control, {broken} | breaks: {', '.join(missed) or 'nothing'}")
        assert breaks in missed, "the control did not fail: the proof proves nothing"
    else:
        report(name, f"{figure}{''.join(f'; not: {promise}' for promise in missed)}", limit, holds=not missed)
