"""Each rule pack gives what its rules give by hand."""

from datetime import date
from uuid import UUID

import pytest
from scoring.domain.ladder import BALANCE_LINES, Metric
from scoring.domain.ladder_document import ladder_of
from scoring.domain.line import Line, View
from scoring.domain.measures import Measures, cuts_of, ranked
from scoring.domain.months import days_in, last_day, plus
from scoring.domain.packs import spelled_out
from scoring.domain.reading import Fields, Findings, Unreadable
from scoring.domain.tier_states import Status
from scoring.domain.tiers import states
from scoring.store.packs import packs

JANUARY = date(2024, 1, 1)
YUAN = 100


def pack(name, **changes):
    document = spelled_out({"tiers": {"pack": name, **changes}}, packs())
    findings = Findings()
    ladder = ladder_of(Fields.at(document["tiers"], "tiers", findings), 1)
    findings.settle()
    return ladder


def by_month(ladder, measures, months):
    found = states(measures, JANUARY, plus(JANUARY, months - 1), lambda _: ladder)
    marks = {Status.HELD: "", Status.WATCH: "?", Status.GRACE: "+"}
    return [f"{held.step.code}{marks[held.status]}" for _, held in found if held]


def assets(*yuan):
    """Return months whose balance-days over 30 are these amounts."""
    months = {plus(JANUARY, n): value * YUAN * 30 for n, value in enumerate(yuan)}
    last = last_day(plus(JANUARY, len(yuan) - 1))
    return Measures(business_date=last, since=JANUARY, balance_days={Line.DEPOSIT: months})


G, P = 50_000, 200_000
CCB = [
    # a new customer at once; a rise at once; less keeps the tier
    ((G, P, G, G), "GOLD PLATINUM PLATINUM PLATINUM"),
    # three months below: watched from the fourth
    ((P, 1, 1, 1, 1), "PLATINUM PLATINUM PLATINUM PLATINUM PLATINUM?"),
    # back at the threshold in the third month: the count begins anew
    ((P, 1, 1, P, 1, 1, 1, 1), "PLATINUM " * 7 + "PLATINUM?"),
    # back at the threshold under watch: lifted in that very month
    ((P, 1, 1, 1, P, 1, 1, 1, 1), "PLATINUM " * 8 + "PLATINUM?"),
    # three months of watch: from the fourth the tier of the best of the last six months
    (
        (P, G, 1, 1, 1, 1, 1, 1),
        "PLATINUM PLATINUM PLATINUM PLATINUM PLATINUM? PLATINUM? PLATINUM? GOLD",
    ),
    (
        (P, P - 1, 1, 1, 1, 1, G - 1, 1),
        "PLATINUM PLATINUM PLATINUM PLATINUM PLATINUM? PLATINUM? PLATINUM? GOLD",
    ),
    (
        (P, G - 1, 1, 1, 1, 1, 1, 1),
        "PLATINUM PLATINUM PLATINUM PLATINUM PLATINUM? PLATINUM? PLATINUM? BASIC",
    ),
    # under watch somebody may still rise
    ((G, 1, 1, 1, 1, P, P), "GOLD GOLD GOLD GOLD GOLD? PLATINUM PLATINUM"),
    # fallen, the count begins anew on the lower step
    (
        (P, G, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1),
        "PLATINUM " * 4 + "PLATINUM? " * 3 + "GOLD GOLD GOLD GOLD? GOLD? GOLD? BASIC",
    ),
]


@pytest.mark.parametrize(("months", "expected"), CCB)
def test_the_watch_of_ccb(months, expected):
    assert by_month(pack("ccb_watch"), assets(*months), len(months)) == expected.split()


def test_the_watch_of_ccb_divides_every_month_by_thirty_days():
    ladder = pack("ccb_watch")
    days = {JANUARY: P * YUAN * 30 - 1}
    short = Measures(
        business_date=last_day(JANUARY), since=JANUARY, balance_days={Line.DEPOSIT: days}
    )
    assert short.amount(ladder, JANUARY) == P * YUAN
    # 193,549 yuan through 31 days come to 200,000.63 over 30
    held = {Line.DEPOSIT: {JANUARY: 193_549 * YUAN * 31}}
    whole = Measures(business_date=last_day(JANUARY), since=JANUARY, balance_days=held)
    assert whole.amount(ladder, JANUARY) == 20_000_063
    assert by_month(ladder, whole, 1) == ["PLATINUM"]


