"""Behind a real nginx, below a path, with TLS ended there: every link, script, form and redirect leads home."""

import re
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import httpx
import pytest
from playwright.sync_api import BrowserContext, expect

from tests.conftest import ADMIN_KEY, NO_TLS
from tests.pages.conftest import LiveServer, free_port
from tests.tools import program

CONF = """
daemon off; pid {folder}/pid; error_log {folder}/error.log; worker_processes 1;
events {{ worker_connections 256; }}
http {{
  access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{ listen 127.0.0.1:{port};
    location / {{ return 404 "beside the path"; }}
    location /feedback/ {{ proxy_pass {to}; proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-Proto {proto}; proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; }} }}
}}
"""
LED = re.compile(r'\s(?:href|src|action|formaction)="([^"]*)"')


@pytest.fixture
def nginx(tmp_path: Path) -> Iterator[Callable[..., None]]:
    """Starts nginx on a port before a service: whole paths are passed on, or the prefix is taken off."""
    path = program("nginx")
    running: list[subprocess.Popen[bytes]] = []

    def start(port: int, to: str, proto: str = "$scheme") -> None:
        conf = tmp_path / f"nginx{len(running)}.conf"
        conf.write_text(CONF.format(folder=tmp_path, port=port, to=to, proto=proto))
        command = [path, "-c", str(conf), "-p", str(tmp_path), "-e", str(tmp_path / "error.log")]
        running.append(subprocess.Popen(command))
        for _ in range(200):
            try:
                httpx.get(f"http://127.0.0.1:{port}/", verify=NO_TLS)
            except httpx.ConnectError:
                time.sleep(0.02)
            else:
                return
        raise AssertionError((tmp_path / "error.log").read_text())

    yield start
    for process in running:
        process.terminate()
        process.wait(10)


@pytest.fixture(params=["passed on", "taken off"])
def home(request: pytest.FixtureRequest, serve: Callable[..., LiveServer], nginx: Callable[..., None]) -> str:
    """The address of a service below /feedback, with a touchpoint, a journey and somebody's answer."""
    port = free_port()
    home = f"http://127.0.0.1:{port}/feedback"
    server = serve(public_url=f"{home}/", trusted_proxies="127.0.0.0/8")
    server.make("shop", kind="online_shop", public=True)
    stages = [{"name": "Buy", "touchpoints": ["shop"]}]
    server.api("POST", "/v1/journeys", json={"key": "way", "name": "Way", "stages": stages})
    server.api("POST", "/v1/touchpoints/shop/feedback", json={"rating": 4, "comment": "good"})
    nginx(port, server.url + ("/" if request.param == "taken off" else ""))
    return home


def test_no_address_on_any_page_leads_beside_the_path(home: str) -> None:
    seen, waiting, forms = (
        set[str](),
        [f"{home}/", f"{home}/t/shop", f"{home}/kiosk", f"{home}/docs", f"{home}/demo"],
        0,
    )
    with httpx.Client(verify=NO_TLS, follow_redirects=True, timeout=30) as browser:
        shut = browser.get(f"{home}/keys")
        assert str(shut.url) == f"{home}/login?next=%2Fkeys"
        inside = browser.post(f"{home}/login", data={"key": ADMIN_KEY, "next": "/keys"})
        assert str(inside.url) == f"{home}/keys"
        while waiting:
            page = waiting.pop().partition("#")[0]
            if page in seen or len(seen) > 150:
                continue
            seen.add(page)
            answer = browser.get(page)
            assert answer.status_code in (200, 405) or "/demo" in page, (
                page,
                answer.status_code,
            )  # 405: a form goes there
            if "html" not in answer.headers["content-type"]:
                continue
            for led in LED.findall(answer.text):
                to = urljoin(str(answer.url), led.replace("&amp;", "&"))
                assert not to.startswith(home.removesuffix("/feedback")) or to.startswith(home), (page, led)
                if to.startswith(home) and not re.search(r"\b(lang|period|sort)=", to):
                    waiting.append(to)
            forms += answer.text.count("<form")
    paths = {urlsplit(page).path for page in seen}
    assert len(paths) > 25 and forms > 10, "the walk reached too little"
    assert {"/feedback/touchpoints/shop/edit", "/feedback/journeys", "/feedback/kiosk"} <= paths


