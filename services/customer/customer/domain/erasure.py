"""When what identifies a customer is erased, and what is left then."""

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from customer.domain.customer import Customer
from customer.domain.personal_problems import AccountsOpen, CustomerErased


class ErasureBasis(StrEnum):
    """Why data are erased: article 47 of the PIPL."""

    PURPOSE_ENDED = "purpose_ended"
    RETENTION_ENDED = "retention_ended"
    CONSENT_WITHDRAWN = "consent_withdrawn"
    UNLAWFUL = "unlawful"
    LEGAL_ORDER = "legal_order"


_WHATEVER_IS_OPEN = frozenset({ErasureBasis.UNLAWFUL, ErasureBasis.LEGAL_ORDER})
"""A bank must know the holder of an open account; only these go before that duty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """What is asked for."""

    basis: ErasureBasis
    on: date


def erased(held: Customer, open_accounts: int, erasure: Erasure) -> Customer:
    """Return what is left of the customer: the bank's number, and facts that are the bank's own."""
    if held.erased_on is not None:
        raise CustomerErased(held.number)
    if open_accounts and erasure.basis not in _WHATEVER_IS_OPEN:
        raise AccountsOpen(open_accounts)
    return replace(
        held,
        name="",
        id_type=None,
        id_number=None,
        born_on=None,
        sex=None,
        phone=None,
        email=None,
        address=None,
        erased_on=erasure.on,
    )
