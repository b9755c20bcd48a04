"""A paired tablet."""

from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture
def pair(client, anybody) -> Callable[..., Any]:
    """Registers and pairs a tablet: device, headers = await pair("checkout")."""

    async def _pair(*touchpoints: str, name: str = "Exit 1") -> tuple[dict[str, Any], dict[str, str]]:
        made = await client.post("/v1/devices", json={"name": name, "touchpoints": list(touchpoints)})
        assert made.status_code == 201, made.text
        paired = await anybody.post("/v1/devices/pair", json={"code": made.json()["pairing_code"]})
        assert paired.status_code == 200, paired.text
        return made.json(), {"Authorization": f"Bearer {paired.json()['key']}"}

    return _pair