def test_what_is_made_to_be_pasted_holds_the_path_and_the_scheme(home: str) -> None:
    with httpx.Client(base_url=home, headers={"Authorization": f"Bearer {ADMIN_KEY}"}, verify=NO_TLS) as client:
        link = client.post("/v1/links", json={"touchpoint": "shop", "recipients": [{}]}).json()["items"][0]["url"]
        embed = client.get("/v1/touchpoints/shop/embed").json()
        manifest = client.get("/kiosk/manifest.webmanifest").json()
        worker = client.get("/kiosk/sw.js")
        document = client.get("/openapi.json").json()
        page = client.get("/t/shop").text
        assert client.get(link.replace(home, "")).status_code == 200
    assert link.startswith(f"{home}/r/") and f"{home}/t/shop" in embed["image"] and home in embed["json_ld"]
    assert {manifest[name] for name in ("id", "scope", "start_url")} == {"/feedback/kiosk"}
    assert manifest["icons"][0]["src"].startswith("/feedback/static/")
    assert worker.headers["service-worker-allowed"] == "/feedback/kiosk" and '"/feedback/kiosk"' in worker.text
    assert document["servers"] == [{"url": "/feedback"}]
    assert f'property="og:url" content="{home}/t/shop"' in page


def test_a_trusted_proxy_says_that_it_is_tls_and_another_does_not(
    serve: Callable[..., LiveServer], nginx: Callable[..., None]
) -> None:
    """Without PUBLIC_URL: the scheme is the proxy's, the host is the one that was called."""
    ports = free_port(), free_port()
    for port, trusted, scheme in ((ports[0], "127.0.0.0/8", "https"), (ports[1], "10.0.0.0/8", "http")):
        server = serve(trusted_proxies=trusted)
        if scheme == "https":
            server.make("shop", kind="online_shop")
        nginx(port, server.url + "/", "https")
        home = f"http://127.0.0.1:{port}/feedback"
        page = httpx.get(f"{home}/t/shop", verify=NO_TLS).text
        assert f'property="og:url" content="{scheme}://127.0.0.1:{port}/t/shop"' in page
        cookie = httpx.post(f"{home}/login", data={"key": ADMIN_KEY}, verify=NO_TLS).headers["set-cookie"]
        assert ("Secure" in cookie) == (scheme == "https")


@pytest.mark.browser
def test_a_person_walks_through_page_dashboard_and_tablet(home: str, context: BrowserContext) -> None:
    tab, wrong = context.new_page(), list[str]()
    tab.on("pageerror", lambda error: wrong.append(str(error)))
    tab.on("requestfailed", lambda request: wrong.append(request.url) if "/live" not in request.url else None)
    tab.on("response", lambda answer: wrong.append(f"{answer.status} {answer.url}") if answer.status >= 400 else None)
    tab.goto(f"{home}/t/shop")
    tab.get_by_role("radio").nth(4).click()
    expect(tab.get_by_role("button", name="Send")).to_be_visible()
    tab.goto(f"{home}/login")
    tab.fill("input[name=key]", ADMIN_KEY)
    tab.keyboard.press("Enter")
    expect(tab).to_have_url(f"{home}/")
    tab.goto(f"{home}/touchpoints/shop/edit")
    tab.get_by_role("button", name="Save").click()
    expect(tab).to_have_url(f"{home}/touchpoints/shop/edit?part=basics&saved=yes")
    registered = context.request.post(
        f"{home}/v1/devices",
        data={"name": "Exit", "touchpoints": ["shop"]},
        headers={"Authorization": f"Bearer {ADMIN_KEY}"},
    )
    tab.goto(f"{home}/kiosk")
    tab.get_by_role("textbox").fill(registered.json()["pairing_code"])
    tab.keyboard.press("Enter")
    expect(tab.get_by_role("radio").or_(tab.get_by_role("button")).first).to_be_visible()
    assert tab.evaluate("navigator.serviceWorker.ready.then((one) => one.scope)") == f"{home}/kiosk"
    assert wrong == []
