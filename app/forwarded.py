"""X-Forwarded-For and X-Forwarded-Proto, read in one way for every route. Pure.

Our own proxies are the networks of TRUSTED_PROXIES. What they add is believed: the address of whoever called them
(`X-Forwarded-For`) and whether he did so by TLS (`X-Forwarded-Proto`). The host is `Host`, which a proxy passes on, or
PUBLIC_URL; `X-Forwarded-Host` is not read.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from operator import itemgetter

from starlette.types import Scope

Networks = Sequence[IPv4Network | IPv6Network]
FOR, PROTO = b"x-forwarded-for", b"x-forwarded-proto"
# Many people share such an address, or it is a proxy's that nobody named: how many answers come from it says little.
_SHARED = ("10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16")
_name = itemgetter(0)
SHARED: Networks = tuple(map(ip_network, (*_SHARED, "::1/128", "fc00::/7", "fe80::/10")))


def address(said: str) -> IPv4Address | IPv6Address | None:
    """An address as proxies and sockets write it: with a port or without, IPv4 within IPv6; None when it is none."""
    text = said.strip().strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ip_address(text)
    except ValueError:
        return None
    return (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found


def within(said: str, networks: Iterable[IPv4Network | IPv6Network]) -> bool:
    """Whether an address lies in one of these networks; a network of mapped addresses is the IPv4 one it stands for."""
    found = address(said)
    return found is not None and holds(networks, found)


def holds(networks: Iterable[IPv4Network | IPv6Network], found: IPv4Address | IPv6Address) -> bool:
    return any(found.version == network.version and found in network for network in map(_unwrapped, networks))


@lru_cache(maxsize=256)
def _unwrapped(network: IPv4Network | IPv6Network) -> IPv4Network | IPv6Network:
    mapped = network.network_address.ipv4_mapped if isinstance(network, IPv6Network) else None
    return ip_network(f"{mapped}/{network.prefixlen - 96}") if mapped and network.prefixlen >= 96 else network


def neighbourhood(said: str) -> str:
    """An IPv6 customer has a whole /64; an IPv4 one has the address."""
    found = address(said)
    return found.packed[:8].hex() if isinstance(found, IPv6Address) else str(found or said)


def client(peer: str, lines: Iterable[str], trusted: Networks) -> str:
    """The nearest address that is not one of our own proxies. `lines` are those of X-Forwarded-For, in their order."""
    nearest = str(address(peer) or peer)
    parts = [part.strip() for line in lines for part in line.split(",") if part.strip()]
    while parts and within(nearest, trusted):
        said = parts.pop()
        nearest = str(address(said) or said)
    return nearest


def read(scope: Scope, trusted: Networks) -> bool:
    """Put the customer's address and scheme into the scope; whether somebody forwards who is not trusted."""
    peer, port = scope.get("client") or ("", 0)
    headers = scope["headers"]
    if not trusted and ":" not in peer and FOR not in map(_name, headers):
        return False
    lines = [value.decode("latin-1") for name, value in headers if name == FOR]
    known = within(peer, trusted)
    scope["client"] = (client(peer, lines, trusted), port)
    if known:
        said = next((value for name, value in headers if name == PROTO), b"")
        scheme = said.partition(b",")[0].strip().lower()  # of several proxies the first speaks with the customer
        if scheme in (b"http", b"https"):
            scope["scheme"] = scheme.decode()
    return bool(lines) and not known


def named(peer: str) -> str:
    """A proxy as the log may name it: the address within one's own networks, else only the region it lies in.

    A customer's office may forward too, and no customer's address is written down.
    """
    found = address(peer)
    if found is None or within(peer, SHARED):
        return peer
    return str(ip_network((found, 16 if found.version == 4 else 32), strict=False))
