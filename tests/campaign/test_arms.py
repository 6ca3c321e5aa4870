"""Who is held out, and what the arms tell: fixed vectors and known answers."""

import hashlib
from uuid import UUID

import pytest
from campaign.domain.arms import Arm, arm, offer_id
from campaign.domain.measure import lift, split
from campaign.domain.money import minor

CAMPAIGN = UUID("6f9619ff-8b86-d011-b42d-00c04fc964ff")


def fraction(salt: str, customer: UUID) -> float:
    return int(hashlib.sha256(f"{salt}:{CAMPAIGN}:{customer}".encode()).hexdigest(), 16) / 2**256


def test_the_arm_is_the_digest_compared_with_the_share():
    people = [UUID(int=n) for n in range(20_000)]
    arms = [arm("s", CAMPAIGN, one, 100_000) for one in people]
    assert arms == [Arm.HELD_OUT if fraction("s", one) < 0.1 else Arm.TREATED for one in people]
    assert arms.count(Arm.HELD_OUT) == 2007


def test_nobody_is_held_out_of_nothing_and_another_salt_draws_again():
    people = [UUID(int=n) for n in range(1000)]
    assert {arm("s", CAMPAIGN, one, 0) for one in people} == {Arm.TREATED}
    one, other = ([arm(salt, CAMPAIGN, p, 500_000) for p in people] for salt in ("s", "t"))
    assert sum(a != b for a, b in zip(one, other, strict=True)) > 400


def test_an_offer_has_one_id_for_ever():
    assert offer_id(CAMPAIGN, UUID(int=7)) == UUID("b67cb78e-44c7-5874-8335-a84d317b30a1")


def test_a_fair_split_is_not_suspicious_and_an_unfair_one_is():
    fair = split(treated=9000, held_out=1000, hold_out_ppm=100_000)
    assert (fair.expected_held_out, fair.p_value, fair.suspicious) == (1000.0, 1.0, False)
    unfair = split(treated=9120, held_out=880, hold_out_ppm=100_000)
    assert unfair.p_value == pytest.approx(6.334e-05, rel=1e-3)
    assert unfair.suspicious
    assert split(treated=5, held_out=0, hold_out_ppm=0) is None
    assert split(treated=0, held_out=0, hold_out_ppm=100_000) is None


def test_lift_has_the_interval_of_two_proportions():
    found = lift(treated=1000, held_out=500, took_treated=120, took_held_out=40)
    assert (found.treated_rate, found.held_out_rate) == (0.12, 0.08)
    assert found.difference == pytest.approx(0.04)
    assert found.low == pytest.approx(0.04 - 1.959964 * 0.0158997, abs=1e-6)
    assert found.high == pytest.approx(0.04 + 1.959964 * 0.0158997, abs=1e-6)
    assert lift(treated=10, held_out=0, took_treated=1, took_held_out=0) is None


@pytest.mark.parametrize(
    ("written", "currency", "units"),
    [("15", "CZK", 1500), ("-0.05", "CZK", -5), ("15", "JPY", 15), ("1.234", "KWD", 1234)],
)
def test_money_becomes_minor_units_exactly(written, currency, units):
    assert minor(written, currency) == units


@pytest.mark.parametrize(
    ("written", "currency"), [("1.5", "JPY"), ("", "CZK"), ("1,5", "CZK"), ("٣", "CZK")]
)
def test_what_is_no_exact_amount_is_refused(written, currency):
    with pytest.raises(ValueError):
        minor(written, currency)
