"""Customers and accounts: what this service adds to them."""

from datetime import date, timedelta
from typing import Annotated, Self
from uuid import UUID

import strawberry

from scoring.domain.account import AccountId, CustomerId
from scoring.domain.balance import daily
from scoring.domain.loan import Grade, LoanTerms
from scoring.domain.problems import PeriodInvalid
from scoring.domain.tier_override import held_on, until_day
from scoring.graphql.context import Info
from scoring.graphql.contribution import Contribution
from scoring.graphql.explanation import Explained, ExplanationNode, PathArgument
from scoring.graphql.index import CustomerIndex, Points
from scoring.graphql.month_end import STANDARD_LIMIT, DepositDeviation, Limit
from scoring.graphql.reach import MaybeLater
from scoring.graphql.scalars import AsOfArgument, From, Money, To, YearMonth, moment, period, ppm
from scoring.graphql.tiers import Tier

LONGEST_DAYS = 400
FromDay = Annotated[date, strawberry.argument(name="from", description="The first day.")]
ToDay = Annotated[date, strawberry.argument(name="to", description="The last day.")]


def _uuid(raw: object) -> UUID | None:
    """Read a key as the router sends it; what is no id names nothing."""
    try:
        return UUID(str(raw))
    except ValueError:
        return None


@strawberry.type(description="The balance at the end of one day.")
class DailyBalance:
    date: date
    balance: Money


strawberry.enum(Grade, name="LoanGrade", description="The five grades of a loan's quality.")


@strawberry.type(description="What was agreed on a loan.")
class Loan:
    principal: Money = strawberry.field(description="What was lent.")
    instalment: Money = strawberry.field(description="What a month takes off the principal.")
    term_months: int = strawberry.field(description="How many months it runs.")
    granted_on: date = strawberry.field(description="The day of the drawdown.")
    grade: Grade = strawberry.field(description="Its quality, by which loss is expected.")

    @classmethod
    def of(cls, terms: LoanTerms, currency: str) -> Self:
        return cls(
            principal=Money.of(terms.principal_minor, currency),
            instalment=Money.of(terms.instalment_minor, currency),
            term_months=terms.term_months,
            granted_on=terms.granted_on,
            grade=terms.grade,
        )


@strawberry.federation.type(keys=["id"], description="An account, in money.")
class Account:
    id: UUID = strawberry.field(description="Stable, and the same in every service.")

    @strawberry.field(
        description="The balance at the end of a day, by default the business date. "
        "Null while the account is unknown here."
    )
    async def balance(
        self, info: Info, on: date | None = None, as_of: AsOfArgument = None
    ) -> Money | None:
        loaders = info.context.loaders.at(moment(as_of))
        found = await loaders.accounts.balance_by_account_id.load((self.id, on))
        return Money.of(*found) if found else None

    @strawberry.field(
        description="The mean of the end-of-day balances from the first day of the first month "
        "through the last month's last day or the business date; rounded half away from zero. "
        "Null where no such day has come."
    )
    async def average_daily_balance(
        self, info: Info, from_: From, to: To, as_of: AsOfArgument = None
    ) -> Money | None:
        key = (self.id, period(from_, to))
        found = await info.context.loaders.at(moment(as_of)).accounts.average_by_account_id.load(
            key
        )
        return Money.of(*found) if found else None

    @strawberry.field(
        description=f"The balance at the end of each day; at most {LONGEST_DAYS} days."
    )
    async def daily_balances(
        self, info: Info, from_: FromDay, to: ToDay, as_of: AsOfArgument = None
    ) -> list[DailyBalance] | None:
        if to < from_ or (to - from_).days >= LONGEST_DAYS:
            raise PeriodInvalid(
                f"'to' must not be before 'from', nor {LONGEST_DAYS} days or more after it."
            )
        loaders = info.context.loaders.at(moment(as_of))
        account = await loaders.accounts.account_by_id.load(AccountId(self.id))
        if account is None or (as_of is not None and await loaders.policy() is None):
            return None
        opening, moves = await loaders.accounts.movements(account, from_, to)
        balances = daily(opening, moves, from_, to)
        return [
            DailyBalance(
                date=from_ + timedelta(number), balance=Money.of(balance, account.currency)
            )
            for number, balance in enumerate(balances)
        ]

    @strawberry.field(description="The loan's terms; null where the account is no loan.")
    async def loan(self, info: Info) -> Loan | None:
        account = await info.context.loaders.accounts.account_by_id.load(AccountId(self.id))
        return Loan.of(account.loan, account.currency) if account and account.loan else None

    @strawberry.field(description="What the account contributes to its owner's worth.")
    async def contribution(
        self, info: Info, from_: From, to: To, as_of: AsOfArgument = None
    ) -> Contribution | None:
        months, loaders = period(from_, to), info.context.loaders.at(moment(as_of))
        leaves = await loaders.accounts.leaves_by_account_id.load((self.id, months))
        policy = await loaders.policy()
        if leaves is None or policy is None:
            return None
        return Contribution.of(leaves, months, policy)

    @classmethod
    def resolve_reference(cls, info: Info, id: strawberry.ID) -> MaybeLater[Self]:  # noqa: A002  (the key's name)
        found = _uuid(id)
        return info.context.reached.account(found, cls(id=found)) if found else None


