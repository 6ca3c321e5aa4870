"""Where the router's Node project lies, how it is started, and whether it is installed."""

import json
from pathlib import Path
from typing import Any


def root() -> Path:
    """Give the Node project, where package.json, serve.mjs and the supergraph lie."""
    return Path(__file__).resolve().parents[1]


def supergraph() -> Path:
    """Give the committed supergraph."""
    return root() / "supergraph.graphql"


def roles() -> Path:
    """Give what each role may do in which channel, as compiled from the policy."""
    return Path(__file__).resolve().with_name("roles.json")


def limits() -> Path:
    """Give how much and how often callers may ask."""
    return root() / "limits.json"


def documents() -> Path:
    """Give the folder of trusted documents: one inside for each channel, an operation a file."""
    return root() / "documents"


def manifest() -> Path:
    """Give the committed manifest of trusted documents, by hash."""
    return root() / "documents.json"


def command(node: str) -> list[str]:
    """Give the argv of the router, one process; its settings are the GATEWAY_* variables."""
    return [node, str(root() / "serve.mjs")]


def compose_command(node: str) -> list[str]:
    """Give the argv that composes the supergraph; append `--check` to only compare."""
    return [node, str(root() / "compose.mjs")]


def documents_command(node: str) -> list[str]:
    """Give the argv that builds the manifest of documents; append `--check` to only compare."""
    return [node, str(root() / "documents.mjs")]


def install_command(npm: str) -> list[str]:
    """Give the argv that installs exactly what package-lock.json says."""
    return [npm, "ci", "--prefix", str(root())]


def installed() -> bool:
    """Say whether node_modules holds what package-lock.json asks for, development parts aside."""
    wanted = _packages(root() / "package-lock.json")
    present = _packages(root() / "node_modules" / ".package-lock.json")
    if not wanted or not present:
        return False
    for path, package in wanted.items():
        found = present.get(path)
        if found is None:
            if package.get("dev") or package.get("optional") or package.get("devOptional"):
                continue
            return False
        if (found.get("version"), found.get("integrity")) != (
            package.get("version"),
            package.get("integrity"),
        ):
            return False
    return True


def _packages(lock: Path) -> dict[str, dict[str, Any]]:
    try:
        packages: dict[str, dict[str, Any]] = json.loads(lock.read_text("utf-8"))["packages"]
    except (OSError, ValueError, KeyError):
        return {}
    return {path: package for path, package in packages.items() if path}
