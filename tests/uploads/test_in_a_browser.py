"""A shop manager with an Excel file and only the browser: by keyboard, with a script and without, on every screen."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from app.touchpoints.catalogue import LANGUAGES
from tests.conftest import ADMIN_KEY
from tests.dashboard.broken import broken
from tests.dashboard.test_every_page import RUNS_OVER
from tests.pages.axe import flaws
from tests.pages.conftest import LiveServer
from tests.uploads.bringing import workbook

pytestmark = pytest.mark.browser
HEADER = ("Filiale", "Datum", "Zufriedenheit", "Kommentar")
VISITS = workbook(
    HEADER,
    ("Nürnberg", datetime(2026, 5, 1, 8, 15), 5, "größer als gedacht"),
    ("Köln", datetime(2026, 5, 2, 9, 0), "naja", "zu laut"),
    ("Köln", datetime(2026, 5, 3, 10, 30), 2, None),
    ("Köln", "irgendwann", 4, "?"),
    *(("Nürnberg", datetime(2026, 5, day, 12, 0), 1 + day % 5, f"Nr. {day}") for day in range(1, 21)),
)


@pytest.fixture(params=[("light", 1280, True), ("dark", 390, False)], ids=["light-wide", "dark-phone-without-script"])
def manager(request: pytest.FixtureRequest, browser: Browser, live_server: LiveServer) -> Iterator[Page]:
    """Somebody signed in."""
    scheme, width, script = request.param
    context = browser.new_context(
        locale="en-GB", base_url=live_server.url, color_scheme=scheme, java_script_enabled=script,
        viewport={"width": width, "height": 844},
    )  # fmt: skip
    context.set_default_timeout(15_000)
    page = context.new_page()
    sign_in(page)
    yield page
    context.close()


def sign_in(page: Page, language: str = "en") -> None:
    page.goto(f"/login?lang={language}")
    page.fill("#key", ADMIN_KEY)
    page.keyboard.press("Enter")
    page.wait_for_url("**/")


def reach(page: Page, what: Callable[[], bool]) -> None:
    """Press Tab until the focus is there."""
    for _ in range(80):
        if what():
            return
        page.keyboard.press("Tab")
    raise AssertionError("the keyboard does not get there")


def reach_text(page: Page, text: str) -> None:
    reach(page, lambda: page.locator(":focus").count() > 0 and text in page.locator(":focus").inner_text())


def reach_field(page: Page, name: str) -> None:
    reach(page, lambda: page.locator(f"[name='{name}']:focus").count() > 0)


def test_a_shop_manager_brings_an_excel_file_in_by_keyboard(
    manager: Page, live_server: LiveServer, tmp_path: Path
) -> None:
    (tmp_path / "Umfrage Mai.xlsx").write_bytes(VISITS)
    manager.goto("/import")
    reach_field(manager, "file")
    manager.locator("[name=file]").set_input_files(tmp_path / "Umfrage Mai.xlsx")
    reach_text(manager, "Look at it")
    manager.keyboard.press("Enter")
    expect(manager.locator("h1")).to_have_text("Umfrage Mai.xlsx")
    expect(manager.locator("main")).to_contain_text("These are no ratings, and their rows are refused: naja.")
    expect(manager.locator("table tbody tr")).to_have_count(5)
    reach_field(manager, "rating")
    assert manager.locator("[name=rating] option:checked").inner_text() == "Zufriedenheit"
    reach_field(manager, manager.locator("label", has_text="naja").locator("input").get_attribute("name") or "")
    manager.keyboard.type("3")
    reach_text(manager, "Look again")
    manager.keyboard.press("Enter")
    expect(manager.locator("h2", has_text="The first rows")).to_be_visible()
    expect(manager.locator("table tbody")).to_contain_text("zu laut")
    expect(manager.locator("main")).to_contain_text("“irgendwann” is not a time.")
    made = [re.compile(f"{place}.*is made", re.DOTALL) for place in ("Köln", "Nürnberg")]
    expect(manager.locator(".closed li")).to_have_text(made)
    reach_text(manager, "Import it so")
    manager.keyboard.press("Enter")
    expect(manager.locator("main")).to_contain_text("The file is imported", timeout=30_000)
    expect(manager.locator("dl.pairs")).to_have_text(re.compile(r"Rows read\s*24\s*Answers stored\s*23"))
    with manager.expect_download() as downloading:
        reach_text(manager, "Download the refused rows")
        manager.keyboard.press("Enter")
    assert "irgendwann" in downloading.value.path().read_text(encoding="utf-8-sig")
    ratings = [(answer["rating"], answer["comment"]) for answer in live_server.answers("koeln")]
    assert sorted(ratings, key=str) == [(2, None), (3, "zu laut")]


def test_somebody_who_sees_broken_letters_chooses_how_they_are_written_by_keyboard(
    manager: Page, live_server: LiveServer, tmp_path: Path
) -> None:
    lines = "Filiale;Zufriedenheit;Übrigens\r\nŁódź;5;zażółć gęślą jaźń\r\n"
    (tmp_path / "z DOS.csv").write_bytes(lines.encode("cp852"))
    manager.goto("/import")
    manager.locator("[name=file]").set_input_files(tmp_path / "z DOS.csv")
    reach_text(manager, "Look at it")
    manager.keyboard.press("Enter")
    expect(manager.locator("main")).to_contain_text("text in Windows-1252")
    expect(manager.locator("main")).not_to_contain_text("Łódź")
    reach_field(manager, "encoding")
    assert manager.locator("[name=encoding] option:checked").inner_text() == "Windows-1252 (as found)"
    manager.keyboard.type("DOS 852")
    manager.keyboard.press("Tab")
    manager.keyboard.press("Enter")
    expect(manager.locator("main")).to_contain_text("text in DOS 852")
    expect(manager.locator("table tbody")).to_contain_text("zażółć gęślą jaźń")
    assert manager.locator("[name=encoding] option:checked").inner_text() == "DOS 852"
    reach_text(manager, "Import it so")
    manager.keyboard.press("Enter")
    expect(manager.locator("main")).to_contain_text("The file is imported", timeout=30_000)
    assert [answer["comment"] for answer in live_server.answers("lodz")] == ["zażółć gęślą jaźń"]


def test_a_file_too_large_and_a_picture_are_told_in_a_sentence(
    browser: Browser, serve: Callable[..., LiveServer], tmp_path: Path
) -> None:
    server = serve(import_max_mb=2)
    context = browser.new_context(base_url=server.url)
    page = context.new_page()
    sign_in(page)
    (tmp_path / "large.csv").write_bytes(b"Rating,Comment\n" + b"5,good\n" * 900_000)  # 6 MB
    (tmp_path / "picture.csv").write_bytes(b"\x89PNG\r\n\x1a\n" + b"\0" * 5000)
    for name, says in (("large.csv", "This file is larger than 2 MB."), ("picture.csv", "This is a picture")):
        page.goto("/import")
        page.locator("[name=file]").set_input_files(tmp_path / name)
        page.get_by_role("button", name="Look at it").click()
        expect(page.locator(".wrong")).to_contain_text(says)
    context.close()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_pages_of_a_file_fit_and_axe_finds_nothing(
    browser: Browser, live_server: LiveServer, tmp_path: Path, language: str
) -> None:
    context = browser.new_context(base_url=live_server.url)
    context.set_default_timeout(15_000)
    page = context.new_page()
    sign_in(page, language)
    (tmp_path / "open.xlsx").write_bytes(VISITS)
    lines = "Filiale;Datum;Zufriedenheit;Kommentar\n" + "Nürnberg;01.05.26 08:15;5;größer\n" * 30
    (tmp_path / "clear.csv").write_text(lines + "Köln;irgendwann;4;?\nKöln;02.05.26 09:00;naja;?\nKöln;02.05.26;;\n")

    def looks_good() -> None:
        for width in (360, 768, 1280):
            page.set_viewport_size({"width": width, "height": 844})
            assert page.evaluate(RUNS_OVER) + broken(page) == [], (page.url, width)
        assert flaws(page) == [], page.url

    for name in ("open.xlsx", "clear.csv"):
        page.goto("/import")
        looks_good()
        page.locator("[name=file]").set_input_files(tmp_path / name)
        page.locator("main button.primary").click()
        expect(page.locator("h1")).to_have_text(name)
        looks_good()
    page.locator("form[action$='/begin'] button").click()
    page.locator("dl.pairs").wait_for(timeout=30_000)
    looks_good()
    context.close()
