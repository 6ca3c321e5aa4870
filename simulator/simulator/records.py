"""The rows of a block's accounts, holders, cards, consents, loans and postings."""

import numpy as np
import pyarrow as pa

from simulator import parties, text
from simulator.catalogue import CODES, GRADES
from simulator.contract import BOOKED, SCHEMAS
from simulator.history import Past
from simulator.holdings import Holdings, account_numbers, customer_numbers
from simulator.lending import BY_SCHEDULE
from simulator.manners import MANNERS
from simulator.movements import DAY_SECONDS, Ledger
from simulator.organisation import CURRENCY, Organisation
from simulator.people import FEN, VILLAGE, People
from simulator.span import Days, Floats, Integers, Span

CHANNELS = ("counter", "outlet", "phone", "self_service", "online", "mobile")
CONSENT_SHARES = (0.5, 0.4, 0.2, 0.22, 0.3, 0.42)
WITHDRAWN_SHARE = 0.06
CARD_SHARE, GOLD_FEN = 0.8, 200_000 * FEN
UTC_OFFSET_SECONDS = 8 * 3_600
SERIALS = 10_000_000
"""Postings that a block may have; the serial has seven digits."""


def accounts(held: Holdings, people: People, bank: Organisation) -> pa.Table:
    """Rows of the kind `accounts`."""
    owner = held.owner
    product = np.repeat(
        [CODES.index(lot.product) for lot in held.lots], [len(lot) for lot in held.lots]
    )
    columns = {
        "number": account_numbers(held.block, np.arange(len(held))),
        "product_code": text.chosen(CODES, product),
        "currency": text.constant(CURRENCY, len(held)),
        "branch_code": text.chosen([one.code for one in bank.serving], people.place[owner]),
        "opened_on": text.days(held.opened_on),
        "closed_on": text.days(held.closed_on),
    }
    return pa.table(columns, SCHEMAS["accounts"])


def holders(held: Holdings, people: People, family: Integers, boss: Integers) -> pa.Table:
    """Rows of the kind `account_holders`: owners, then spouses, then legal representatives."""
    joint = np.flatnonzero((family >= 0) & (held.account_of >= 0))
    firm = np.flatnonzero((boss >= 0) & (held.account_of >= 0))
    account = np.concatenate([np.arange(len(held)), held.account_of[joint], held.account_of[firm]])
    customer = np.concatenate([held.owner, family[joint], boss[firm]])
    role = np.repeat([0, 1, 2], [len(held), joint.size, firm.size])
    columns = {
        "account_number": account_numbers(held.block, account),
        "customer_number": customer_numbers(people.index[customer]),
        "role": text.chosen(("owner", "joint", "authorised"), role),
    }
    return pa.table(columns, SCHEMAS["account_holders"])


def cards(held: Holdings, people: People, until: Days, rng: np.random.Generator) -> pa.Table:
    """Rows of the kind `cards`: debit cards on the current accounts of persons."""
    lucky = rng.random(len(people)) < CARD_SHARE
    who = np.flatnonzero(lucky & ~people.enterprise & (held.account_of >= 0))
    age = (until[who] - people.since[who]).astype(np.int64)
    issued = until[who] - (rng.random(who.size) * (age + 1)).astype(np.int64)
    account = account_numbers(held.block, held.account_of[who])
    columns = {
        "reference": text.join("K", account),
        "account_number": account,
        "customer_number": customer_numbers(people.index[who]),
        "kind": text.where(people.wealth[who] > GOLD_FEN, "gold", "debit"),
        "issued_on": text.days(issued),
    }
    return pa.table(columns, SCHEMAS["cards"])


def consents(people: People, until: Days, rng: np.random.Generator) -> pa.Table:
    """Rows of the kind `consents`, channel by channel; the digital agree more by telephone."""
    shape = (len(people), len(CHANNELS))
    chance: Floats = np.array(CONSENT_SHARES) * (0.8 + 0.4 * people.digital[:, None])
    given = (rng.random(shape) < chance) & ~people.contact[:, None]
    known = (until - people.since).astype(np.int64)[:, None]
    on = (rng.random(shape) * (known + 1)).astype(np.int64)
    later = (rng.random(shape) * (on + 1)).astype(np.int64)
    withdrawn = rng.random(shape) < WITHDRAWN_SHARE
    who, channel = np.nonzero(given)
    end = until[who] - later[who, channel]
    columns = {
        "customer_number": customer_numbers(people.index[who]),
        "purpose": text.constant("marketing", who.size),
        "channel": text.chosen(CHANNELS, channel),
        "given_on": text.days(until[who] - on[who, channel]),
        "withdrawn_on": text.days(
            np.where(withdrawn[who, channel], end, np.datetime64("NaT", "D"))
        ),
    }
    return pa.table(columns, SCHEMAS["consents"])


