"""Which institutions a data directory was given, so that nobody has to name the only one."""

import json
from pathlib import Path

from sheaf.state import write_private
from sheaf.trouble import Trouble

FILE = "institutions.json"


def note(data_dir: Path, code: str) -> None:
    """Remember an institution that was loaded."""
    known = loaded(data_dir)
    if code not in known:
        write_private(data_dir / FILE, json.dumps(sorted({*known, code})) + "\n")


def loaded(data_dir: Path) -> list[str]:
    """Give the codes of the institutions that were loaded; an unreadable list counts as none."""
    try:
        found = json.loads((data_dir / FILE).read_text())
    except (OSError, ValueError):
        return []
    return found if isinstance(found, list) else []


def only(data_dir: Path) -> str:
    """Give the code of the one institution that was loaded, or ask for its name."""
    match loaded(data_dir):
        case [code]:
            return str(code)
        case []:
            raise Trouble(
                "No institution is loaded, so there is none to ask for.",
                "Load one with `sheaf import`, or name one with --institution.",
            )
        case several:
            raise Trouble(
                "Several institutions are loaded.",
                f"Name one with --institution: {', '.join(map(str, several))}.",
            )
