"""What services ask for and what roles hold is the same: nothing out of reach, nothing for nobody."""

import json
import re
from pathlib import Path

from kit.identity import PROGRAMS

import gateway

SERVICES = Path(__file__).parents[2] / "services"
SCOPE = re.compile(r'"([a-z]+:[a-z]+)"')


def test_every_scope_that_a_service_asks_for_is_held_by_a_role_or_a_program():
    sources = [path for path in SERVICES.rglob("*.py") if "migrations" not in path.parts]
    asked = {scope for path in sources for scope in SCOPE.findall(path.read_text())}
    roles = json.loads(gateway.roles().read_text()).values()
    held = {scope for role in roles for scope in role["scopes"]}
    assert asked == (held - {"operate"}).union(*PROGRAMS.values())


def test_outside_development_nobody_both_writes_and_approves():
    for name, role in json.loads(gateway.roles().read_text()).items():
        pairs = [{f"{thing}:write", f"{thing}:approve"} for thing in ("campaign", "scheme")]
        assert role.get("development") or not any(pair <= set(role["scopes"]) for pair in pairs), (
            name
        )
