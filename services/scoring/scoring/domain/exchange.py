"""What foreign money is worth in the bank's own: published rates, held over closed days."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from scoring.domain.money import minor_digits

RATE_PLACES = 8
HOLDS_DAYS = 10
"""For so many days after its own the last published rate stands in for the next one."""


@dataclass(frozen=True, slots=True)
class FxRate:
    """What one unit of a currency is worth on a day, in units of the bank's own, times 10^8."""

    currency: str
    day: date
    rate_e8: int


@dataclass(frozen=True, slots=True)
class FxBook:
    """Every rate that was published, for look-up by day."""

    _days: Mapping[str, Sequence[date]]
    _rates: Mapping[str, Sequence[int]]

    @classmethod
    def of(cls, rates: Sequence[FxRate]) -> "FxBook":
        """Arrange `rates`, which may come in any order."""
        days: dict[str, list[date]] = {}
        values: dict[str, list[int]] = {}
        for rate in sorted(rates, key=lambda one: one.day):
            days.setdefault(rate.currency, []).append(rate.day)
            values.setdefault(rate.currency, []).append(rate.rate_e8)
        return cls(days, values)

    def knows(self, currency: str) -> bool:
        """Tell whether any rate of the currency was ever published."""
        return currency in self._days

    def on(self, currency: str, day: date) -> int | None:
        """Return the last rate published by the day, times 10^8; None where it is too old."""
        days = self._days.get(currency, ())
        place = bisect_right(days, day)
        if not place or (day - days[place - 1]).days > HOLDS_DAYS:
            return None
        return self._rates[currency][place - 1]


@dataclass(frozen=True, slots=True)
class Conversion:
    """How a month's money becomes the scheme's: minor units x `factor(day)` / `divisor`.

    `rates_e8` has one rate a day from the first on, None where there is none; it is empty for
    money that is in the scheme's currency already.
    """

    currency: str = ""
    base: str = ""
    rates_e8: Sequence[int | None] = ()

    @property
    def foreign(self) -> bool:
        """Tell whether there is anything to convert."""
        return bool(self.rates_e8)

    @property
    def divisor(self) -> int:
        """Return what every converted sum is divided by, once."""
        if not self.foreign:
            return 1
        return int(10 ** (RATE_PLACES + minor_digits(self.currency)))

    def rate_e8(self, day: int) -> int | None:
        """Return the rate of a day, times 10^8; None where none is needed or none is known."""
        return self.rates_e8[day - 1] if self.foreign else None

    def factor(self, day: int) -> int:
        """Return what a minor unit of that day is multiplied by; the day's rate must be known."""
        rate = self.rate_e8(day)
        return 1 if rate is None else int(rate * 10 ** minor_digits(self.base))

    @property
    def lacking(self) -> list[int]:
        """Return the days without a rate."""
        return [day for day, rate in enumerate(self.rates_e8, start=1) if rate is None]


OWN = Conversion()
"""Money in the scheme's own currency stays what it is."""


def conversion(fx: FxBook, currency: str, base: str, month: date, through: int) -> Conversion:
    """Return how the days 1..`through` of a month turn `currency` into `base`."""
    if currency == base:
        return OWN
    days = (month.replace(day=day) for day in range(1, through + 1))
    return Conversion(currency, base, tuple(fx.on(currency, day) for day in days))


def spans(days: Sequence[int]) -> str:
    """Write ascending days of a month shortly: 1-3, 7."""
    runs: list[list[int]] = []
    for day in days:
        if runs and day == runs[-1][-1] + 1:
            runs[-1][1:] = [day]
        else:
            runs.append([day])
    return ", ".join("-".join(map(str, run)) for run in runs)
