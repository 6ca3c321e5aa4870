"""The policy as tables for people, in the words of docs/access.md."""

from collections.abc import Iterable, Sequence

from gateway.policy import Policy, Row


def tables(policy: Policy) -> str:
    """Return roles, scopes and reaches, then who may ask what of each service."""
    parts = [
        "### Roles",
        _table(
            ("role", "who", "channels", "reach", "scopes"),
            (
                (
                    f"`{name}`",
                    role.about,
                    ", ".join(role.channels),
                    role.reach,
                    "every" if role.scopes == "every" else _codes(role.scopes),
                )
                for name, role in policy.roles.items()
            ),
        ),
        "### Scopes",
        _table(
            ("scope", "lets its holder", "roles"),
            (
                (f"`{scope}`", about, _codes(_holders(policy, scope)))
                for scope, about in policy.scopes.items()
            ),
        ),
        "### Reaches",
        _table(
            ("reach", "whose records", "roles"),
            (
                (
                    reach,
                    about,
                    _codes(name for name in _real(policy) if policy.roles[name].reach == reach),
                )
                for reach, about in policy.reaches.items()
            ),
        ),
    ]
    for service, rows in policy.access.items():
        parts += [
            f"### What may be asked of {service}",
            _table(
                ("field or entity", "needs", "reach", "roles"),
                (
                    (
                        f"`{coordinate}`",
                        _needs(row),
                        ", ".join(row.reach),
                        _codes(
                            name
                            for name in _real(policy)
                            if policy.admits(name, service, coordinate)
                        ),
                    )
                    for coordinate, row in rows.items()
                ),
            ),
        ]
    return "\n\n".join(parts) + "\n"


def _real(policy: Policy) -> list[str]:
    return [name for name, role in policy.roles.items() if not role.development]


def _holders(policy: Policy, scope: str) -> list[str]:
    return [name for name in _real(policy) if scope in policy.scopes_of(name)]


def _needs(row: Row) -> str:
    return " and ".join(" or ".join(f"`{scope}`" for scope in enough) for enough in row.needs)


def _codes(names: Iterable[str]) -> str:
    return " ".join(f"`{name}`" for name in names)


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
