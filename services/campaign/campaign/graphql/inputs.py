"""What clients write: a campaign's plan and its audience."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from enum import Enum
from typing import Any

import strawberry

from campaign.domain.campaign import MOST_HELD_OUT_PPM, Plan
from campaign.domain.prospect import Channel, CustomerKind, Line

strawberry.enum(Channel, description="A way of reaching a customer.")
strawberry.enum(Line, description="A line of business; every product belongs to one.")
strawberry.enum(CustomerKind, description="A person, or a company or public body.")


def _maybe(description: str, *, name: str | None = None) -> Any:  # noqa: ANN401
    return strawberry.field(description=description, name=name, default=strawberry.UNSET)


@strawberry.input(description="The customer's tier; every part given must hold.")
class TierCondition:
    at_least: str | None = _maybe("Code of the lowest tier meant; compared by rank.")
    in_: list[str] | None = _maybe("Codes of the tiers meant.", name="in")


@strawberry.input(
    description="The contribution over the scheme's window; every part given must hold."
)
class ContributionCondition:
    at_least: str | None = _maybe("Decimal amount in the institution's currency, included.")
    less_than: str | None = _maybe("Decimal amount in the institution's currency, excluded.")


@strawberry.input(description="Products held in open accounts, as owner or joint holder.")
class ProductSet:
    any: list[str] | None = _maybe("Holds at least one of these product codes.")
    none: list[str] | None = _maybe("Holds none of these product codes.")


@strawberry.input(description="Lines of the products held.")
class LineSet:
    any: list[Line] | None = _maybe("Holds something of at least one of these lines.")
    none: list[Line] | None = _maybe("Holds nothing of any of these lines.")


@strawberry.input(description="What the customer holds; every part given must hold.")
class HoldsCondition:
    products: ProductSet | None = _maybe("By product.")
    lines: LineSet | None = _maybe("By line.")


@strawberry.input(
    description="Completed years at the business date (of an enterprise: since its founding)."
)
class AgeCondition:
    at_least: int | None = _maybe("Years, included.")
    less_than: int | None = _maybe("Years, excluded.")


@strawberry.input(description="The customer's own branch.")
class BranchCondition:
    in_: list[str] = strawberry.field(name="in", description="Codes of the branches meant.")


@strawberry.input(description="The customer's manager.")
class ManagerCondition:
    in_: list[str] = strawberry.field(name="in", description="Staff numbers.")


@strawberry.input(description="Consent to marketing, in force.")
class ConsentCondition:
    channel: Channel = strawberry.field(description="Through this channel.")


@strawberry.input(
    one_of=True,
    description=(
        "Who is meant: give exactly one field. A condition about something unknown is not met, "
        "so `not` of it is met. At most 8 deep and 200 rules in all."
    ),
)
class AudienceRule:
    all: "list[AudienceRule] | None" = _maybe("Every one of these is met.")
    any: "list[AudienceRule] | None" = _maybe("At least one of these is met.")
    not_: "AudienceRule | None" = _maybe("This is not met.", name="not")
    tier: TierCondition | None = _maybe("By tier.")
    contribution: ContributionCondition | None = _maybe("By contribution.")
    holds: HoldsCondition | None = _maybe("By what is held.")
    age: AgeCondition | None = _maybe("By age.")
    kind: CustomerKind | None = _maybe("By kind of customer.")
    branch: BranchCondition | None = _maybe("By branch.")
    managers: ManagerCondition | None = _maybe("By manager.")
    consent: ConsentCondition | None = _maybe("By consent to marketing.")


@strawberry.input(description="A campaign as a marketer plans it.")
class CampaignInput:
    name: str = strawberry.field(description="For staff, 1 to 200 characters.")
    product: str = strawberry.field(description="Code of a product on offer.")
    title: str = strawberry.field(description="The offer in a line, 1 to 200 characters.")
    text: str = strawberry.field(description="The offer in full, 1 to 2000 characters.")
    channels: list[Channel] = strawberry.field(description="Where the offer may be made.")
    audience: AudienceRule = strawberry.field(description="Whom it is for.")
    hold_out_ppm: int = strawberry.field(
        default=100_000,
        description=f"Share offered nothing, for comparison: 0 to {MOST_HELD_OUT_PPM} ppm.",
    )
    starts_on: date = strawberry.field(description="First business date of the offer.")
    ends_on: date = strawberry.field(description="Last business date of the offer.")

    def plan(self) -> Plan:
        """Return the domain's view of what was written."""
        return Plan(
            name=self.name,
            product_code=self.product,
            title=self.title,
            text=self.text,
            channels=tuple(self.channels),
            audience=tree(self.audience),
            hold_out_ppm=self.hold_out_ppm,
            starts_on=self.starts_on,
            ends_on=self.ends_on,
        )


def tree(written: AudienceRule) -> Mapping[str, Any]:
    """Return an audience as plain JSON in the client's own words, without what was left out."""
    plain: dict[str, Any] = _plain(written)
    return plain


def _plain(value: Any) -> Any:  # noqa: ANN401  (any input value)
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if is_dataclass(value):
        given = {field.name: getattr(value, field.name) for field in fields(value)}
        return {
            _written(name): _plain(one)
            for name, one in given.items()
            if one is not None and one is not strawberry.UNSET
        }
    return value


def _written(name: str) -> str:
    first, *rest = name.rstrip("_").split("_")
    return first + "".join(word.capitalize() for word in rest)
