"""The file of master keys, which wrap the keys that personal values are sealed with."""

import base64
import json
import secrets
from pathlib import Path

from sheaf.state import write_private
from sheaf.trouble import Trouble

KEY_BYTES = 32


class MasterKeys:
    """A data directory's master keys; the last one in the file is the present one."""

    def __init__(self, data_dir: Path) -> None:
        self.file = data_dir / "secrets" / "master" / "customer.json"

    def ensure(self) -> None:
        """Make the first key, unless there is one."""
        if not self.file.exists():
            self._write([_new([])])

    def add(self) -> str:
        """Add a key that wraps from now on; give its id. Those before stay."""
        if not self.file.exists():
            raise Trouble(
                f"{self.file} is not there, so there is no key to replace.",
                "Start the system once with `sheaf up --detach`; it makes the first one.",
            )
        known: list[dict[str, str]] = json.loads(self.file.read_text())["keys"]
        added = _new([one["id"] for one in known])
        self._write([*known, added])
        return added["id"]

    def _write(self, keys: list[dict[str, str]]) -> None:
        self.file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_private(self.file, json.dumps({"keys": keys}, indent=2) + "\n")


def _new(known: list[str]) -> dict[str, str]:
    number = max((int(one.removeprefix("master-")) for one in known), default=0) + 1
    key = base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()
    return {"id": f"master-{number}", "key": key}
