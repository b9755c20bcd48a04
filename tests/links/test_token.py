"""What a token carries, and that nobody can change it."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import Problem
from app.links.token import Nonce, SigningKeys, mint, read, sign, verify
from app.touchpoints.catalogue import LANGUAGES

RING = SigningKeys(b"a secret that is long enough")
NEXT = SigningKeys(b"the secret after the rotation", RING.active)
AFTER = SigningKeys(b"the secret after the next one", NEXT.active)
ENDS = datetime(2026, 12, 1, tzinfo=UTC)
CONTEXT = st.dictionaries(st.text(max_size=8), st.text(max_size=20) | st.integers() | st.booleans(), max_size=3)


@given(
    st.integers(1, 2**32 - 1),
    st.sampled_from([None, *LANGUAGES]),
    st.none() | st.text(min_size=1, max_size=40),
    st.none() | CONTEXT,
)
def test_what_goes_in_comes_out(touchpoint, language, respondent, context):
    link = read(mint(RING, touchpoint, ENDS, language, respondent, context), RING)
    assert (link.touchpoint_id, link.expires_at, link.language) == (touchpoint, ENDS, language)
    assert (link.respondent, link.context) == (respondent, context or None)


def test_a_token_is_short_and_tells_nobody_apart_by_itself():
    tokens = {mint(RING, 2**32 - 1, ENDS, "pl") for _ in range(1000)}
    assert len(tokens) == len({read(token, RING).id for token in tokens}) == 1000
    assert {len(token) for token in tokens} == {46}


TOKEN = mint(RING, 7, ENDS, "da", "customer-17", {"order": "48211"})


@given(st.integers(0, len(TOKEN) - 1), st.sampled_from("ABCxyz019-_=. %/\u00e9"))
def test_a_token_changed_anywhere_is_invalid(place, character):
    changed = TOKEN[:place] + character + TOKEN[place + 1 :]
    if changed != TOKEN:
        with pytest.raises(Problem, match="incomplete or was changed"):
            read(changed, RING)


@given(st.integers(0, len(TOKEN) - 1))
def test_a_token_cut_anywhere_is_invalid(length):
    for cut in (TOKEN[:length], TOKEN[len(TOKEN) - length :]):
        with pytest.raises(Problem):
            read(cut, RING)


@given(st.text(max_size=80) | st.binary(max_size=80).map(lambda raw: raw.decode("latin-1")))
def test_noise_is_no_token_and_no_nonce(noise):
    with pytest.raises(Problem):
        read(noise, RING)
    assert verify(noise, TOKEN, RING) is None


def test_what_the_secret_before_signed_stays_valid_and_no_longer_after_the_next_rotation():
    nonce = sign(Nonce(1, 2), TOKEN, RING)
    assert read(TOKEN, NEXT).id == read(TOKEN, RING).id
    assert verify(nonce, TOKEN, NEXT) == Nonce(1, 2)
    assert verify(nonce, TOKEN, AFTER) is None
    with pytest.raises(Problem):
        read(TOKEN, AFTER)


def test_what_is_new_is_signed_with_the_active_secret():
    with pytest.raises(Problem):
        read(mint(NEXT, 1, ENDS), RING)


def test_a_nonce_is_good_for_one_token():
    nonce = sign(Nonce(5), TOKEN, RING)
    assert verify(nonce, TOKEN, RING) == Nonce(5)
    assert verify(nonce, mint(RING, 7, ENDS), RING) is None
    assert verify(TOKEN, TOKEN, RING) is None


def test_the_answers_id_is_a_uuid_of_the_whole_token():
    first, second = (read(mint(RING, 7, ENDS + timedelta(seconds=n)), RING).id for n in (0, 0))
    assert isinstance(first, uuid.UUID) and first.version == 5 and first != second
