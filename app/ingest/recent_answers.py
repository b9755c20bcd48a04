"""The answers of the last ten minutes at one touchpoint, as one process saw them. Pure: the caller has the clock."""

from collections import OrderedDict, deque
from dataclasses import dataclass, field
from uuid import UUID

from app.ingest.usual_volume import FROM_ONE, Usual, part_of

WINDOW_S = 600.0
REMEMBERED = 5000  # answers; how many there were beyond, of all processes, the database says


@dataclass(slots=True)
class Noted:
    """One answer: when it came, from which network, and whether it was set aside."""

    at: float
    network: str
    flagged: bool = False


@dataclass(slots=True)
class Totals:
    """How many answers all processes together had stored, and this one had seen, at looks of the last ten minutes."""

    looks: deque[tuple[float, int, int]] = field(default_factory=deque)

    def note(self, at: float, stored: int, own: int) -> None:
        self.looks.append((at, stored, own))

    def within_window(self, at: float) -> tuple[int, int]:
        """How many came within the last ten minutes, as far as is known: to all, and to this process."""
        while self.looks and at - self.looks[0][0] >= WINDOW_S:
            self.looks.popleft()
        if not self.looks:
            return 0, 0
        (_, stored, own), (_, stored_now, own_now) = self.looks[0], self.looks[-1]
        return max(0, stored_now - stored), own_now - own


@dataclass(slots=True)
class Crowd:
    """How many answers of the window came from one network, and which of them still count."""

    together: int = 0
    counting: dict[UUID, None] = field(default_factory=dict)


@dataclass(slots=True)
class Recent:
    """Tells a rush from a flood: of more answers than usual, those are set aside that come from the same networks."""

    totals: Totals = field(default_factory=Totals)
    answers: OrderedDict[UUID, Noted] = field(default_factory=OrderedDict)
    networks: dict[str, Crowd] = field(default_factory=dict)
    over: bool = False
    own: int = 0  # answers that this process has seen at all

    def note(self, number: UUID, network: str, at: float, usual: Usual) -> tuple[bool, list[UUID]]:
        """Whether this answer is to be set aside, and which earlier ones; a repetition is as before.

        `at` is in seconds of a clock that only goes forward.
        """
        self._expire(at)
        if number in self.answers:
            return self.answers[number].flagged, []
        self.own += 1
        self.answers[number] = Noted(at, network)
        crowd = self.networks.setdefault(network, Crowd())
        crowd.together += 1
        crowd.counting[number] = None
        together = max(len(self.answers), self.totals.within_window(at)[0])
        was_over, self.over = self.over, together > usual.limit
        if not self.over:
            return False, []
        most = part_of(FROM_ONE, self.share(at))
        crowds = [crowd] if was_over else self.networks.values()
        aside = [other for each in crowds if each.together > most for other in each.counting]
        for other in aside:
            self.set_aside(other)
        return self.answers[number].flagged, [other for other in aside if other != number]

    def set_aside(self, number: UUID) -> None:
        """Let an answer of the window count no longer."""
        noted = self.answers[number]
        noted.flagged = True
        self.networks[noted.network].counting.pop(number, None)

    def count_again(self, number: UUID) -> None:
        """Take back `set_aside`: what it says could not be written."""
        if noted := self.answers.get(number):
            noted.flagged = False
            self.networks[noted.network].counting[number] = None

    def is_aside(self, number: UUID) -> bool:
        """Whether this answer of the window was set aside."""
        return number in self.answers and self.answers[number].flagged

    def share(self, at: float) -> float:
        """Which part of the answers comes to this process, 0 to 1."""
        stored, own = self.totals.within_window(at)
        return min(1.0, own / stored) if stored else 1.0

    def forget(self, number: UUID) -> None:
        """Leave out an answer that was not stored, or has left the window."""
        if noted := self.answers.pop(number, None):
            crowd = self.networks[noted.network]
            crowd.together -= 1
            crowd.counting.pop(number, None)
            if not crowd.together:
                del self.networks[noted.network]

    def _expire(self, at: float) -> None:
        while self.answers:
            number, noted = next(iter(self.answers.items()))
            if at - noted.at < WINDOW_S and len(self.answers) < REMEMBERED:
                return
            self.forget(number)
