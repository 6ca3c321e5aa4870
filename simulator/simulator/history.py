"""The history of a block's money: month by month what comes, goes, grows, falls due and leaves."""

from dataclasses import dataclass

import numpy as np

from simulator import earning, manners, spending
from simulator.catalogue import CUSTOMER_PPM
from simulator.holdings import Holdings
from simulator.lending import Lending, Terms
from simulator.movements import Ledger, Movements
from simulator.organisation import Organisation
from simulator.people import FEN, People
from simulator.saving import Savings
from simulator.scene import Scene
from simulator.span import Flags, Floats, Integers, Month, Span
from simulator.till import Till
from simulator.trading import Trading
from simulator.traits import Traits, vigour

QUARTER_ENDS = (3, 6, 9, 12)
INTEREST_DAY = 20
FEE_DAY = 16
CARD_FEE, ONLINE_FEE, TRANSFER_FEE = 10 * FEN, 20 * FEN, 30 * FEN
CLOSES = 0.8
MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Past:
    """What happened: every movement in the order of booking, and the terms of the loans."""

    ledger: Ledger
    terms: dict[str, Terms]


def tell(  # noqa: PLR0913, PLR0917 - all that a history follows from
    people: People, held: Holdings, traits: Traits, bank: Organisation, when: Span,
    rng: np.random.Generator,
) -> Past:  # fmt: skip
    """Live through the months; sets the closing days of the accounts in `held`."""
    moved = Movements(when.days - 1)
    till = Till(held, _standing(people, held, traits), when, moved)
    old = np.flatnonzero(till.balance)
    moved.add(held.account_of[old], till.balance[old], 0, manners.OPENING)
    savings, lending = Savings(held, till, when), Lending(held, till, when, rng)
    trading = Trading(people, held, bank, till, when)
    target = _target(people, held, traits)
    for month in when.months:
        there = till.begin(month)
        _open_current(held, till, month, when)
        living = vigour(traits, month.offset) * there
        scene = Scene(people, held, traits, till, month, living, target, rng)
        here = scene.here
        trading.undress(month, here, rng)
        lending.collect(month)
        _fees(people, till, month, here)
        _interest(till, month, here)
        earning.remit(scene)
        spending.bills(scene)
        spending.feast(scene)
        savings.sweep(month, here, rng)
        trading.guarantee(month, here, rng)
        spending.spend(scene)
        earning.earn(scene)
        stays = here & (traits.churn >= month.offset + month.days)
        savings.mature(month, target, traits.churn, rng)
        savings.invest(month, stays, rng)
        savings.insure(month, stays)
        savings.share_out(month, stays)
        trading.exchange(month, here, rng)
        trading.dress(month, stays, rng)
        savings.place(month)
        lending.lend(month, rng)
        _leave(scene, savings, when)
    return Past(moved.ledger(rng), lending.terms)


def _target(people: People, held: Holdings, traits: Traits) -> Floats:
    """Give what a customer keeps on the current account: the balance of old, and some income."""
    kept = held.balance.astype(np.float64)
    target: Floats = np.where(people.dormant, kept, kept + traits.income * 0.15)
    return target


def _standing(people: People, held: Holdings, traits: Traits) -> Integers:
    """Give what a current account holds in the long run; the history begins as it goes on."""
    usual = np.maximum(held.balance + traits.income * 0.3, traits.income * 1.05)
    return np.where(people.dormant, held.balance, usual).astype(np.int64)


def _open_current(held: Holdings, till: Till, month: Month, when: Span) -> None:
    opened = np.where(held.account_of >= 0, when.offset(held.opened), -1)
    who = np.flatnonzero((opened >= month.offset) & (opened < month.offset + month.days))
    till.credit(who, held.balance[who], opened[who], manners.FIRST_DEPOSIT)


def _fees(people: People, till: Till, month: Month, here: Flags) -> None:
    """Charge the yearly card fee in a month of each one's own, firms every month."""
    if month.days <= FEE_DAY:
        return
    day = month.offset + FEE_DAY
    mine = (people.index * 7 + 3) % 12 == month.month - 1
    rich = till.left > 100 * FEN
    cards = np.flatnonzero(here & rich & mine & ~people.enterprise)
    till.debit(cards, np.full(cards.size, CARD_FEE), day, manners.CARD_FEE)
    firms = np.flatnonzero(here & rich & people.enterprise)
    till.debit(firms, np.full(firms.size, ONLINE_FEE), day, manners.ONLINE_FEE)
    till.debit(firms, np.full(firms.size, TRANSFER_FEE), day, manners.TRANSFER_FEE)


def _interest(till: Till, month: Month, here: Flags) -> None:
    """Pay a quarter's interest on what stood there when the month began."""
    if month.month not in QUARTER_ENDS or month.days <= INTEREST_DAY:
        return
    who = np.flatnonzero(here)
    paid = np.maximum(till.left[who], 0) * CUSTOMER_PPM["demand_deposit"] // MILLION // 4
    till.credit(who, paid, month.offset + INTEREST_DAY, manners.INTEREST)


def _leave(scene: Scene, savings: Savings, when: Span) -> None:
    """Let those who leave this month take everything with them; some close what they held."""
    held, traits, till, month = scene.held, scene.traits, scene.till, scene.month
    ends = month.offset + month.days
    gone = (traits.churn >= month.offset) & (traits.churn < ends) & (held.account_of >= 0)
    who = np.flatnonzero(gone & till.there(np.arange(gone.size), traits.churn))
    day = traits.churn[who]
    savings.leave(who, day)
    _empty(till, who, month, when)
    closing = np.zeros(gone.size, dtype=np.bool_)
    closing[who] = (who * 7_919) % 100 < CLOSES * 100
    for lot in held.lots:
        on = when.first + np.full(len(lot), ends - 1)
        shut = closing[lot.owner] & np.isnat(lot.closed) & (lot.opened <= on)
        lot.closed[shut] = on[shut]


def _empty(till: Till, who: Integers, month: Month, when: Span) -> None:
    """Take the whole balance at the end of the last day of the month; nothing comes after it."""
    last = min(month.offset + month.days, when.days) - 1
    till.moved.add(till.account[who], -till.balance[who], last, manners.EMPTIED)
    till.left[who] = 0
    till.balance[who] = 0
