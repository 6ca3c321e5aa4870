"""Writes what follows from the policy: for the router, for each service, and for people.

`python -m gateway.compile` writes it; with `--check` it names what has drifted, exit code 1.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import gateway
from gateway.policy import Policy, PolicyError, read
from gateway.tables import tables

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/access.md"
BEGIN, END = "<!-- tables: written by make schema -->\n", "<!-- end of tables -->\n"


def compiled(policy: Policy) -> dict[Path, str]:
    """Return the text of every file that is written from the policy."""
    roles = {
        name: {
            "channels": role.channels,
            "reach": role.reach,
            "scopes": policy.scopes_of(name),
            **({"development": True} if role.development else {}),
        }
        for name, role in policy.roles.items()
    }
    access = {
        ROOT / "services" / service / service / "access.json": {
            coordinate: {"scopes": row.needs, "reach": row.reach}
            for coordinate, row in rows.items()
        }
        for service, rows in policy.access.items()
    }
    written = {file: _lines(rows) for file, rows in ({gateway.roles(): roles} | access).items()}
    return written | {PAGE: _page(PAGE.read_text("utf-8"), tables(policy))}


def _lines(rows: Mapping[str, object]) -> str:
    """Lay out one row a line, so that a change of the policy is a change of its lines."""
    body = ",\n".join(f"  {json.dumps(name)}: {json.dumps(row)}" for name, row in rows.items())
    return f"{{\n{body}\n}}\n"


def _page(text: str, written: str) -> str:
    """Put tables where the page has its own; the words around them stay."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise PolicyError(f"{PAGE.name} has lost the lines between which the tables stand.")
    return f"{before}{begin}\n{written}\n{end}{after}"


def main(arguments: Sequence[str]) -> None:
    """Write what is compiled, or with `--check` compare it."""
    try:
        files = compiled(read())
    except PolicyError as fault:
        sys.exit(f"The policy cannot be used.\n{fault}")
    drifted = {
        file: text
        for file, text in files.items()
        if not file.exists() or file.read_text("utf-8") != text
    }
    if list(arguments) == ["--check"]:
        if drifted:
            named = ", ".join(str(file.relative_to(ROOT)) for file in drifted)
            sys.exit(f"gateway/policy.yaml says otherwise than {named}.")
        return
    for file, text in drifted.items():
        file.write_text(text, "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
