"""Ids are made in several threads at once: answers in the event loop's, events in the one that writes."""

import os
from concurrent.futures import ThreadPoolExecutor

from app.ids import uuid7

THREADS, EACH = 4, 50_000


def test_no_two_threads_ever_make_the_same_id():
    with ThreadPoolExecutor(THREADS) as threads:
        made = [each for some in threads.map(lambda _: [uuid7() for _ in range(EACH)], range(THREADS)) for each in some]
    assert len(set(made)) == THREADS * EACH


def test_a_forked_process_makes_ids_of_its_own():
    uuid7()  # fills the pool
    reading, writing = os.pipe()
    if (child := os.fork()) == 0:
        os.write(writing, b"".join(uuid7().bytes for _ in range(100)))
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as said:
        theirs = said.read()
    os.waitpid(child, 0)
    tails = {theirs[at + 8 : at + 16] for at in range(0, len(theirs), 16)}
    assert len(tails) == 100 and tails.isdisjoint(uuid7().bytes[8:] for _ in range(400))
