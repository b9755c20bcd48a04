"""Programs and libraries that some tests need and not every machine has."""

import importlib
import os
import shutil
from typing import Any, NoReturn

import pytest

REQUIRED = os.environ.get("TOUCHSTONE_TEST_REQUIRE", "").split(",")
PATHS = os.pathsep.join((os.environ["PATH"], "/usr/sbin", "/usr/local/sbin"))  # Debian's nginx is for root


def program(name: str) -> str:
    """Its path. Without it the test is skipped, or fails when TOUCHSTONE_TEST_REQUIRE names it."""
    return shutil.which(name, path=PATHS) or without(name)


def module(name: str) -> Any:
    """The imported module. Without it the test is skipped, or fails, as with `program`."""
    try:
        return importlib.import_module(name)
    except ImportError:
        without(name)


def without(name: str) -> NoReturn:
    """Skip the test, or fail it when TOUCHSTONE_TEST_REQUIRE names what is missing."""
    if name in REQUIRED:
        pytest.fail(f"{name} is required and not installed")
    pytest.skip(f"{name} is not installed")
