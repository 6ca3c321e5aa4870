"""The closed lists of words that a bank's records may use."""

from enum import StrEnum


class Line(StrEnum):
    """A line of business; every product belongs to one."""

    DEPOSIT = "deposit"
    LOAN = "loan"
    SETTLEMENT = "settlement"
    INTERMEDIARY = "intermediary"
    E_BANKING = "e_banking"
    INTERNATIONAL = "international"


class BranchKind(StrEnum):
    """Where a branch stands in the bank's tree."""

    HEAD_OFFICE = "head_office"
    BRANCH = "branch"
    OUTLET = "outlet"


class StaffRole(StrEnum):
    """What a member of staff does."""

    CUSTOMER_MANAGER = "customer_manager"
    TELLER = "teller"
    BRANCH_HEAD = "branch_head"
    MARKETER = "marketer"
    LEADER = "leader"


class CustomerKind(StrEnum):
    """A person, or a company or public body."""

    INDIVIDUAL = "individual"
    ENTERPRISE = "enterprise"


class Sex(StrEnum):
    """As the bank's records state it."""

    FEMALE = "female"
    MALE = "male"


class HolderRole(StrEnum):
    """What a customer may do with an account."""

    OWNER = "owner"
    JOINT = "joint"
    AUTHORISED = "authorised"


class GroupKind(StrEnum):
    """People who live together, or companies that belong together."""

    HOUSEHOLD = "household"
    GROUP = "group"


class Purpose(StrEnum):
    """What a consent is for."""

    MARKETING = "marketing"


class Channel(StrEnum):
    """A way of reaching a customer; consent is given channel by channel."""

    COUNTER = "counter"
    OUTLET = "outlet"
    PHONE = "phone"
    SELF_SERVICE = "self_service"
    ONLINE = "online"
    MOBILE = "mobile"
