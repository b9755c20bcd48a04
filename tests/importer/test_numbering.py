"""Equal answers of a file are counted, however far apart they stand, and the memory for that has a bound."""

import random
import subprocess
import sys
from collections import Counter

from app.importer import numbering
from app.importer.numbering import UNNUMBERED, Counts, Named, Numbering, uuid5
from app.ingest.channels import Answer

CHUNK = 5000


def counted_simply(names):
    seen = Counter()
    for name in names:
        yield seen[name]
        seen[name] += 1


def test_the_nth_equal_one_is_counted_over_chunks_of_any_size(monkeypatch):
    monkeypatch.setattr(numbering, "CACHE_KB", 64)  # most of it lies in the file
    dice = random.Random(1)
    names = [dice.choice((dice.randrange(2**63), dice.randrange(300), 0, 2**63 - 1)) for _ in range(60_000)]
    counts, found, left = Counts(), [], list(names)
    while left:
        size = dice.choice((1, 2, 700, CHUNK))
        found += counts.before(left[:size])
        left = left[size:]
    assert found == list(counted_simply(names)) and max(found) > 10_000
    assert counts.before([]) == []


def test_ids_depend_on_what_an_answer_is_and_on_nothing_between():
    def ids(*names):
        numbering, found = Numbering(), []
        for name in names:
            answer = Answer(1, UNNUMBERED, 5, None, "", "import", "", None, None, None, None, None)
            ((same, former),) = numbering.give([Named(answer, name, f"former {name}")])
            assert same is answer
            found.append((answer.id, former))
        return found

    first, between = ids("a", "a", "a"), ids("a", "b", "a", "c", "b", "a")
    assert [between[place] for place in (0, 2, 5)] == first
    assert first[0] == (uuid5("a"), uuid5("former a")) and first[2][0] == uuid5("a\x1e2")


PEAK = """
import resource, sys
from app.importer.numbering import Counts
counts, names = Counts(), range(0, 2**62, 2**62 // int(sys.argv[1]))
step, start = 7_654_321, 0  # neighbours in the file are none in the index
order = [names[number * step % len(names)] for number in range(5000)]
counts.before(order)
begun = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for start in range(5000, len(names), 5000):
    counts.before([names[number * step % len(names)] for number in range(start, min(start + 5000, len(names)))])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - begun)
"""


def test_a_million_different_rows_are_counted_in_a_bounded_memory():
    grown = [int(subprocess.check_output([sys.executable, "-c", PEAK, str(rows)])) for rows in (300_000, 1_000_000)]
    assert max(grown) < 2 * numbering.CACHE_KB and grown[1] - grown[0] < 3000, grown  # kilobytes
