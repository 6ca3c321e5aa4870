"""The bank's policy as its one file has it, and whether it contradicts itself.

Whether the rows fit what can be asked, each service says when it builds its schema.
"""

from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

import gateway

Reach = Literal["institution", "branches", "book", "self", "union"]
EVERY = "every"
FILE = gateway.root() / "policy.yaml"


class PolicyError(Exception):
    """The policy contradicts itself; told without a stack."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Role(_Part):
    """What whoever has it may do, how far and where."""

    about: str = Field(alias="is")
    channels: tuple[str, ...] = Field(min_length=1)
    reach: Reach
    scopes: tuple[str, ...] | Literal["every"]
    development: bool = False


class Row(_Part):
    """What one field or entity needs of whoever asks."""

    scope: str | None = None
    all: tuple[str, ...] = ()
    any: tuple[str, ...] = ()
    reach: tuple[Reach, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if sum(map(bool, (self.scope, self.all, self.any))) != 1:
            raise ValueError("a row has a scope, or all, or any of several")
        return self

    @property
    def needs(self) -> list[list[str]]:
        """Return sets of scopes; of each, the caller must hold one."""
        if self.scope:
            return [[self.scope]]
        return [list(self.any)] if self.any else [[one] for one in self.all]


class Policy(_Part):
    """The whole file; every word of a role or a row is explained in it."""

    channels: Mapping[str, str]
    reaches: Mapping[Reach, str]
    scopes: Mapping[str, str]
    roles: Mapping[str, Role]
    lists: Mapping[str, tuple[Reach, ...]]
    access: Mapping[str, Mapping[str, Row]]

    @model_validator(mode="after")
    def _known_words(self) -> Self:
        faults = [
            *(
                f"role {name}: there is no channel {one}"
                for name, role in self.roles.items()
                for one in role.channels
                if one not in self.channels
            ),
            *(
                f"role {name}: there is no scope {one}"
                for name in self.roles
                for one in self.scopes_of(name)
                if one not in self.scopes
            ),
            *(
                f"{service} {coordinate}: there is no scope {one}"
                for service, rows in self.access.items()
                for coordinate, row in rows.items()
                for enough in row.needs
                for one in enough
                if one not in self.scopes
            ),
        ]
        if faults:
            raise ValueError("; ".join(faults))
        return self

    def scopes_of(self, role: str) -> tuple[str, ...]:
        """Return what a role holds, in the order in which the policy explains it."""
        held = self.roles[role].scopes
        if held == EVERY:
            return tuple(self.scopes)
        return tuple(held)

    def admits(self, role: str, service: str, coordinate: str) -> bool:
        """Say whether who has a role may ask for this at all."""
        row, held = self.access[service][coordinate], set(self.scopes_of(role))
        return self.roles[role].reach in row.reach and all(held & set(one) for one in row.needs)


class _Strict(yaml.SafeLoader):
    """Takes no key twice: the second would silently hold."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002  (yaml's own)
        found = super().construct_mapping(node, deep)
        if len(found) != len(node.value):
            raise PolicyError(f"line {node.start_mark.line + 1}: a key of this map is there twice")
        return found


def read(file: Path = FILE) -> Policy:
    """Return the committed policy, or another file's."""
    text = file.read_text("utf-8")
    try:
        return Policy.model_validate(yaml.load(text, Loader=_Strict))  # noqa: S506  (a safe loader)
    except (ValidationError, yaml.YAMLError) as fault:
        raise PolicyError(str(fault)) from None
