"""What comes in: wages, pensions, subsidies, harvests, allowances, takings of shops and firms."""

import numpy as np

from simulator import manners, parties
from simulator.calendar_days import (
    drawn,
    festive,
    on_workday,
    shopping_days,
    shopping_season,
    working_days,
)
from simulator.people import (
    FARMER,
    FEN,
    MIGRANT,
    PENSIONER,
    PUBLIC,
    SALARIED,
    SHOP,
    SME,
    STUDENT,
    VILLAGE,
)
from simulator.scene import Scene
from simulator.span import Flags, Floats, Integers

HARVEST_SHARES = {6: 0.2, 9: 0.1, 10: 0.3, 11: 0.25, 12: 0.15}
SUBSIDY_MONTHS, SUBSIDY_DAY = (4, 9), 14
TERM_MONTHS = (3, 9)
RECEIPTS_A_MONTH = {SHOP: 9.0, VILLAGE: 5.0, SME: 9.0}


def earn(scene: Scene) -> None:
    """Pay everyone what the month brings."""
    people, traits, here, rng = scene.people, scene.traits, scene.here, scene.rng
    segment = people.segment
    wages = here & ((segment == SALARIED) | (segment == MIGRANT)) & (traits.income > 0)
    _regular(scene, np.flatnonzero(wages), manners.SALARY, 0.03)
    pension = here & (segment == PENSIONER) & (traits.income > 0)
    _regular(scene, np.flatnonzero(pension), manners.PENSION, 0.0)
    _farm(scene, here & (segment == FARMER))
    _study(scene, here & (segment == STUDENT))
    for who, rate in RECEIPTS_A_MONTH.items():
        chosen = np.flatnonzero(here & (segment == who) & (traits.income > 0))
        _takings(scene, chosen, rate * scene.living[chosen])
    public = np.flatnonzero(here & (segment == PUBLIC))
    budget = (traits.income[public] * rng.uniform(0.9, 1.1, public.size)).astype(np.int64)
    _credit(scene, public, budget, 4, manners.BUDGET, parties.elsewhere(public * 0 + 1))


def remit(scene: Scene) -> None:
    """Let migrants send money home, a few days after the wage; more before the Spring Festival."""
    people, traits, till, month, rng = (
        scene.people, scene.traits, scene.till, scene.month, scene.rng,
    )  # fmt: skip
    sends = scene.here & (traits.family >= 0)
    sends &= scene.here[traits.family]
    who = np.flatnonzero(sends & (rng.random(len(people)) < 0.85))  # noqa: PLR2004 - not every month
    share = rng.uniform(0.25, 0.55, who.size) * (1.4 if festive(month) else 1.0)
    wanted = _rounded(np.minimum(traits.income[who] * share, till.left[who] * 0.7), 100)
    day = np.minimum(traits.payday[who] + rng.integers(1, 6, who.size), month.whole - 1)
    family = traits.family[who]
    sent = till.debit(
        who, wanted, month.offset + day, manners.REMITTED, parties.own(till.account[family])
    )
    till.credit(family, sent, month.offset + day, manners.RECEIVED, parties.own(till.account[who]))


def _regular(scene: Scene, who: Integers, manner: int, spread: float) -> None:
    """Pay what comes every month on the customer's day, at a weekend the Friday before."""
    traits, month, rng = scene.traits, scene.month, scene.rng
    amount = traits.income[who] * (1 + spread * rng.standard_normal(who.size))
    if month.month == 1 and manner == manners.SALARY:
        amount = amount * np.where(rng.random(who.size) < 0.5, 1.8, 1.0)  # noqa: PLR2004 - a bonus at the year's end
    day = on_workday(month, traits.payday[who])
    whole = _rounded(amount, 1) if manner == manners.SALARY else _rounded(amount, 10)
    _credit(scene, who, whole, day, manner, parties.elsewhere(who // 9))


def _farm(scene: Scene, here: Flags) -> None:
    people, traits, month, rng = scene.people, scene.traits, scene.month, scene.rng
    share = HARVEST_SHARES.get(month.month, 0.0)
    sells = np.flatnonzero(here & (rng.random(len(people)) < 0.8) & (share > 0))  # noqa: PLR2004 - who sells
    amount = traits.income[sells] * 12 * share * rng.lognormal(0, 0.35, sells.size)
    cash = rng.random(sells.size) > people.digital[sells]
    day = drawn(working_days(month), sells.size, rng)
    manner = np.where(cash, manners.HARVEST_CASH, manners.HARVEST)
    party = np.where(cash, parties.NOBODY, parties.elsewhere(people.place[sells]))
    _credit(scene, sells, _rounded(amount, 10), day, manner, party)
    if month.month in SUBSIDY_MONTHS:
        gets = np.flatnonzero(here)
        acres = _rounded(rng.uniform(150, 900, gets.size) * FEN, 1)
        _credit(scene, gets, acres, SUBSIDY_DAY, manners.SUBSIDY, 0)


def _study(scene: Scene, here: Flags) -> None:
    traits, month, rng = scene.traits, scene.month, scene.rng
    who = np.flatnonzero(here & (rng.random(here.size) < 0.9))  # noqa: PLR2004 - parents forget
    amount = traits.income[who] * (3.0 if month.month in TERM_MONTHS else 1.0)
    day = np.minimum(traits.payday[who] // 2, month.whole - 1)
    _credit(scene, who, _rounded(amount, 50), day, manners.ALLOWANCE, 0)


def _takings(scene: Scene, who: Integers, rate: Floats) -> None:
    """Split what is taken in the month over the days on which it comes."""
    people, traits, till, month, rng = (
        scene.people, scene.traits, scene.till, scene.month, scene.rng,
    )  # fmt: skip
    count = rng.poisson(rate)
    at = np.repeat(np.arange(who.size), count)
    weight = rng.exponential(1.0, at.size)
    sums = np.bincount(at, weight, who.size)
    season = shopping_season(month)
    total = traits.income[who] * season * rng.lognormal(0, 0.15, who.size)
    amount = (total[at] * weight / sums[at]).astype(np.int64)
    shop = people.segment[who[at]] == SHOP
    cash = rng.random(at.size) < 0.12  # noqa: PLR2004 - takings brought to the counter
    manner = np.where(cash, manners.CASH_IN, np.where(shop, manners.RECEIPT, manners.REVENUE))
    amount = np.where(cash, amount // (10 * FEN) * (10 * FEN), amount)
    days = shopping_days(month) if shop.any() else working_days(month)
    day = drawn(days, at.size, rng)
    payer = parties.elsewhere(who[at] * 5 + rng.integers(0, 12, at.size))
    kept = day < month.days
    till.moved.add(
        till.account[who[at]], amount, month.offset + day, manner, np.where(cash, 0, payer)
    )
    till.balance[who] += np.bincount(at[kept], amount[kept], who.size).astype(np.int64)


def _credit(  # noqa: PLR0913, PLR0917 - one payment
    scene: Scene,
    who: Integers,
    amount: Integers,
    day: Integers | int,
    manner: Integers | int,
    party: Integers | int,
) -> None:
    """Pay in, unless the business day ends before."""
    month = scene.month
    due = np.broadcast_to(np.asarray(day, dtype=np.int64), who.shape)
    scene.till.credit(who, np.where(due < month.days, amount, 0), month.offset + due, manner, party)


def _rounded(amount: Floats, yuan: int) -> Integers:
    unit = yuan * FEN
    whole: Integers = (amount / unit).astype(np.int64) * unit
    return np.maximum(whole, 0)
