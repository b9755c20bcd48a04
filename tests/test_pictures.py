"""The pictures of the README are there, and small."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
NAMED = set(re.findall(r"docs/images/[\w-]+\.webp", (ROOT / "README.md").read_text(encoding="utf-8")))


def test_every_picture_that_the_readme_names_is_there_and_small() -> None:
    assert NAMED
    for name in NAMED:
        assert 1_000 < (ROOT / name).stat().st_size < 100_000, name


def test_no_picture_lies_about_unused() -> None:
    assert {f"docs/images/{path.name}" for path in (ROOT / "docs" / "images").iterdir()} == NAMED
