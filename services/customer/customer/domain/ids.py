"""Ids that follow from what the bank calls a thing, so that the same record is the same thing."""

from typing import NewType
from uuid import UUID, uuid5

CustomerId = NewType("CustomerId", UUID)
AccountId = NewType("AccountId", UUID)
GroupId = NewType("GroupId", UUID)
_NAMESPACE = UUID("6f1c2f0e-5b0a-5e0f-9c39-6b1f3a3f5ea1")


def customer_id(institution: str, number: str) -> CustomerId:
    """Return the id of the institution's customer `number`."""
    return CustomerId(uuid5(_NAMESPACE, f"{institution}/customer/{number}"))


def account_id(institution: str, number: str) -> AccountId:
    """Return the id of the institution's account `number`."""
    return AccountId(uuid5(_NAMESPACE, f"{institution}/account/{number}"))


def group_id(institution: str, code: str) -> GroupId:
    """Return the id of the institution's household or group `code`."""
    return GroupId(uuid5(_NAMESPACE, f"{institution}/group/{code}"))
