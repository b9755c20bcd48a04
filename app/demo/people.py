"""What the pretend company's customers do: when they answer, how they rate, what they write. Seeded and pure."""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from importlib.resources import files
from itertools import accumulate
from uuid import UUID

from app.demo.company import DAYS, ZONE, Part, Place
from app.ingest.channels import API, EMAIL, IMPORT, KIOSK, PAGE, WEB, Answer
from app.ingest.guard import MISUSE, SPAM, UNCONFIRMED
from app.touchpoints.registry import Known

COMMENTS: dict[str, dict[str, dict[str, list[str]]]] = json.loads(
    files(__package__).joinpath("comments.json").read_bytes()
)
LOCALES = {"da": "da-DK", "de": "de-DE", "en": "en-GB", "pl": "pl-PL"}
LANGUAGES, SPOKEN = list(LOCALES), [48, 72, 88, 100]  # cumulated, as random.choices would do it at each call
ANSWER_RATE = {WEB: 0.09, EMAIL: 0.21, PAGE: 0.4}  # of those who were asked
COMMENT_RATE = {"bad": 0.36, "mixed": 0.15, "good": 0.12}
SPAM_TEXT = "CHEAP WATCHES https://deal.example/a https://deal.example/b"


@dataclass(frozen=True)
class Habit:
    """When people meet a kind of place: a weight per weekday from Monday on, and per hour from 6 to 23."""

    weekdays: tuple[float, ...]
    hours: tuple[int, ...]

    @cached_property
    def by_hour(self) -> list[int]:
        """The weights of the hours, cumulated."""
        return list(accumulate(self.hours))


ONLINE = Habit((1, 1, 1, 1, 0.9, 1, 1.3), (1, 2, 4, 5, 6, 6, 6, 5, 5, 5, 5, 5, 6, 9, 11, 10, 7, 2))
STORE = Habit((0.8, 0.8, 0.9, 1, 1.3, 1.9, 0), (0, 0, 0, 0, 4, 6, 6, 6, 7, 8, 9, 8, 3, 0, 0, 0, 0, 0))
PHONE = Habit((1.6, 1.3, 1.1, 1.1, 1.1, 0.2, 0), (0, 0, 1, 8, 9, 8, 6, 6, 7, 7, 6, 3, 1, 1, 0, 0, 0, 0))
MAIL = Habit((1.2, 1.2, 1.1, 1, 0.9, 0.6, 0.7), (3, 8, 9, 7, 5, 4, 5, 4, 3, 3, 4, 5, 5, 6, 6, 5, 3, 1))
HOURS = range(6, 24)
HABITS = {"store": STORE, "event": STORE, "partner": STORE, "phone": PHONE, "chat": PHONE, "email": MAIL}


