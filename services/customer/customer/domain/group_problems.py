"""Every way to say no to a household, a group or a membership."""

from typing import ClassVar

from kit.problem import Problem

from customer.domain.problems import Invalid, Unknown


class LeftBeforeJoined(Invalid):
    """The membership ends before it begins, or on the same day."""

    code: ClassVar[str] = "LEFT_BEFORE_JOINED"

    def __init__(self) -> None:
        super().__init__(
            "until must lie after since: it is the first day on which the customer is no member."
        )


class UnknownGroup(Unknown):
    code: ClassVar[str] = "UNKNOWN_GROUP"
    kind, file = "group", "groups"


class GroupCycle(Problem):
    """A group would stand above itself."""

    code: ClassVar[str] = "GROUP_CYCLE"

    def __init__(self, code: str, parent: str) -> None:
        super().__init__(
            f"Group '{code}' cannot stand under '{parent}', which stands under it; "
            "correct parent_code."
        )


class HouseholdAbove(Problem):
    """A household would have others under it."""

    code: ClassVar[str] = "HOUSEHOLD_ABOVE"

    def __init__(self, code: str) -> None:
        super().__init__(
            f"'{code}' is a household, and nothing stands under one; name a group as parent_code."
        )


class GroupKindFixed(Problem):
    """A household that is known cannot become a group, nor a group a household."""

    code: ClassVar[str] = "GROUP_KIND_FIXED"

    def __init__(self, code: str, kind: str) -> None:
        super().__init__(
            f"'{code}' is known as a {kind} and stays one; give the other a code of its own."
        )


class AlreadyMember(Problem):
    """A customer would be in two households, or in two groups, at the same time."""

    code: ClassVar[str] = "ALREADY_MEMBER"

    def __init__(self, customer: str, kind: str, group: str) -> None:
        super().__init__(
            f"Customer '{customer}' is in the {kind} '{group}' at that time, and may be in one "
            f"{kind} only; first send that membership with the day on which it ends."
        )
