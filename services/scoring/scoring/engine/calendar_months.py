"""The months to price as a relation, with what each month's scheme says of every account."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from scoring.domain.loan import Grade
from scoring.domain.months import Period, between, days_in, month_of, plus
from scoring.domain.scheme import Scheme, in_force

_COLUMNS = pa.schema(
    [
        ("index", pa.int64()),
        ("month", pa.date32()),
        ("days", pa.int64()),
        ("through", pa.int64()),
        ("scheme_currency", pa.string()),
        ("basis", pa.int64()),
        ("account_month_minor", pa.int64()),
        ("credit_share_ppm", pa.int64()),
        *((f"loss_{grade}", pa.int64()) for grade in Grade),
    ]
)


def index_of(month: date) -> int:
    """Return the number of a month, as `exact.month_index` does."""
    return month.year * 12 + month.month - 1


@dataclass(frozen=True, slots=True)
class Pricing:
    """The months that a run prices, each with the scheme in force or none."""

    period: Period
    business_date: date
    schemes: Sequence[Scheme]

    @property
    def months(self) -> Sequence[tuple[date, Scheme | None]]:
        """Return the months of the period through the business month."""
        last = min(self.period.last, month_of(self.business_date))
        return [
            (month, in_force(self.schemes, month)) for month in between(self.period.first, last)
        ]

    @property
    def before(self) -> int:
        """Return the index that stands for all months before the period."""
        return index_of(self.period.first) - 1

    @property
    def segments(self) -> Sequence[tuple[int, Scheme | None]]:
        """Return each scheme once, with the index of the last month that it prices."""
        found: list[tuple[int, Scheme | None]] = []
        for month, scheme in self.months:
            if found and found[-1][1] is scheme:
                found.pop()
            found.append((index_of(month), scheme))
        return found

    def calendar(self) -> ir.Table:
        """Return one row a month, after one that stands for all months before the period."""
        rows = [_row(month, scheme, self.business_date) for month, scheme in self.months]
        rows.insert(0, _row(plus(self.period.first, -1), None, self.business_date))
        return ibis.memtable(pa.Table.from_pylist(rows, schema=_COLUMNS))


def _row(month: date, scheme: Scheme | None, business_date: date) -> dict[str, object]:
    days = days_in(month)
    current = month == month_of(business_date)
    row: dict[str, object] = {
        "index": index_of(month),
        "month": month,
        "days": days,
        "through": business_date.day if current else days,
    }
    if scheme is None:
        return row
    losses = {f"loss_{g}": loss.pd_ppm * loss.lgd_ppm for g, loss in scheme.expected_loss.items()}
    return (
        row
        | losses
        | {
            "scheme_currency": scheme.currency,
            "basis": scheme.basis(month),
            "account_month_minor": scheme.cost_to_serve.account_month_minor,
            "credit_share_ppm": scheme.e_banking.credit_share_ppm,
        }
    )
