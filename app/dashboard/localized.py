"""One language's texts, numbers and dates."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import cache, lru_cache
from typing import Any

from babel import Locale, dates, numbers
from markupsafe import Markup, escape

from app.pages.i18n import messages, plural
from app.scores.formulas import Estimate
from app.scores.score import Window

Texts = Mapping[str, Any]  # a text, or its forms by plural category


# Files in pages/messages: what several pages say, then page by page.
AREAS = (
    "dashboard",
    "shell",
    "today",
    "map",
    "touchpoint",
    "alerts",
    "inbox",
    "segments",
    "setup",
    "import",
    "forms",
    "settings",
)


@cache
def texts(language: str) -> Texts:
    """All that the dashboard says in a language."""
    return {key: text for area in AREAS for key, text in messages(area, language).entries.items()}


@lru_cache(maxsize=16)
def _locale(language: str) -> Locale:
    return Locale("en", "GB") if language == "en" else Locale(language)


class Localized:
    """What a page says, in `language`; `texts` are the messages of that language."""

    def __init__(self, language: str, texts: Texts) -> None:
        self.language = language
        self.locale = _locale(language)
        self._texts = texts

    def __call__(self, key: str, n: int | None = None, **values: object) -> Markup:
        """The text `key`, its `{places}` filled in and escaped, in the plural form of `n`; KeyError when unknown."""
        text = self._texts[key]
        if isinstance(text, Mapping):
            assert n is not None, key
            text = text[plural(self.language, n)]
        if n is not None:
            values.setdefault("n", self.number(n))
        return Markup(text).format(**values) if values else Markup(text)  # noqa: S704 - our own texts; values are escaped

    def has(self, key: str) -> bool:
        return key in self._texts

    def named(self, group: str, name: str) -> str:
        """The name of one of a closed set, such as a channel; as it is when there is none."""
        return str(self(f"{group}.{name}")) if self.has(f"{group}.{name}") else name

    def begun(self, text: str) -> str:
        """With a capital in front; the rest as it is, unlike str.capitalize: E-Mail, WWW."""
        return text[:1].upper() + text[1:]

    def own(self, texts: Mapping[str, str]) -> str:
        """One of a touchpoint's own texts: in this language, else in English, else in any."""
        return texts.get(self.language) or texts.get("en") or next(iter(texts.values()), "")

    def number(self, value: float, digits: int = 0) -> str:
        """1204 as 1,204 or 1.204; a minus sign that is one."""
        pattern = "#,##0" + ("." + "0" * digits if digits else "")
        return str(numbers.format_decimal(value, pattern, locale=self.locale)).replace("-", "\N{MINUS SIGN}")

    def between(self, low: float, high: float, digits: int = 0) -> str:
        """36–40; one number when both print the same."""
        first, last = self.number(low, digits), self.number(high, digits)
        return first if first == last else f"{first}–{last}"

    def spread(self, estimate: Estimate, digits: int = 0) -> str:
        """The interval of an estimate."""
        return self.between(estimate.low, estimate.high, digits)

    def by(self, change: Estimate) -> Markup:
        """How far a change goes, without its sign: 9 to 15."""
        ends = sorted((abs(change.low), abs(change.high)))
        low, high = (self.number(max(1, round(end))) for end in ends)
        return escape(low) if low == high else self("from_to", low=low, high=high)

    def join(self, parts: list[Any]) -> Markup:
        """A, B and C."""
        parts = [escape(part) for part in parts]
        if len(parts) < 2:
            return Markup("").join(parts)
        return self("and", one=Markup(", ").join(parts[:-1]), other=parts[-1])

    def day(self, when: date, pattern: str = "") -> str:
        """6 November, in this language's order; with the year when it is not this one's."""
        pattern = pattern or self._pattern + (" y" if when.year != datetime.now(UTC).year else "")
        return str(dates.format_date(when, pattern, locale=self.locale))

    @property
    def _pattern(self) -> str:
        return "d. MMMM" if self.language in ("de", "da") else "d MMMM"

    def period(self, window: Window) -> Markup:
        """The first and the last day of a window."""
        since = datetime.fromtimestamp(window.since, window.zone).date()
        until = datetime.fromtimestamp(window.until - 1, window.zone).date()
        return self("window", since=self.day(since), until=self.day(until))

    def flags(self, flags: list[str]) -> str:
        return ", ".join(self.named("flag", flag) for flag in flags)

    def short_day(self, when: date) -> str:
        return self.day(when, self._pattern.replace("MMMM", "MMM"))

    def month(self, when: date) -> str:
        """Nov 2026."""
        return self.day(when, "LLL y")

    def weekday(self, day: int, width: str = "abbreviated") -> str:
        """The name of a weekday, 0 being Monday."""
        return str(self.locale.days["stand-alone"][width][day])

    def language_name(self, tag: str | None) -> str:
        """de as German; nothing for a tag that is not known."""
        return str(self.locale.languages.get((tag or "").partition("-")[0].lower(), ""))

    def tag_name(self, tag: str) -> str:
        """de-AT as German (AT), to be told from German; the tag itself when nobody knows it."""
        name, rest = self.begun(self.language_name(tag)), tag.partition("-")[2]
        return f"{name} ({rest})" if name and rest else name or tag

    def ago(self, when: datetime, zone: tzinfo, now: datetime) -> str:
        """2 hours ago; yesterday, 21:03; Friday, 16:32; 6 November, 16:32."""
        local, today = when.astimezone(zone), now.astimezone(zone).date()
        clock = local.strftime("%H:%M")
        days = (today - local.date()).days
        if days <= 0:
            ago = min(timedelta(), when - now)
            return str(dates.format_timedelta(ago, add_direction=True, threshold=0.99, locale=self.locale))
        if days == 1:
            return str(self("yesterday", time=clock))
        return f"{self.weekday(local.weekday(), 'wide') if days < 7 else self.day(local.date())}, {clock}"
