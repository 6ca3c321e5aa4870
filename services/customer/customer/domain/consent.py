"""What a customer has agreed to, purpose by purpose and channel by channel."""

from collections.abc import Container
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeAlias

from customer.domain.ids import CustomerId
from customer.domain.problems import (
    ConsentAlreadyGiven,
    ConsentNotGiven,
    UnknownCustomer,
    WithdrawnBeforeGiven,
)
from customer.domain.vocabulary import Channel, Purpose

ConsentKey: TypeAlias = tuple[CustomerId, Purpose, Channel]


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """The newest word on one purpose and channel; in force unless withdrawn."""

    customer_id: CustomerId
    purpose: Purpose
    channel: Channel
    given_on: date
    withdrawn_on: date | None

    @property
    def given(self) -> bool:
        """Whether the bank may act on it."""
        return self.withdrawn_on is None

    @property
    def key(self) -> ConsentKey:
        """What there is one consent of."""
        return self.customer_id, self.purpose, self.channel


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentWord:
    """The bank's statement of a consent, with the bank's own number of the customer."""

    consent: Consent
    customer_number: str


def _age(consent: Consent) -> tuple[date, bool, date]:
    """Order consents by their last act; of two acts on one day the withdrawal counts."""
    return consent.withdrawn_on or consent.given_on, not consent.given, consent.given_on


def fit_consent(
    held: Consent | None, word: ConsentWord, customers: Container[CustomerId]
) -> Consent:
    """Return whichever of `held` and the one in `word` is the customer's newer word.

    So the order of the records does not matter, and a bank's file from before a withdrawal
    cannot bring a withdrawn consent back.
    """
    told = word.consent
    if told.customer_id not in customers:
        raise UnknownCustomer(word.customer_number)
    if told.withdrawn_on is not None and told.withdrawn_on < told.given_on:
        raise WithdrawnBeforeGiven
    return told if held is None else max(held, told, key=_age)


def give(held: Consent | None, key: ConsentKey, on: date) -> Consent:
    """Return the consent in force from `on`; one that is in force already is refused."""
    customer_id, purpose, channel = key
    if held is not None and held.given:
        raise ConsentAlreadyGiven(purpose, channel)
    return Consent(
        customer_id=customer_id, purpose=purpose, channel=channel, given_on=on, withdrawn_on=None
    )


def withdraw(held: Consent | None, key: ConsentKey, on: date) -> Consent:
    """Return the consent withdrawn on `on`.

    Refused when there is nothing to withdraw: a silent success would hide a client that shows
    the customer a stale screen.
    """
    if held is None or not held.given:
        raise ConsentNotGiven(key[1], key[2])
    return replace(held, withdrawn_on=max(on, held.given_on))
