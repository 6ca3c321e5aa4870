"""GraphQL over HTTP as its specification asks, but for the audits that docs/conformance.md explains."""

import json
import subprocess
from pathlib import Path

import pytest

import gateway

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "conformance.md"
AUDITS = 61
COLUMNS = ("audit", "asks", "gateway", "services", "why")
ENOUGH = 100


@pytest.fixture
def audit(node):
    def run(url, token):
        asked = {
            "url": url,
            "project": str(gateway.root()),
            "tokens": [token() for _ in range(ENOUGH)],
        }
        done = subprocess.run(
            [node, str(HERE / "audit.mjs")],
            input=json.dumps(asked), capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


def explained(column):
    """Give the audits that the page says are not passed by the gateway, or by the services."""
    lines = PAGE.read_text("utf-8").splitlines()
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in lines if "| `" in line[:3]
    ]
    column = COLUMNS.index(column)
    assert {row[column] for row in rows} <= {"no", "-"}
    return {row[0].strip("`") for row in rows if row[column] == "no"}


def failed(results):
    assert len(results) == AUDITS
    return {
        each["id"]: f"{each['name']}: {each['reason']}"
        for each in results
        if each["status"] != "ok"
    }


def test_the_gateway_fails_no_audit_but_those_explained(audit, router, issuer):
    found = failed(audit(f"{router.url}/graphql", issuer.token))
    assert found.keys() == explained("gateway"), found


@pytest.mark.parametrize("name", ["customer", "scoring", "campaign"])
def test_a_service_fails_no_audit_but_those_explained(name, audit, services, callers):
    found = failed(audit(services[name], lambda: callers.principal(name, "customer:read")))
    assert found.keys() == explained("services"), found
