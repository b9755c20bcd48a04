"""The digest: what changed for real, what needs somebody, what customers said; or that nothing needs anybody."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from sqlmodel import Session

from app.mail import quotes, usual, waiting
from app.mail.changes import Place, is_untaken, item, name_of
from app.mail.language import Say
from app.mail.period import Period, answers, changed, still_open
from app.mail.writing import Item, Links, Mail, Part
from app.models import Alert, Subscriber


def mail(session: Session, whose: Subscriber, about: str, links: Links, at: datetime) -> Mail | None:
    """The letter about the period in `about`: two times parted by a slash; None when it is no longer wished for."""
    if whose.digest == "none":
        return None
    since, until = (datetime.fromisoformat(said) for said in about.split("/"))
    return Digest(session, whose, Period.of(session, whose, since, until), links, at).mail()


@dataclass
class Digest:
    """One person's digest. What needs somebody is read as of `at`, all else of the period."""

    session: Session
    whose: Subscriber
    period: Period
    links: Links
    at: datetime

    @cached_property
    def say(self) -> Say:
        return Say(self.whose.language, self.whose.timezone)

    @cached_property
    def changes(self) -> Sequence[tuple[Alert, Place]]:
        """Falls that nobody has taken first, for they are what the letter begins with."""
        return sorted(changed(self.session, self.period), key=lambda pair: not is_untaken(pair[0]))

    @cached_property
    def changed(self) -> list[Item]:
        return [item(alert, place, self.say, self.links) for alert, place in self.changes]

    @cached_property
    def needs(self) -> list[Item]:
        told = {alert.id for alert, _ in self.changes}
        alerts = [pair for pair in still_open(self.session, self.period) if pair[0].id not in told]
        return [
            *waiting.items(self.session, self.period, self.say, self.links, self.at),
            *(item(alert, place, self.say, self.links) for alert, place in alerts),
        ]

    @cached_property
    def untaken(self) -> Place | None:
        """The newest fall that is open and that nobody has taken."""
        return next((place for alert, place in self.changes if is_untaken(alert)), None)

    def mail(self) -> Mail:
        say, quoted = self.say, self._quoted()
        figures = [say("figures")] if any(one.levels for one in self.changed) else []
        return Mail(
            subject=self._subject(),
            over=say.period(self.period.since, self.period.until),
            title=self._headline(),
            lines=self._lines(quoted=bool(quoted)),
            parts=[part for part in self._parts() if part.items] + quoted,
            ends=[*figures, say(f"because_{self.whose.digest}", email=self.whose.email)],
            choose=(say("choose_link"), self.links.choose),
            stop=(say("stop_link"), self.links.stop),
        )

    @cached_property
    def _answers(self) -> tuple[int, int]:
        return answers(self.session, self.period)

    def _parts(self) -> list[Part]:
        return [Part(self.say("changed"), self.changed), Part(self.say("needs"), self.needs)]

    def _quoted(self) -> list[Part]:
        """What customers said, for those who may read it."""
        said = quotes.three(self.session, self.period, self.say, self.links) if self.whose.comments else []
        count, comments = self._answers
        below = self.say("all_comments", n=comments, answers=self.say.number(count)) if comments else ""
        return [Part(self.say("said"), quotes=said, below=below)] if said else []

    def _lines(self, *, quoted: bool) -> list[str]:
        """That all is calm; how much came in, unless it stands below the quotes; and how much is as usual."""
        count, _ = self._answers
        came = self.say("came", n=count) if count else self.say("came_none")
        calm = not (self.changed or self.needs)
        said = f"{self.say('calm')} {came}" if calm else "" if quoted else came
        return [line for line in (said, usual.line(self.session, self.period, self.say)) if line]

    def _headline(self) -> str:
        if self.untaken:
            return self.say("headline_untaken", touchpoint=name_of(self.untaken, self.say))
        if self.changed:
            return self.say("headline_changed", n=len(self.changed))
        return self.say("headline_needs", n=len(self.needs)) if self.needs else self.say("headline_calm")

    def _subject(self) -> str:
        say, said = self.say, list[str]()
        if self.untaken:
            said.append(say("subject_untaken", touchpoint=name_of(self.untaken, say)))
        elif self.changed:
            said.append(say("subject_changed", n=len(self.changed)))
        said += [say("subject_needs", n=len(self.needs))] if self.needs else []
        whole = "; ".join(said) or say("subject_calm")
        return whole[:1].upper() + whole[1:]
