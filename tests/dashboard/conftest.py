"""The dashboard is looked at in the same browser as the pages that customers see."""

from tests.pages.conftest import browser, context, live_server, serve, site, tab  # noqa: F401 - fixtures