@dataclass(slots=True)
class Crowd:
    """Makes the answers of one place, from the oldest to `now`."""

    place: Place
    known: Known
    now: datetime
    dice: random.Random

    def answers(self) -> Iterator[tuple[Answer, int]]:
        """Each answer, and how many customers were asked for it."""
        habit = HABITS.get(self.known.row.channel, ONLINE)
        today = self.now.astimezone(ZONE).date()
        for days_ago in range(DAYS, -1, -1):
            day = today - timedelta(days=days_ago)
            busy = habit.weekdays[day.weekday()] * (1.2 - 0.3 * days_ago / DAYS)
            for at in sorted(self._moment(day, habit) for _ in range(self._rounded(self.place.per_day * busy))):
                if at < self.now:
                    yield self._answer(at, days_ago)

    def _rounded(self, mean: float) -> int:
        return max(0, int(self.dice.gauss(mean, mean**0.5 / 1.5) + self.dice.random()))

    def _moment(self, day: date, habit: Habit) -> datetime:
        hour = self.dice.choices(HOURS, cum_weights=habit.by_hour)[0]
        minute, second = self.dice.randrange(60), self.dice.randrange(60)
        return datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=ZONE)

    def _answer(self, at: datetime, days_ago: int) -> tuple[Answer, int]:
        dice, known = self.dice, self.known
        source = dice.choices(list(self.place.sources), list(self.place.sources.values()))[0]
        name, part = self._part()
        share = self.place.changed(days_ago) * part.changed
        rating = self._rating(self._level(at, source, share) + part.level)
        language = dice.choices(LANGUAGES, cum_weights=SPOKEN)[0]
        comment, reasons = self._words(rating, language, share)
        flags = self._flags(source)
        when = at.astimezone(UTC)
        answer = Answer(
            touchpoint_id=known.id,
            id=self._id(when),
            rating=rating,
            comment=SPAM_TEXT if flags == SPAM else comment,
            reasons=reasons,
            source=source,
            flags=flags,
            locale=LOCALES[language],
            respondent=f"c-{dice.randrange(9000):04d}" if source == EMAIL else None,
            context={self.place.segment: name} if self.place.segment else None,
            occurred_at=when,
            received_at=when + timedelta(seconds=dice.randrange(600 if source in (KIOSK, IMPORT, API) else 2)),
            zone=known.zone,
        )
        return answer, round(dice.uniform(0.5, 1.5) / ANSWER_RATE[source]) if source in ANSWER_RATE else 0

    def _part(self) -> tuple[str, Part]:
        """In which part of the place it was."""
        parts = self.place.parts
        if not parts:
            return "", Part(1)
        name = self.dice.choices(list(parts), [part.share for part in parts.values()])[0]
        return name, parts[name]

    def _level(self, at: datetime, source: str, share: float) -> float:
        change = self.place.change
        level = self.place.level + (share * (change.level - self.place.level) if change else 0)
        if change and change.level < self.place.level and at.weekday() in (4, 5) and at.hour >= 15:
            level -= 0.12 * share  # the vans are full
        return level - 0.07 if source == EMAIL and len(self.place.sources) > 1 else level

    def _rating(self, level: float) -> int:
        scale, level = self.known.scale, max(0.05, level)
        steps = len(scale.ratings)
        return scale.low + min(steps - 1, int(self.dice.betavariate(level * 2.6, (1 - level) * 2.6) * steps))

    def _words(self, rating: int, language: str, share: float) -> tuple[str | None, str]:
        """A comment, or none, and the reasons ticked."""
        dice, scale, change = self.dice, self.known.scale, self.place.change
        height = scale.height(rating)
        mood = "bad" if height < 0.4 else "mixed" if height < 0.75 else "good"
        news = change is not None and dice.random() < min(1, share)
        reasons = ""
        if self.known.reasons and dice.random() < (0.55 if mood == "bad" else 0.25):
            usual = sorted(self.known.reasons)
            named = change.reasons if change and news and mood == "bad" and change.reasons else usual
            reasons = " ".join(sorted({dice.choice(named) for _ in range(dice.choice((1, 1, 2)))}))
        if dice.random() > COMMENT_RATE[mood]:
            return None, reasons
        topic = change.topic if change and news and mood in COMMENTS[change.topic] else self.place.topic
        return self._comment(topic, mood, language), reasons

    def _comment(self, topic: str, mood: str, language: str) -> str:
        """One or two things said, and sometimes a closing word."""
        said = self.dice.sample(COMMENTS[topic][mood][language], 2 if self.dice.random() < 0.3 else 1)
        if self.dice.random() < 0.4:
            said.append(self.dice.choice(COMMENTS["ends"][mood][language]))
        return " ".join(said)

    def _flags(self, source: str) -> str:
        chance = self.dice.random()
        if source in (WEB, PAGE) and chance < 0.012:
            return SPAM if chance < 0.007 else MISUSE
        return UNCONFIRMED if source == EMAIL and chance < 0.025 else ""

    def _id(self, at: datetime) -> UUID:
        """Like a UUIDv7, but the same in every run."""
        high = int(at.timestamp() * 1000) << 16 | 0x7000 | self.dice.getrandbits(12)
        return UUID(int=high << 64 | 0b10 << 62 | self.dice.getrandbits(62))