def test_assets_are_what_the_customer_keeps_and_no_loan():
    assert pack("ccb_watch").measure.lines == frozenset(BALANCE_LINES)


def quarters(*yuan):
    """Return months through which these balances stood."""
    months = {plus(JANUARY, n): v * YUAN * days_in(plus(JANUARY, n)) for n, v in enumerate(yuan)}
    last = last_day(plus(JANUARY, len(yuan) - 1))
    return Measures(business_date=last, since=JANUARY, balance_days={Line.DEPOSIT: months})


def test_five_tiers_by_the_average_of_the_quarter():
    ladder = pack("ganyu_quarterly")
    assert [step.at_least_minor // YUAN for step in ladder.steps] == [
        0, 10_000, 50_000, 200_000, 500_000,
    ]  # fmt: skip
    # Jan-Mar 91 days: (31 x 60,000 + 29 x 30,000 + 31 x 60,000) / 91 = 50,439.56
    # Apr-Jun 91 days: (30 x 9,999 + 31 x 9,999 + 30 x 10,001) / 91 = 9,999.66
    # Jul-Sep 92 days: 500,000 on every day
    balances = [60_000, 30_000, 60_000, 9_999, 9_999, 10_001, *[500_000] * 3, 0]
    measures = quarters(*balances)
    assert measures.amount(ladder, date(2024, 3, 1)) == 5_043_956
    assert measures.amount(ladder, date(2024, 6, 1)) == 999_966
    assert by_month(ladder, measures, 10) == (
        ["TWO_STAR"] * 3 + ["TWO_STAR"] * 3 + ["ORDINARY"] * 3 + ["FOUR_STAR"]
    )


def contributed(places, cuts=None, **months):
    """Return a customer with these places, who contributed so much in these months."""
    return Measures(
        business_date=last_day(date(2025, 1, 1)),
        since=JANUARY,
        contribution={View.GROSS: {date(2024, int(m[1:]), 1): v for m, v in months.items()}},
        places=places,
        cuts=cuts or {},
    )


def test_the_best_five_percent_the_next_fifteen_and_the_rest_twice_a_year():
    ladder = pack("sangzhi_rank")
    assert [step.top_ppm for step in ladder.steps] == [1_000_000, 200_000, 50_000]
    # of 40 customers 2 are key, the next 6 important, the other 32 general
    june, december = date(2024, 6, 1), date(2024, 12, 1)
    ids = [UUID(int=n) for n in range(1, 41)]
    first = ranked(ladder, {one: -n for n, one in enumerate(ids)})
    assert [first[one].code for one in ids] == (["KEY"] * 2 + ["IMPORTANT"] * 6 + ["GENERAL"] * 32)
    second = ranked(ladder, {one: n for n, one in enumerate(ids)})
    best = contributed({june: first[ids[0]], december: second[ids[0]]})
    assert by_month(ladder, best, 13) == ["GENERAL"] * 6 + ["KEY"] * 6 + ["GENERAL"]
    # equals: the lower id stands first
    tied = ranked(ladder, dict.fromkeys(ids, 7))
    assert [tied[one].code for one in (ids[1], ids[2], ids[7], ids[8])] == [
        "KEY", "IMPORTANT", "IMPORTANT", "GENERAL",
    ]  # fmt: skip
    # who came in July takes the step of those who had contributed no more by June
    cuts = {june: cuts_of(first.values())}
    assert cuts == {june: {"KEY": -1, "IMPORTANT": -7, "GENERAL": -39}}
    for amount, code in ((0, "KEY"), (-2, "IMPORTANT"), (-8, "GENERAL"), (-99, "GENERAL")):
        newcomer = contributed({}, cuts, m7=amount)
        found = states(newcomer, date(2024, 7, 1), date(2024, 12, 1), lambda _: ladder)
        assert {held.step.code for _, held in found if held} == {code}


