"""Whether a service's database already has the newest schema, told without starting the service."""

import re
from importlib.util import find_spec
from pathlib import Path

from sheaf.postgres import Server
from sheaf.trouble import Trouble

_REVISION = re.compile(r'^revision\b.*=\s*["\'](\w+)["\']', re.MULTILINE)
_BEFORE = re.compile(r'^down_revision\b.*=\s*["\'](\w+)["\']', re.MULTILINE)


def up_to_date(server: Server, service: str) -> bool:
    """Compare the database's revision with the newest one that the service brings."""
    try:
        known = server.sql("SELECT version_num FROM alembic_version", service)
    except Trouble:
        return False
    return known == newest(_home(service))


def newest(home: Path) -> str:
    """Find the revision that no other follows."""
    texts = [path.read_text() for path in (home / "migrations" / "versions").glob("*.py")]
    revisions = {found for text in texts for found in _REVISION.findall(text)}
    followed = {found for text in texts for found in _BEFORE.findall(text)}
    return "".join(sorted(revisions - followed))


def _home(service: str) -> Path:
    spec = find_spec(service)
    if spec is None or spec.origin is None:
        raise Trouble(f"The {service} service is not installed.", "Run `make up` once.")
    return Path(spec.origin).resolve().parents[1]
