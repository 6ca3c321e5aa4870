"""Which programs make up the system, and what each is told through its environment."""

import json
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import gateway
from sheaf.issuer import AUDIENCE, ISSUER, Issuer, gateway_key
from sheaf.master import MasterKeys
from sheaf.state import SERVICES

FEEDS: Mapping[str, tuple[str, ...]] = {
    "scoring": ("customer",),
    "campaign": ("customer", "scoring"),
}


@dataclass(frozen=True)
class Program:
    """A program that is kept running; it is ready when its `ready` URL answers 200."""

    name: str
    argv: tuple[str, ...]
    port: int
    ready: str
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: Path = Path("/")


def base_url(port: int) -> str:
    """Give the URL of a program on this machine."""
    return f"http://127.0.0.1:{port}"


def token_file(data_dir: Path, service: str) -> Path:
    """Give the file that holds the token a service reads feeds with."""
    return data_dir / "secrets" / "feeds" / service


def services(
    data_dir: Path, ports: Mapping[str, int], database_url: Callable[[str], str]
) -> list[Program]:
    """Describe the three services; each is told its own database and no other."""
    return [_service(data_dir, ports, name, database_url(name)) for name in SERVICES]


def router(data_dir: Path, ports: Mapping[str, int], node: Path) -> Program:
    """Describe the gateway."""
    port = ports["gateway"]
    told = {
        "GATEWAY_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "GATEWAY_JWKS_FILE": str(Issuer(data_dir).jwks_file),
        "GATEWAY_ISSUER": ISSUER,
        "GATEWAY_AUDIENCE": AUDIENCE,
        "GATEWAY_PRINCIPAL_KEY_FILE": str(gateway_key(data_dir).private_file),
        "GATEWAY_DEVELOPMENT": "1",
        "NODE_ENV": "production",
        "PATH": f"{node.parent}:{os.environ.get('PATH', '')}",
    }
    for name in SERVICES:
        told[f"GATEWAY_{name.upper()}_URL"] = f"{base_url(ports[name])}/graphql"
    return Program(
        "gateway",
        tuple(gateway.command(str(node))),
        port,
        f"{base_url(port)}/readiness",
        os.environ | told,
        gateway.root(),
    )


def _service(data_dir: Path, ports: Mapping[str, int], name: str, database_url: str) -> Program:
    prefix = name.upper()
    told = {
        "DATABASE_URL": database_url,
        "HOST": "127.0.0.1",
        "PORT": str(ports[name]),
        "JWKS_FILE": str(Issuer(data_dir).jwks_file),
        "ISSUER": ISSUER,
        "GATEWAY_JWKS_FILE": str(gateway_key(data_dir).public_file),
    }
    told["AUDIT_HEADS"] = str(data_dir.resolve() / "audit" / f"{name}.heads")
    if name == "customer":
        told["MASTER_KEY_FILE"] = str(MasterKeys(data_dir).file)
    if name == "scoring":
        told["ARCHIVE_DIR"] = str(data_dir.resolve() / "archive")
    if name in FEEDS:
        told["TOKEN_FILE"] = str(token_file(data_dir, name))
        told["FEEDS"] = json.dumps({one: base_url(ports[one]) for one in FEEDS[name]})
    return Program(
        name,
        (sys.executable, "-m", name, "serve"),
        ports[name],
        f"{base_url(ports[name])}/health/ready",
        os.environ
        | {f"{prefix}_{key}": value for key, value in told.items()}
        | {"PYTHONUNBUFFERED": "1"},
    )
