"""What customers can be looked for by, as a client writes it."""

from typing import Self

import strawberry
from kit.problem import BadRequest

from customer.domain.identifiers import normal_id_number, normal_phone
from customer.domain.views import Search

_LONGEST = 200


@strawberry.input(description="Everything that is given must fit; leave out what does not matter.")
class CustomerSearch:
    number: str | None = strawberry.field(default=None, description="The whole number.")
    name: str | None = strawberry.field(
        default=None,
        description="Part of the name; fewer than three characters: its beginning.",
    )
    phone: str | None = strawberry.field(
        default=None, description="The whole number, however it is written."
    )
    id_number: str | None = strawberry.field(
        default=None, description="The whole number of a document, however it is written."
    )
    branch: str | None = strawberry.field(default=None, description="A branch's code.")

    @classmethod
    def wanted(cls, search: Self | None) -> Search:
        """Return what to look for, in the compared form."""
        if search is None:
            return Search()
        phone, id_number = _given(search.phone), _given(search.id_number)
        return Search(
            number=_given(search.number),
            name=_given(search.name),
            phone=normal_phone(phone) if phone else None,
            id_number=normal_id_number(id_number) if id_number else None,
            branch_code=_given(search.branch),
        )


def _given(value: str | None) -> str | None:
    if value is None:
        return None
    text = value.strip()
    if not 1 <= len(text) <= _LONGEST or not storable(text):
        raise BadRequest(f"Search for 1 to {_LONGEST} characters, or leave the field out.")
    return text


def storable(text: str) -> bool:
    """Tell whether a text can stand in the database at all: it has no NUL and no half character."""
    return "\0" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)