@strawberry.federation.type(keys=["id"], description="A customer, and what they are worth.")
class Customer:
    id: UUID = strawberry.field(description="Stable, and the same in every service.")

    @strawberry.field(
        description="What the customer contributes by all accounts, of joint ones by the part "
        "that the scheme gives them. Null while the customer is unknown here. Refused as "
        "RATES_MISSING, SCHEME_MISSING, LOAN_TERMS_MISSING, CURRENCY_NOT_PRICED or "
        "FX_RATES_MISSING where a month cannot be priced."
    )
    async def contribution(
        self, info: Info, from_: From, to: To, as_of: AsOfArgument = None
    ) -> Contribution | None:
        months, loaders = period(from_, to), info.context.loaders.at(moment(as_of))
        leaves = await loaders.customers.leaves_by_customer_id.load((self.id, months))
        policy = await loaders.policy()
        if leaves is None or policy is None:
            return None
        return Contribution.of(leaves, months, policy)

    @strawberry.field(
        description="The points that the customer earns by all accounts, of joint ones by the "
        "part that the scheme gives them. Null while the customer is unknown here. Refused as the "
        "contribution is."
    )
    async def points(self, info: Info, from_: From, to: To) -> Points | None:
        months = period(from_, to)
        leaves = await info.context.loaders.index.points_by_customer_id.load((self.id, months))
        policy = await info.context.loaders.policy()
        if leaves is None or policy is None:
            return None
        return Points.of(leaves, months, policy.currency)

    @strawberry.field(
        description="The composite index of a month, with its parts. Values are worked out now; "
        "what is compared with all customers is as last worked out. Null where the scheme has no "
        "index, the customer no account, or the month is yet to come. Refused as the contribution."
    )
    async def index(self, info: Info, month: YearMonth) -> CustomerIndex | None:
        key = (self.id, period(month, month))
        found = await info.context.loaders.index.index_by_customer_id.load(key)
        policy = await info.context.loaders.policy()
        if found is None or policy is None:
            return None
        return CustomerIndex.of(found, month, policy.currency)

    @strawberry.field(
        description="How the contribution comes about: the node at `path`, by default the total. "
        "Every node is the sum of its children. Null where there is no such node, or while the "
        "customer is unknown here; refused as contribution is."
    )
    async def explain(
        self, info: Info, from_: From, to: To, path: PathArgument = "", as_of: AsOfArgument = None
    ) -> ExplanationNode | None:
        months, loaders = period(from_, to), info.context.loaders.at(moment(as_of))
        leaves = await loaders.customers.leaves_by_customer_id.load((self.id, months))
        policy = await loaders.policy()
        if leaves is None or policy is None:
            return None
        return await Explained(leaves, policy, loaders).at(path)

    @strawberry.field(description="The tier held now; null before the first account.")
    async def tier(self, info: Info, as_of: AsOfArgument = None) -> Tier | None:
        loaders = info.context.loaders.at(moment(as_of))
        policy = await loaders.policy()
        found = await loaders.tiers.tiers_by_customer_id.load(CustomerId(self.id))
        held = held_on(found, policy.business_date) if policy else None
        return Tier.of(held, policy) if held and policy else None

    @strawberry.field(description="Every tier held, oldest first, each with its reason.")
    async def tier_history(self, info: Info, as_of: AsOfArgument = None) -> list[Tier] | None:
        loaders = info.context.loaders.at(moment(as_of))
        policy = await loaders.policy()
        if policy is None:
            return []
        found = await loaders.tiers.tiers_by_customer_id.load(CustomerId(self.id))
        return [Tier.of(one, policy) for one in until_day(found, policy.business_date)]

    @strawberry.field(
        description="The deposit deviation of the customer's accounts at a month's end, of joint "
        "ones of the part that the scheme gives them, in the bank's currency, as last worked out. "
        "Null of a month yet to come, or before any scheme."
    )
    async def deposit_deviation(
        self, info: Info, month: YearMonth, limit: Limit = STANDARD_LIMIT
    ) -> DepositDeviation | None:
        limit_ppm = ppm(limit, "limit")
        found = await info.context.loaders.customers.deviation_by_customer_id.load((self.id, month))
        policy = await info.context.loaders.policy()
        if found is None or policy is None:
            return None
        return DepositDeviation.of(month, found, policy.currency, limit_ppm)

    @classmethod
    def resolve_reference(cls, info: Info, id: strawberry.ID) -> MaybeLater[Self]:  # noqa: A002  (the key's name)
        found = _uuid(id)
        return info.context.reached.customer(found, cls(id=found)) if found else None
