"""Makes the pictures of the README: `python docs/screenshots.py` (needs the extra `test`, and Chromium).

Serves the demo from a database of its own, looks at it with a browser as its customers and its owner do, and writes
docs/images/*.webp. Chromium itself writes WebP, which is a quarter of a PNG of the same picture.
"""

import base64
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Browser, Page, sync_playwright

HERE = Path(__file__).parent
KEY = "only-for-these-pictures-0123456789"
CHROMIUMS = ("chromium", "chromium-headless-shell")
MOST_BYTES = 100_000
SCHEMES: tuple[Any, ...] = ("light", "dark")


@contextmanager
def demo() -> Iterator[str]:
    """The demo's address, while it is served."""
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "app.cli", "demo", "--port", str(port), "--database", f"{folder}/demo.db"]
        served = subprocess.Popen(  # noqa: S603 - our own command
            command, cwd=HERE.parent, env=os.environ | {"TOUCHSTONE_ADMIN_KEY": KEY}, stdout=subprocess.DEVNULL
        )
        try:
            wait(url, served)
            look_once(f"sqlite+aiosqlite:///{folder}/demo.db")
            yield url
        finally:
            served.terminate()
            served.wait()


def look_once(database: str) -> None:
    """What the service does by itself a minute after its start: look for levels that fell."""
    command = [sys.executable, "-m", "app.cli", "monitor", "--once"]
    environment = os.environ | {"TOUCHSTONE_DATABASE_URL": database}
    subprocess.run(command, cwd=HERE.parent, env=environment, stdout=subprocess.DEVNULL, check=True)  # noqa: S603


def wait(url: str, served: subprocess.Popen[bytes]) -> None:
    """Until it is ready; RuntimeError when it ends before that."""
    while served.poll() is None:
        try:
            if httpx.get(f"{url}/readyz").is_success:
                return
        except httpx.TransportError:
            time.sleep(0.2)
    raise RuntimeError("the demo did not start")


def look(browser: Browser, url: str, width: int, height: int, scheme: Any = "light", **more: Any) -> Page:
    """A tab on a screen of this size, with an English reader before it."""
    screen: Any = {"width": width, "height": height}
    context = browser.new_context(base_url=url, viewport=screen, color_scheme=scheme, locale="en-GB", **more)
    return context.new_page()


def keep(page: Page, name: str) -> None:
    """Write what the screen shows to images/; RuntimeError when it is too large for a README."""
    page.wait_for_timeout(500)  # until nothing moves any more
    said = page.context.new_cdp_session(page).send("Page.captureScreenshot", {"format": "webp", "quality": 52})
    picture = base64.b64decode(said["data"])
    if len(picture) > MOST_BYTES:
        raise RuntimeError(f"{name} has {len(picture):,} bytes")
    (HERE / "images" / f"{name}.webp").write_bytes(picture)
    print(f"{name}: {len(picture):,} bytes")


def dashboard(browser: Browser, url: str) -> None:
    for scheme in SCHEMES:
        page = look(browser, url, 1600, 1030, scheme)
        page.goto("/login")
        page.fill("#key", KEY)
        page.keyboard.press("Enter")
        page.locator(".tasks").wait_for()
        keep(page, f"today-{scheme}")
        page.goto("/map")
        page.locator(".tp.lowest").wait_for()
        keep(page, f"map-{scheme}")
        page.goto("/touchpoints/delivery")
        keep(page, f"touchpoint-{scheme}")


def customers(browser: Browser, url: str) -> None:
    """The hosted page on a phone, the tablet at its question."""
    page = look(browser, url, 390, 500, device_scale_factor=1.5)
    page.goto("/t/physical-store")
    keep(page, "phone")
    body = {"name": "For a picture", "touchpoints": ["physical-store"]}
    made = httpx.post(f"{url}/v1/devices", json=body, headers={"Authorization": f"Bearer {KEY}"}).json()
    page = look(browser, url, 1024, 640)
    page.goto("/kiosk")
    page.locator("input[name=code]").fill(made["pairing_code"])
    page.get_by_role("button", name="Pair").click()
    page.locator(".attract").click()
    page.locator(".mid button").first.wait_for()
    keep(page, "tablet")


def main() -> None:
    chromium = next(filter(None, [os.environ.get("TOUCHSTONE_CHROMIUM"), *map(shutil.which, CHROMIUMS)]), None)
    (HERE / "images").mkdir(exist_ok=True)
    with demo() as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        dashboard(browser, url)
        customers(browser, url)
        browser.close()


if __name__ == "__main__":
    main()
