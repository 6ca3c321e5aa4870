"""The policy contradicts itself nowhere, leaves nobody without a use, and is what programs hold to."""

from pathlib import Path

import pytest
import yaml
from gateway.compile import compiled
from gateway.policy import FILE, PolicyError, read
from kit.identity import PROGRAMS, Reach

POLICY = read()
MASKS = Path(__file__).parents[2] / "services/customer/customer/personal.yaml"
OUTSIDE = {name: role for name, role in POLICY.roles.items() if not role.development}


def test_what_the_router_and_the_services_read_is_what_the_policy_says():
    assert {file: file.read_text() for file in compiled(POLICY)} == compiled(POLICY)


def test_every_scope_that_a_row_asks_for_is_held_by_a_role_and_none_is_held_for_nothing():
    asked = {
        scope
        for rows in POLICY.access.values()
        for row in rows.values()
        for enough in row.needs
        for scope in enough
    }
    held = {scope for name in OUTSIDE for scope in POLICY.scopes_of(name)}
    assert asked == held == {*POLICY.scopes}
    assert not held & set().union(*PROGRAMS.values())


def test_every_row_lets_some_role_in_outside_development():
    closed = [
        (service, coordinate)
        for service, rows in POLICY.access.items()
        for coordinate in rows
        if not any(POLICY.admits(name, service, coordinate) for name in OUTSIDE)
    ]
    assert closed == []


def test_outside_development_nobody_both_writes_and_approves():
    for name in OUTSIDE:
        for thing in ("campaign", "scheme"):
            assert not {f"{thing}:write", f"{thing}:approve"} <= set(POLICY.scopes_of(name)), name


def test_reaches_are_those_that_services_know():
    assert set(POLICY.reaches) == set(Reach)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("channels: [phone, console]", "channels: [phone, pigeon]", "there is no channel pigeon"),
        ("scopes: [operate]", "scopes: [operate, rule]", "role ops: there is no scope rule"),
        ("{ scope: operate, reach", "{ scope: rule, reach", "recompute: there is no scope rule"),
        ("reach: union", "reach: world", "'institution', 'branches', 'book', 'self' or 'union'"),
        ("{ scope: operate, reach", "{ all: [], reach", "a row has a scope, or all, or any"),
        ("scope: operate, reach", "scope: operate, any: [operate], reach", "a row has a scope, or"),
        ("scope: operate, reach: *bank", "scope: operate, reach: []", "at least 1 item"),
        ("Query.schemes:", "Query.scheme:", "a key of this map is there twice"),
        ("  teller:\n", "  teller:\n    powers: all\n", "roles.teller.powers"),
    ],
)  # fmt: skip
def test_a_policy_that_says_what_cannot_be_is_refused(tmp_path, old, new, said):
    text = FILE.read_text()
    assert old in text
    file = tmp_path / "policy.yaml"
    file.write_text(text.replace(old, new, 1))
    with pytest.raises(PolicyError, match=said):
        read(file)


def test_masks_are_for_roles_and_channels_that_there_are():
    rules = yaml.safe_load(MASKS.read_text())["masks"]["rules"]
    assert {one for rule in rules for one in rule.get("roles", ())} <= {*POLICY.roles}
    assert {one for rule in rules for one in rule.get("channels", ())} <= {*POLICY.channels}
