"""Recent presses on rating links, in memory: hidden links followed, links pressed from one network.

What lies ahead of now was noted while the clock was wrong, and is as good as forgotten.

Other processes do not see it. The rule that matters most, contradiction, is kept in the database; a GET writes nothing,
so that a hidden link was followed can be remembered nowhere else.
"""

from collections import OrderedDict, deque
from datetime import datetime, timedelta
from uuid import UUID

from app.links.press import CONTRADICTION

BURST_WITHIN = timedelta(seconds=2)
BURST_LINKS = 3
KEPT_MAX = 50_000


class Recent:
    """Traps by answer, presses by network (a keyed hash, never an address). When there are too many, the oldest go."""

    def __init__(self) -> None:
        self._traps: OrderedDict[UUID, datetime] = OrderedDict()
        self._presses: OrderedDict[str, deque[tuple[datetime, UUID]]] = OrderedDict()

    def follow(self, answer: UUID, at: datetime) -> None:
        """The hidden link of this answer's mail or page was followed."""
        self._traps[answer] = at
        self._traps.move_to_end(answer)
        while len(self._traps) > KEPT_MAX or abs(at - next(iter(self._traps.values()))) > CONTRADICTION:
            self._traps.popitem(last=False)

    def trapped(self, answer: UUID, at: datetime) -> bool:
        """Whether the hidden link was followed within the time of a contradiction."""
        followed = self._traps.get(answer)
        return followed is not None and abs(at - followed) <= CONTRADICTION

    def burst(self, network: str, answer: UUID, at: datetime) -> bool:
        """Note a press; whether it is one too many from its network. Those before it stand: an office may be three."""
        presses = self._presses.setdefault(network, deque())
        self._presses.move_to_end(network)
        while presses and abs(at - presses[0][0]) > BURST_WITHIN:
            presses.popleft()
        presses.append((at, answer))
        if len(self._presses) > KEPT_MAX:
            self._presses.popitem(last=False)
        return len({pressed for _, pressed in presses}) > BURST_LINKS