def loans(past: Past, held: Holdings) -> pa.Table:
    """Rows of the kind `loans`, paid from the owner's current account."""
    parts = []
    for product, agreed in past.terms.items():
        lot = agreed.lot
        columns = {
            "account_number": account_numbers(held.block, lot.account),
            "settlement_account_number": account_numbers(held.block, held.account_of[lot.owner]),
            "principal_minor": lot.amount,
            "granted_on": text.days(lot.opened),
            "term_months": lot.term,
            "instalment_minor": agreed.instalment,
            "grade": text.chosen(GRADES, agreed.grade),
            "balance_basis": text.constant(
                "schedule" if product == BY_SCHEDULE else "postings", len(lot)
            ),
        }
        parts.append(pa.table(columns, SCHEMAS["loans"]))
    return pa.concat_tables(parts)


def postings(ledger: Ledger, held: Holdings, when: Span) -> pa.Table:
    """Rows of the kind `postings`; words that repeat are kept once."""
    count = len(ledger)
    first = int(when.first.astype("datetime64[D]").astype(np.int64))
    days = np.arange(when.days) + when.first
    stamp = np.char.replace(np.datetime_as_string(days), "-", "").astype(np.int64)
    serial = stamp[ledger.day] * 10**11 + held.block * SERIALS + np.arange(count)
    seconds = (first + ledger.day) * DAY_SECONDS + ledger.second - UTC_OFFSET_SECONDS
    numbers = account_numbers(held.block, np.arange(len(held)))
    channel, kind, purpose = _words()
    columns = {
        "id": pa.array(serial).cast(pa.string()),
        "account_number": text.coded(numbers, ledger.account),
        "amount_minor": ledger.amount,
        "currency": text.coded(pa.array([CURRENCY]), np.zeros(count, dtype=np.int64)),
        "value_date": pa.array((first + ledger.day).astype(np.int32)).cast(pa.date32()),
        "booked_at": pa.array(seconds).cast(BOOKED),
        "channel": text.coded(pa.array(channel[0]), channel[1][ledger.manner]),
        "kind": text.coded(pa.array(kind[0]), kind[1][ledger.manner]),
        "purpose": text.coded(pa.array(purpose[0]), purpose[1][ledger.manner], 0),
        "counterparty": text.coded(parties.names(held), ledger.party, parties.NOBODY),
    }
    return pa.table(columns)


def _words() -> list[tuple[list[str], Integers]]:
    """List the different words of the manners, and each manner's place among them."""
    found = []
    for field in ("channel", "kind", "purpose"):
        words = [getattr(manner, field) for manner in MANNERS]
        different = sorted({*words, ""} if field == "purpose" else set(words))
        places = np.array([different.index(word) for word in words], dtype=np.int64)
        found.append((different, places))
    return found


def relatives(people: People, rng: np.random.Generator) -> tuple[Integers, Integers]:
    """Find who holds a spouse's account too, and who represents each firm; -1 for nobody."""
    count = len(people)
    real = ~people.duplicate & ~people.contact & (people.segment < VILLAGE)
    spouse = np.full(count + 1, -1)
    wives = np.flatnonzero(real & (people.role == 1))
    spouse[people.household[wives]] = wives
    joint = np.full(count, -1)
    heads = np.flatnonzero(
        real & (people.role == 0) & (rng.random(count) < 0.15)  # noqa: PLR2004 - share of joint accounts
    )
    joint[heads] = spouse[people.household[heads]]
    boss = np.full(count, -1)
    adults = np.flatnonzero(real & (people.role == 0))
    firms = np.flatnonzero(people.enterprise)
    if adults.size:
        boss[firms] = adults[rng.integers(adults.size, size=firms.size)]
    return joint, boss
