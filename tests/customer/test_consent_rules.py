"""Consent: the newest word counts, in whatever order the words arrive."""

from datetime import date, timedelta
from itertools import permutations
from uuid import UUID

import pytest
from customer.domain.consent import Consent, ConsentWord, fit_consent, give, withdraw
from customer.domain.ids import CustomerId
from customer.domain.problems import ConsentAlreadyGiven, ConsentNotGiven, WithdrawnBeforeGiven
from customer.domain.vocabulary import Channel, Purpose
from hypothesis import given
from hypothesis import strategies as st

SOMEONE = CustomerId(UUID(int=1))
KEY = (SOMEONE, Purpose.MARKETING, Channel.PHONE)
DAY = date(2026, 3, 10)


def consent(given_on=DAY, withdrawn_on=None):
    return Consent(
        customer_id=SOMEONE,
        purpose=Purpose.MARKETING,
        channel=Channel.PHONE,
        given_on=given_on,
        withdrawn_on=withdrawn_on,
    )


def told(held, said):
    return fit_consent(held, ConsentWord(consent=said, customer_number="1"), {SOMEONE})


days = st.integers(0, 4).map(lambda n: DAY + timedelta(days=n))


@st.composite
def consents(draw):
    begins = draw(days)
    ends = draw(st.none() | st.integers(0, 4).map(lambda n: begins + timedelta(days=n)))
    return consent(begins, ends)


@given(st.lists(consents(), min_size=1, max_size=4))
def test_the_order_of_the_words_does_not_matter(words):
    ends = set()
    for order in permutations(words):
        held = None
        for word in order:
            held = told(held, word)
        ends.add(held)
    assert len(ends) == 1


def test_a_file_from_before_a_withdrawal_does_not_bring_the_consent_back():
    held = withdraw(consent(DAY), KEY, DAY + timedelta(days=3))
    assert told(held, consent(DAY)) == held
    assert not held.given


def test_a_consent_given_after_the_withdrawal_counts():
    held = consent(DAY, DAY + timedelta(days=1))
    again = consent(DAY + timedelta(days=2))
    assert told(held, again) == again


def test_of_two_words_on_one_day_the_withdrawal_counts():
    assert told(consent(DAY), consent(DAY, DAY)) == consent(DAY, DAY)
    assert told(consent(DAY, DAY), consent(DAY)) == consent(DAY, DAY)


def test_refuses_a_withdrawal_from_before_the_consent():
    with pytest.raises(WithdrawnBeforeGiven):
        told(None, consent(DAY, DAY - timedelta(days=1)))


def test_gives_withdraws_and_gives_again():
    first = give(None, KEY, DAY)
    assert (first.given, first.given_on) == (True, DAY)
    gone = withdraw(first, KEY, DAY)
    assert (gone.given, gone.withdrawn_on) == (False, DAY)
    assert give(gone, KEY, DAY).given


def test_refuses_to_give_or_withdraw_twice():
    with pytest.raises(ConsentAlreadyGiven):
        give(consent(), KEY, DAY)
    with pytest.raises(ConsentNotGiven):
        withdraw(None, KEY, DAY)
    with pytest.raises(ConsentNotGiven):
        withdraw(consent(DAY, DAY), KEY, DAY)
