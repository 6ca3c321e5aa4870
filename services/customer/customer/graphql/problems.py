"""How each refusal of the domain looks to a client."""

import strawberry
from kit.graphql import REUSED, Problem, answer

from customer.domain import personal_problems as personal
from customer.domain import problems as domain


@strawberry.type(description="No such customer, or not one you may see.")
class CustomerNotFound(Problem): ...


@strawberry.type(description="There is no consent in force for this purpose and channel.")
class ConsentNotGiven(Problem): ...


@strawberry.type(description="The consent for this purpose and channel is in force already.")
class ConsentAlreadyGiven(Problem): ...


@strawberry.type(description="Nobody said why the value is needed.")
class ReasonMissing(Problem): ...


@strawberry.type(description="You have revealed as many values as you may for now.")
class RevealLimit(Problem): ...


@strawberry.type(description="The caller on the telephone has not proved who they are.")
class VerificationMissing(Problem): ...


@strawberry.type(description="The customer holds open accounts, whose holder the bank must know.")
class AccountsOpen(Problem): ...


@strawberry.type(description="Who the customer was has been erased, for good.")
class CustomerErased(Problem): ...


HANDLERS = [
    REUSED,
    answer(domain.CustomerNotFound, CustomerNotFound),
    answer(domain.ConsentNotGiven, ConsentNotGiven),
    answer(domain.ConsentAlreadyGiven, ConsentAlreadyGiven),
    answer(personal.ReasonMissing, ReasonMissing),
    answer(personal.RevealLimit, RevealLimit),
    answer(personal.VerificationMissing, VerificationMissing),
    answer(personal.AccountsOpen, AccountsOpen),
    answer(personal.CustomerErased, CustomerErased),
]
