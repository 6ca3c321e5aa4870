"""Whose an account is: its owner's alone, or in equal parts all its holders'."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from scoring.domain.account import Account, CustomerId
from scoring.domain.leaf import CapitalUse, Input, Leaf
from scoring.domain.policy import Policy
from scoring.domain.scheme import JointHolders, Scheme


@dataclass(frozen=True, slots=True)
class Part:
    """One of equal parts: `place` 1 is the owner's, the others follow by customer id."""

    place: int
    parts: int

    def of(self, amount_minor: int) -> int:
        """Return the part of an amount; what does not divide goes to the first places.

        The parts add up to the amount, and those of the opposite amount are the opposite.
        """
        whole, left = divmod(abs(amount_minor), self.parts)
        size = whole + (self.place <= left)
        return size if amount_minor >= 0 else -size


WHOLE = Part(1, 1)


def part_of(account: Account, customer: CustomerId | None, scheme: Scheme | None) -> Part | None:
    """Return which part of the account counts for the customer under a scheme; None for none.

    Where nobody in particular is asked for it is the whole.
    """
    if customer is None:
        return WHOLE
    if scheme is None or scheme.joint_holders is JointHolders.OWNER:
        return WHOLE if customer == account.owner_id else None
    holders = [account.owner_id, *sorted(set(account.joint_ids) - {account.owner_id})]
    return Part(holders.index(customer) + 1, len(holders)) if customer in holders else None


def counted(
    accounts: Iterable[Account], customer: CustomerId, policy: Policy | None
) -> list[Account]:
    """Return the accounts of which some part counts for the customer under any scheme."""
    schemes = [None, *policy.schemes] if policy else [None]
    return [
        account
        for account in accounts
        if any(part_of(account, customer, scheme) for scheme in schemes)
    ]


HOLDER = "holder"
"""The unit of the input that says which share a leaf is."""
_SHARE_OF = "share of ("


def shared(leaf: Leaf, part: Part) -> Leaf:
    """Return the part of a leaf, with what it is a part of."""
    if part.parts == 1:
        return leaf
    used = leaf.capital
    return replace(
        leaf,
        amount_minor=part.of(leaf.amount_minor),
        capital=CapitalUse(part.of(used.days_e6), part.of(used.years_e6)) if used else None,
        formula=f"{_SHARE_OF}{leaf.formula})",
        inputs=(*leaf.inputs, *share_inputs(leaf.amount_minor, "minor", part)),
    )


def share_inputs(whole: int, unit: str, part: Part) -> tuple[Input, ...]:
    """Tell what a part is of; nothing where it is the whole."""
    if part.parts == 1:
        return ()
    return Input("whole", whole, unit), Input("share", f"{part.place} of {part.parts}", HOLDER)


def whole_of(leaf: Leaf) -> tuple[int, str, tuple[Input, ...]]:
    """Return amount, formula and inputs of the leaf that this one is a share of, or is itself."""
    if not leaf.formula.startswith(_SHARE_OF):
        return leaf.amount_minor, leaf.formula, leaf.inputs
    *inputs, whole, _ = leaf.inputs
    return int(whole.value), leaf.formula.removeprefix(_SHARE_OF).removesuffix(")"), tuple(inputs)


def shared_text(leaf: Leaf) -> str:
    """Write which share of the whole a shared leaf is; nothing of one that is whole."""
    if not leaf.formula.startswith(_SHARE_OF):
        return ""
    return f"; share {leaf.inputs[-1].value} = {leaf.amount_minor}"
