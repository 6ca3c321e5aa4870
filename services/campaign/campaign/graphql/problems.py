"""How each refusal of the domain looks to a client."""

from typing import Any

import strawberry
from kit.graphql import REUSED, Handler, Problem, answer
from strawberry.types import Info
from strawberry.types.field import StrawberryField

from campaign.domain import problems as domain


@strawberry.type(description="What is wrong with one place of an input.")
class InputFault:
    path: str = strawberry.field(description="As `audience.all[0].tier.atLeast`.")
    reason: str = strawberry.field(description="For people; may change.")


@strawberry.type(description="The audience is empty, too large, or names what does not exist.")
class InvalidAudience(Problem):
    faults: list[InputFault] = strawberry.field(description="Each fault at its place; at most 20.")


@strawberry.type(description="The plan misses something or holds a value out of bounds.")
class InvalidCampaign(Problem):
    faults: list[InputFault] = strawberry.field(description="Each fault at its place.")


@strawberry.type(description="Nothing is known of your institution yet; load its data first.")
class InstitutionNotLoaded(Problem): ...


@strawberry.type(description="No such campaign in your institution.")
class CampaignNotFound(Problem): ...


@strawberry.type(description="The campaign has changed since you read it.")
class StaleVersion(Problem): ...


@strawberry.type(description="The campaign's status does not allow this step.")
class WrongStatus(Problem): ...


@strawberry.type(description="Whoever wrote a campaign cannot approve it.")
class SecondPersonRequired(Problem): ...


@strawberry.type(description="There is no such product on offer.")
class ProductNotOnOffer(Problem): ...


@strawberry.type(description="The campaign's last day is over.")
class CampaignEnded(Problem): ...


@strawberry.type(description="No such offer may be made through this channel.")
class OfferNotFound(Problem): ...


@strawberry.type(description="The offer's campaign does not run today.")
class OfferClosed(Problem): ...


@strawberry.type(description="The customer does not agree to marketing through this channel.")
class ConsentWithdrawn(Problem): ...


@strawberry.type(description="The customer accepted or declined already, and differently.")
class AlreadyAnswered(Problem): ...


class _Faulty:
    """Turns a refusal with faults into a union member that lists them."""

    def __init__(
        self,
        refusal: type[domain.InvalidAudience | domain.InvalidCampaign],
        shape: type[InvalidAudience | InvalidCampaign],
    ) -> None:
        self.exception_type, self.error_type = refusal, shape

    def handle(
        self,
        exception: domain.InvalidAudience | domain.InvalidCampaign,
        *,
        field: StrawberryField,
        info: Info[Any, Any],
    ) -> InvalidAudience | InvalidCampaign:
        del field, info
        faults = [InputFault(path=fault.path, reason=fault.reason) for fault in exception.faults]
        return self.error_type(code=exception.code, message=str(exception), faults=faults)


HANDLERS: list[Handler] = [
    REUSED,
    _Faulty(domain.InvalidAudience, InvalidAudience),
    _Faulty(domain.InvalidCampaign, InvalidCampaign),
    answer(domain.InstitutionNotLoaded, InstitutionNotLoaded),
    answer(domain.CampaignNotFound, CampaignNotFound),
    answer(domain.StaleVersion, StaleVersion),
    answer(domain.WrongStatus, WrongStatus),
    answer(domain.SecondPersonRequired, SecondPersonRequired),
    answer(domain.ProductNotOnOffer, ProductNotOnOffer),
    answer(domain.CampaignEnded, CampaignEnded),
    answer(domain.OfferNotFound, OfferNotFound),
    answer(domain.OfferClosed, OfferClosed),
    answer(domain.ConsentWithdrawn, ConsentWithdrawn),
    answer(domain.AlreadyAnswered, AlreadyAnswered),
]
