"""Who called, behind any proxy and on any socket: one address for every route, from trusted proxies only."""

import json
import logging

import httpx
import pytest
from pydantic import TypeAdapter

from app.forwarded import client, named, neighbourhood
from app.settings import Networks, Settings
from tests.conftest import ADMIN, ADMIN_KEY, client_of, running

NETWORKS = TypeAdapter(Networks)


@pytest.mark.parametrize(
    ("peer", "lines", "trusted", "is_"),
    [
        ("198.51.100.7", ["203.0.113.1"], "10.0.0.0/8", "198.51.100.7"),
        ("10.0.0.1", ["203.0.113.1"], "10.0.0.0/8", "203.0.113.1"),
        ("10.0.0.1", ["203.0.113.1:4711"], "10.0.0.0/8", "203.0.113.1"),
        ("10.0.0.1", ['"[2001:db8::1]:443"'], "10.0.0.0/8", "2001:db8::1"),
        ("10.0.0.1", ["[2001:db8::1]"], "10.0.0.0/8", "2001:db8::1"),
        ("10.0.0.1", ["::ffff:203.0.113.1"], "10.0.0.0/8", "203.0.113.1"),
        ("10.0.0.1", ["[::ffff:203.0.113.1]:5000"], "10.0.0.0/8", "203.0.113.1"),
        ("::ffff:10.0.0.1", ["203.0.113.1"], "10.0.0.0/8", "203.0.113.1"),
        ("10.0.0.1", ["203.0.113.1"], "::ffff:10.0.0.0/104", "203.0.113.1"),
        ("::ffff:203.0.113.9", [], "", "203.0.113.9"),
        ("10.0.0.1", ["9.9.9.9", "203.0.113.1"], "10.0.0.0/8", "203.0.113.1"),
        ("10.0.0.1", ["9.9.9.9, 203.0.113.1", "10.0.0.2"], "10.0.0.0/8", "203.0.113.1"),
        ("10.0.0.1", ["9.9.9.9", "203.0.113.1", "::ffff:10.0.0.2"], "10.0.0.0/8", "203.0.113.1"),
        ("10.0.0.1", ["10.0.0.3", "10.0.0.2"], "10.0.0.0/8", "10.0.0.3"),
        ("10.0.0.1", ["unknown"], "10.0.0.0/8", "unknown"),
        ("10.0.0.1", [" , "], "10.0.0.0/8", "10.0.0.1"),
    ],
)
def test_the_customer_is_the_nearest_address_that_is_no_proxy_of_ours(peer, lines, trusted, is_):
    assert client(peer, lines, NETWORKS.validate_python(trusted)) == is_


def test_a_customer_with_ipv6_has_a_64_and_one_with_ipv4_an_address_of_his_own():
    assert neighbourhood("2001:db8::1") == neighbourhood("2001:db8::ffff:1") != neighbourhood("2001:db8:1::1")
    assert neighbourhood("::ffff:4.4.4.1") == neighbourhood("4.4.4.1") != neighbourhood("::ffff:4.4.4.2")


def test_a_proxy_in_the_log_is_an_address_of_ones_own_or_a_region():
    assert [named("172.17.0.1"), named("198.51.100.7"), named("2606:4700::1")] == [
        "172.17.0.1",
        "198.51.0.0/16",
        "2606:4700::/32",
    ]


SHOP = {"Origin": "https://shop.example"}


def _ways(address: str) -> list[list[tuple[str, str]]]:
    """The same customer as proxies write him: alone, with a port, mapped, in two lines behind what he made up."""
    name = "X-Forwarded-For"
    made_up = [(name, "9.9.9.9")]
    return [
        [(name, address)],
        [(name, f"{address}:4711")],
        [(name, f"::ffff:{address}")],
        [*made_up, (name, address)],
        [(name, f"8.8.8.8, {address}"), (name, "127.0.0.9")],
    ]


async def _pages(anybody: httpx.AsyncClient, headers: list[tuple[str, str]]) -> int:
    form = {"rating": "5"}
    return (await anybody.post("/t/shop", data=form, headers=headers)).status_code


async def _lane(anybody: httpx.AsyncClient, headers: list[tuple[str, str]]) -> int:
    said = {"rating": 5}
    return (
        await anybody.post("/v1/touchpoints/shop/feedback", json=said, headers=[*headers, *SHOP.items()])
    ).status_code


async def _pairing(anybody: httpx.AsyncClient, headers: list[tuple[str, str]]) -> int:
    return (await anybody.post("/v1/devices/pair", json={"code": "AAAAAAAA"}, headers=headers)).status_code


@pytest.mark.parametrize("route", [_pages, _lane, _pairing])
async def test_every_route_reads_one_customer_however_proxies_write_him(sqlite_url, route):
    settings = Settings(
        database_url=sqlite_url, admin_key=ADMIN_KEY, rate_limit="4/hour", trusted_proxies="127.0.0.0/8"
    )
    async with running(settings) as app, client_of(app) as anybody:
        made = await anybody.post("/v1/touchpoints", json={"key": "shop", "origins": [SHOP["Origin"]]}, headers=ADMIN)
        assert made.status_code == 201
        statuses = [await route(anybody, headers) for headers in _ways("203.0.113.1")]
        assert [status == 429 for status in statuses] == [False] * 4 + [True]
        assert [await route(anybody, headers) == 429 for headers in _ways("203.0.113.2")] == [False] * 4 + [True]


async def test_a_proxy_that_is_not_trusted_is_named_once_and_not_believed(sqlite_url, caplog):
    async with (
        running(Settings(database_url=sqlite_url, admin_key=ADMIN_KEY, rate_limit="2/hour")) as app,
        client_of(app) as anybody,
    ):
        with caplog.at_level(logging.WARNING, "touchstone"):
            statuses = [await _pairing(anybody, headers) for headers in _ways("203.0.113.1")[:3]]
    assert [status == 429 for status in statuses] == [False, False, True]
    told = [record for record in caplog.records if record.message == "untrusted_proxy"]
    assert [vars(record)["proxy"] for record in told] == ["127.0.0.1"]
    assert "203.0.113" not in json.dumps([str(vars(record)) for record in caplog.records])