def points(*each):
    """Return months that earned these points."""
    months = {plus(JANUARY, n): value for n, value in enumerate(each)}
    last = last_day(plus(JANUARY, len(each) - 1))
    return Measures(business_date=last, since=JANUARY, points=months)


ICBC = [(0, "TWO"), (49, "TWO"), (50, "THREE"), (499, "THREE"), (500, "FOUR"), (1_999, "FOUR"),
        (2_000, "FIVE"), (9_999, "FIVE"), (10_000, "SIX"), (79_999, "SIX"), (80_000, "SEVEN")]  # fmt: skip


@pytest.mark.parametrize(("earned", "stars"), ICBC)
def test_stars_begin_with_their_points(earned, stars):
    [first] = by_month(pack("icbc_points"), points(earned), 1)
    assert first == f"{stars}_STAR"


def test_stars_are_given_on_fixed_days_and_lost_after_a_buffer():
    ladder = pack("icbc_points")
    five, four = ["FIVE_STAR"], ["FOUR_STAR"]
    # 2,000 a month until June; 600 in the second half: below on 31 December, through a buffer
    # until 30 June, and 600 again: four stars from 1 July
    falling = points(*[2_000] * 6, *[600] * 13)
    assert by_month(ladder, falling, 19) == five * 12 + ["FIVE_STAR?"] * 6 + four
    # 2,000 a month again from January 2025 on: the buffer ends without a loss
    back = points(*[2_000] * 6, *[600] * 6, *[2_000] * 7)
    assert by_month(ladder, back, 19) == five * 12 + ["FIVE_STAR?"] * 6 + five
    # between the days nothing moves: six months make (5 x 600 + 9,000) / 6 = 2,000 by 30 June
    rising = points(*[600] * 5, 9_000, 600)
    assert by_month(ladder, rising, 7) == four * 6 + five
    # one point less than that
    short = points(*[600] * 5, 8_996, 600)
    assert short.amount(ladder, date(2024, 6, 1)) == 1_999
    assert by_month(ladder, short, 7) == four * 7


def scores(*each):
    """Return months of this index, in points of a hundred."""
    months = {plus(JANUARY, n): value * 100_000 for n, value in enumerate(each)}
    last = last_day(plus(JANUARY, len(each) - 1))
    return Measures(business_date=last, since=JANUARY, scores=months)


def test_five_tiers_by_the_index_with_room_below_each():
    ladder = pack("composite_index")
    assert [step.at_least_minor // 100_000 for step in ladder.steps] == [0, 20, 40, 60, 80]
    # 60 at once; 56 keeps it; 55 twice, by 30 June and by 31 December, loses it
    assert by_month(ladder, scores(60, *[60] * 5, *[56] * 6, 56), 13) == ["GOLD"] * 13
    falling = scores(*[60] * 6, *[55] * 12, 55)
    assert by_month(ladder, falling, 19) == ["GOLD"] * 18 + ["SILVER"]
    # in between a rise counts at once: (3 x 40 + 60 + 100 + 100) / 6 = 63.33
    assert by_month(ladder, scores(40, 40, 40, 60, 100, 100), 6) == [
        "SILVER", "SILVER", "SILVER", "SILVER", "SILVER", "GOLD",
    ]  # fmt: skip


def test_a_field_beside_the_packs_name_takes_the_place_of_the_packs():
    steps = [{"code": "ALL", "name": "All", "at_least_minor": 0}]
    ladder = pack("ccb_watch", ladder=steps)
    assert [step.code for step in ladder.steps] == ["ALL"]
    assert ladder.moves == pack("ccb_watch").moves
    assert ladder.measure.metric is Metric.AVERAGE_BALANCE


@pytest.mark.parametrize("name", ["gold_rush", 7, ["ccb_watch"]])
def test_a_pack_that_is_not_there_is_refused_with_those_that_are(name):
    with pytest.raises(
        Unreadable, match=r"tiers\.pack: must be one of ccb_watch, composite_index, ganyu_quarterly"
    ):
        spelled_out({"tiers": {"pack": name}}, packs())


@pytest.mark.parametrize("document", [{}, {"tiers": None}, {"tiers": {"window_months": 3}}])
def test_a_document_without_a_pack_stays_as_it_is(document):
    assert spelled_out(document, packs()) is document
