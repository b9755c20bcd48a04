"""Somebody signed in, and a browser."""

from tests.dashboard.conftest import browser, context, live_server, person, serve, site, tab  # noqa: F401 - fixtures
