"""A clock that was ahead for a while leaves nothing behind that holds honest presses."""

import uuid
from datetime import UTC, datetime, timedelta

from app.links.recent_presses import BURST_LINKS, Recent

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
AHEAD = NOW + timedelta(days=1)


def test_presses_noted_a_day_ahead_make_no_burst_of_todays():
    recent, office = Recent(), "office"
    noted = [recent.burst(office, uuid.uuid4(), AHEAD) for _ in range(BURST_LINKS + 1)]
    assert noted == [False] * BURST_LINKS + [True], "the control: at one moment, they are one"
    assert not any(recent.burst(office, uuid.uuid4(), NOW + timedelta(minutes=n)) for n in range(5))


def test_a_hidden_link_followed_a_day_ahead_is_forgotten():
    recent, answer = Recent(), uuid.uuid4()
    recent.follow(answer, AHEAD)
    assert recent.trapped(answer, AHEAD) and not recent.trapped(answer, NOW)
    recent.follow(uuid.uuid4(), NOW)
    assert not recent.trapped(answer, AHEAD), "and takes no room"
