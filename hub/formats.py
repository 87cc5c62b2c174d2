"""How numbers, times and durations are written in a channel's language and zone."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

NUMBER = re.compile(r"[+-]?\d{1,30}(?:\.\d{0,30})?(?:[eE][+-]?\d{1,2})?")
LARGEST: Final = Decimal(10) ** 15  # beyond it a number is an identifier: shown as it came
SHORT_FROM: Final = 10_000  # smaller amounts are as short in full
CENT: Final = Decimal("0.01")
TENTH: Final = Decimal("0.1")
SCALE_STEP: Final = 1000
SCALES: Final = ((1_000, "K"), (1_000_000, "M"), (1_000_000_000, "B"))
SYMBOLS: Final = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥"}
WITHOUT_CENTS: Final = frozenset({"JPY", "KRW", "ISK", "CLP", "VND"})
EPOCH_DIGITS: Final = {10: 1, 13: 1000}  # seconds and milliseconds of this century
MAX_MOMENT_CHARS: Final = 40  # the longest form has 32
MOMENT_END = re.compile(r"\s*(?:(?:UTC|GMT|Z)|([+-]\d\d:?\d\d))$")


@dataclass(frozen=True, slots=True)
class _Words:
    yes: str
    no: str
    months: tuple[str, ...]
    units: tuple[str, ...]  # day, hour, minute, second
    separators: dict[int, int]  # of a number written the English way
    symbol_gap: str


ENGLISH: Final = _Words(
    yes="yes",
    no="no",
    months=("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
    units=("d", "h", "min", "s"),
    separators={},
    symbol_gap="",
)
DUTCH: Final = _Words(
    yes="ja",
    no="nee",
    months=("jan", "feb", "mrt", "apr", "mei", "jun", "jul", "aug", "sep", "okt", "nov", "dec"),
    units=("d", "u", "min", "s"),
    separators=str.maketrans(",.", ".,"),
    symbol_gap=" ",
)
UNIT_SECONDS: Final = (86_400, 3_600, 60, 1)


@lru_cache(maxsize=64)
def _words(language: str) -> _Words:
    return DUTCH if language.lower().startswith("nl") else ENGLISH


@lru_cache(maxsize=256)
def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (LookupError, ValueError, OSError):
        return UTC


def to_number(value: object) -> Decimal | None:
    """The number that `value` is or spells, as machines write it (`1234.5`); else None."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        return None
    text = str(value).strip() if not isinstance(value, int) or abs(value) < LARGEST else ""
    return Decimal(text) if NUMBER.fullmatch(text) else None


def to_moment(value: object) -> datetime | date | None:
    """The time that `value` is or spells: ISO 8601, `2026-11-24 14:32:05 UTC`, or epoch seconds or
    milliseconds. One without a zone is taken as UTC."""
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        return _parsed_moment(str(value).strip())
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    return value if isinstance(value, date) else None


def _parsed_moment(text: str) -> datetime | date | None:
    digits = text.partition(".")[0]
    if len(text) > MAX_MOMENT_CHARS:
        return None
    try:
        if digits.isascii() and digits.isdigit():
            scale = EPOCH_DIGITS.get(len(digits))
            return datetime.fromtimestamp(float(text) / scale, UTC) if scale else None
        if len(text) == len("2026-11-24"):
            return date.fromisoformat(text)
        moment = datetime.fromisoformat(MOMENT_END.sub(lambda end: end[1] or "+00:00", text))
    except (ValueError, OverflowError, OSError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Locale:
    """Writes values for the readers of one channel. What a method cannot read, it leaves as is."""

    language: str = "en"
    zone: str = "UTC"

    def truth(self, value: bool) -> str:
        words = _words(self.language)
        return words.yes if value else words.no

    def number(self, value: Decimal, step: Decimal = CENT) -> str:
        """`1,234.50` in the separators of the language, rounded to `step`."""
        rounded = value.quantize(step, ROUND_HALF_UP) + 0  # turns -0 into 0
        return f"{rounded:,f}".translate(_words(self.language).separators)

    def amount(self, value: object) -> object:
        """Short: `1.2M`, `50K`; below ten thousand in full."""
        number = to_number(value)
        if number is None or abs(number) >= LARGEST:
            return value
        if abs(number) < SHORT_FROM:
            return self._trimmed(number, CENT)
        return self._scaled(number)

    def money(self, value: object, currency: str = "") -> object:
        """`€1,234.50`; Dutch `€ 1.234,50`; a currency without a sign as `1,234.50 CHF`."""
        number = to_number(value)
        if number is None or abs(number) >= LARGEST:
            return value
        currency = currency.strip().upper()
        digits = self.number(abs(number), Decimal(1) if currency in WITHOUT_CENTS else CENT)
        sign = "-" if number <= -CENT else ""
        symbol = SYMBOLS.get(currency)
        if symbol:
            return f"{sign}{symbol}{_words(self.language).symbol_gap}{digits}"
        return f"{sign}{digits} {currency}".rstrip()

    def date_of(self, value: object) -> object:
        """`24 Nov 2026`, the day it is in the zone."""
        moment = self._local(value)
        if moment is None:
            return value
        return f"{moment.day} {_words(self.language).months[moment.month - 1]} {moment.year}"

    def time_of(self, value: object) -> object:
        """`14:32` in the zone; a mere day has none."""
        moment = self._local(value)
        if moment is None:
            return value
        return f"{moment:%H:%M}" if isinstance(moment, datetime) else ""

    def datetime_of(self, value: object) -> object:
        """`24 Nov 2026 14:32`."""
        return (
            f"{self.date_of(value)} {self.time_of(value)}".rstrip() if self._local(value) else value
        )

    def utc_time_of(self, value: object) -> object:
        """`14:32 UTC`, wherever the channel is."""
        text = Locale(self.language).time_of(value)
        return f"{text} UTC" if text and isinstance(to_moment(value), datetime) else text

    def duration(self, value: object) -> object:
        """Seconds as their two largest units: `20 min`, `1 h 5 min`."""
        number = to_number(value)
        if number is None or abs(number) >= LARGEST:
            return value
        left, counts = int(abs(number)), []
        for seconds in UNIT_SECONDS:
            count, left = divmod(left, seconds)
            counts.append(count)
        first = next((place for place, count in enumerate(counts) if count), len(counts) - 1)
        units = zip(counts, _words(self.language).units, strict=True)
        shown = [f"{count} {unit}" for count, unit in units][first : first + 2]
        text = " ".join(part for part in shown if not part.startswith("0 ")) or shown[0]
        return f"-{text}" if number <= -1 else text

    def _scaled(self, number: Decimal) -> str:
        text = ""
        for scale, letter in SCALES:
            scaled = (number / scale).quantize(TENTH, ROUND_HALF_UP)
            text = self._trimmed(scaled, TENTH) + letter
            if abs(scaled) < SCALE_STEP:
                break
        return text

    def _trimmed(self, number: Decimal, step: Decimal) -> str:
        """Without the zeros that end a fraction."""
        rounded = number.quantize(step, ROUND_HALF_UP)
        digits = -rounded.normalize().as_tuple().exponent  # type: ignore[operator]  # it is finite
        return self.number(rounded, Decimal(1).scaleb(-max(0, digits)))

    def _local(self, value: object) -> datetime | date | None:
        moment = to_moment(value)
        if not isinstance(moment, datetime):
            return moment
        try:
            return moment.astimezone(_zone(self.zone))
        except (OverflowError, ValueError):
            return None
