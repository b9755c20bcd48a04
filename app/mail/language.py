"""One language's texts, with numbers and days as its readers write them."""

from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_interval, format_skeleton
from babel.numbers import format_decimal

from app.pages.i18n import messages


class Say:
    """Texts of the mails, in the language and time zone of one person."""

    def __init__(self, language: str, timezone: str) -> None:
        self.language, self.zone = language, ZoneInfo(timezone)
        self._texts = messages("mail", language)
        self._locale = _locale(language)

    def __call__(self, message: str, **values: Any) -> str:
        if "n" in values:
            values["number"] = self.number(values["n"])
        return self._texts(message, **values)

    def number(self, value: float) -> str:
        """1204 as 1,204 or 1.204; with one digit behind the point where there is any."""
        return str(format_decimal(value, "#,##0.#", locale=self._locale))

    def day(self, at: datetime | date) -> str:
        """2 November."""
        local = at.astimezone(self.zone).date() if isinstance(at, datetime) else at
        return str(format_skeleton("MMMMd", local, locale=self._locale))

    def period(self, since: datetime, until: datetime) -> str:
        """23-29 November 2026: the local days between two midnights."""
        first, last = since.astimezone(self.zone).date(), (until.astimezone(self.zone) - timedelta(seconds=1)).date()
        return str(format_interval(first, last, "yMMMMd", locale=self._locale))


@lru_cache(maxsize=8)
def _locale(language: str) -> Locale:
    return Locale("en", "GB") if language == "en" else Locale(language)
