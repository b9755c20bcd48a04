"""The SSRF filter: which addresses a webhook may call; none that leads into our own network. Pure."""

import re
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import httpx

Address = IPv4Address | IPv6Address
Networks = Sequence[IPv4Network | IPv6Network]

URL_LENGTH = 2000
PORTS = (443, 8443)

_SHAPE = re.compile(r"https?://(?P<host>\[[0-9a-f:.]+]|[^][/?:]+)(:(?P<port>[1-9][0-9]{0,4}))?([/?].*)?", re.IGNORECASE)
# The last label begins with a letter: what ends in a number is an IPv4 address in some spelling (2130706433, 0x7f.1).
_NAME = re.compile(r"(?=.{1,253}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
_NEVER_PUBLIC = re.compile(r"[^.:]+|.+\.(localhost|local|internal)")  # RFC 6761, RFC 6762, ICANN 2024
_PUBLIC_IPV6 = ip_network("2000::/3")  # RFC 4291: all other unicast is reserved, local or wraps an IPv4 address
_LAST_32_BITS = [ip_network(each) for each in ("::/96", "::ffff:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48")]
# Global by `ipaddress` of Python 3.11, and yet no place of a receiver: protocol assignments (with Oracle's metadata),
# 6to4 relays, documentation, and the address at which Azure itself answers inside each of its machines.
_NO_RECEIVER = [ip_network(each) for each in ("192.0.0.0/24", "192.88.99.0/24", "3fff::/20", "168.63.129.16/32")]
_SETTING = "TOUCHSTONE_WEBHOOK_ALLOW_NETWORKS"


class Refused(Exception):
    """The address may not be called. str(e) says why in one sentence an operator understands."""


def check(url: str, allowed: Networks) -> None:
    """Raises Refused for what can never be called, whatever its name resolves to. No I/O."""
    target = parsed(url)
    if address := literal(host_of(target)):
        judge(target, address, allowed)
    elif not allowed:
        _judge_as_public(target)


def parsed(url: str) -> httpx.URL:
    """The URL in its parts; Refused when it can be read in more than one way."""
    authority = url.partition("//")[2].partition("/")[0].partition("?")[0]
    for wrong, why in (
        (len(url) > URL_LENGTH, f"The address is longer than {URL_LENGTH} characters."),
        (not url.isprintable() or " " in url, "The address holds a space or a hidden character."),
        ("\\" in url, "The address holds a backslash."),
        (not url.lower().startswith(("https://", "http://")), "The address must begin with https://."),
        ("#" in url, "The address must not have a fragment (#)."),
        ("@" in authority, "The address must not hold a user name or a password."),
    ):
        if wrong:
            raise Refused(why)
    if not _has_proper_host(url):
        raise Refused("The address needs a proper host name, or an IP address in its usual spelling.")
    return httpx.URL(url)


def _has_proper_host(url: str) -> bool:
    """And a proper port, if any. An IP address counts as it is written: httpx would make 127.0.0.1 of 127。0。0。1."""
    shape = _SHAPE.fullmatch(url)
    try:
        named = _NAME.fullmatch(host_of(httpx.URL(url)))
    except httpx.InvalidURL:
        return False
    return bool(shape and (named or literal(shape["host"].strip("[]"))) and int(shape["port"] or 443) < 65_536)


def host_of(target: httpx.URL) -> str:
    """As DNS and certificates spell it: IDNA, and IPv6 without brackets."""
    return target.raw_host.decode("ascii")


def port_of(target: httpx.URL) -> int:
    """The port, or the usual one of the scheme."""
    return target.port or {"https": 443, "http": 80}[target.scheme]


def literal(host: str) -> Address | None:
    """The IP address that a host is, None for a name."""
    try:
        return ip_address(host)
    except ValueError:
        return None


def judge(target: httpx.URL, address: Address | None, allowed: Networks) -> None:
    """Raises Refused. Does not name the address: who registers a name must not learn what it is in our network."""
    if address and _allowed(address, allowed):
        return
    if not address or not _public(address):
        raise Refused(f"The address leads to a network that is neither public nor in {_SETTING}.")
    _judge_as_public(target)


def _judge_as_public(target: httpx.URL) -> None:
    if target.scheme != "https":
        raise Refused(f"Plain http is only for the networks in {_SETTING}; write https.")
    if port_of(target) not in PORTS:
        raise Refused(f"The port must be 443 or 8443, unless {_SETTING} covers the address.")
    if _NEVER_PUBLIC.fullmatch(host_of(target)):
        raise Refused(f"Such a name is never public, and {_SETTING} does not cover it.")


def _allowed(address: Address, allowed: Networks) -> bool:
    """Lies in a network of the operator's, and so does the IPv4 address it wraps, unless that one is public."""
    inside = any(address in network for network in allowed)
    return inside and all(_public(inner) or _allowed(inner, allowed) for inner in _wrapped(address))


def _public(address: Address) -> bool:
    """`is_global` alone is no filter: multicast is global to it, and so is IPv6 that wraps a private address."""
    if isinstance(address, IPv6Address) and address not in _PUBLIC_IPV6:
        return False
    special = address.is_multicast or any(address in network for network in _NO_RECEIVER)
    return address.is_global and not special and all(_public(inner) for inner in _wrapped(address))


def _wrapped(address: Address) -> list[IPv4Address]:
    """The IPv4 addresses to which a translator or tunnel would carry what is sent to this IPv6 one."""
    if isinstance(address, IPv4Address) or address.is_loopback:
        return []
    if any(address in network for network in _LAST_32_BITS):
        return [IPv4Address(int(address) & 0xFFFF_FFFF)]
    return [inner for inner in (address.sixtofour, *(address.teredo or ())) if inner]
