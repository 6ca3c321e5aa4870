"""A service as a process: serve, migrate or print its schema, importing no more than that needs."""

import gc
import importlib
import logging
import os
import sys
from pathlib import Path
from types import FrameType


def main(name: str, home: Path) -> None:
    """Run `python -m <service> serve|migrate|sdl|audit`; `home` holds the migrations."""
    verb = sys.argv[1] if len(sys.argv) > 1 else "serve"
    if verb == "serve":
        _serve(name)
    elif verb == "migrate":
        _migrate(name, home)
    elif verb == "audit":
        sys.exit(importlib.import_module("kit.audit.command").run(name, sys.argv[2:]))
    elif verb == "sdl":
        sys.stdout.write(importlib.import_module(f"{name}.app").sdl())
    else:
        sys.exit(f"usage: python -m {name} [serve|migrate|sdl|audit], not '{verb}'")


def _migrate(name: str, home: Path) -> None:
    """Upgrade the schema at `<SERVICE>_DATABASE_URL` to the newest revision."""
    from alembic import command  # noqa: PLC0415  (half a second that serving need not spend)
    from alembic.config import Config  # noqa: PLC0415  (as above)

    variable = f"{name.upper()}_DATABASE_URL"
    if variable not in os.environ:
        sys.exit(f"Set {variable} to the database to migrate, postgresql+asyncpg://...")
    config = Config(str(home / "alembic.ini"))
    config.set_main_option("script_location", str(home / "migrations"))
    config.attributes["url"] = os.environ[variable]
    command.upgrade(config, "head")


def _serve(name: str) -> None:
    gc.disable()  # what the imports make stays; to go through it as it grows is a tenth of them
    import uvicorn  # noqa: PLC0415  (migrating needs no server)

    from kit import telemetry  # noqa: PLC0415  (as above)
    from kit.feed import stopping  # noqa: PLC0415  (as above)

    class Server(uvicorn.Server):
        """Answers long polls at once when told to stop, so that only real work is waited for."""

        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            stopping.set()
            super().handle_exit(sig, frame)

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    telemetry.start(name)
    app = importlib.import_module(f"{name}.app")
    place = app.place()
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 50, 50)
    gc.enable()
    config = uvicorn.Config(
        app.from_environment,
        factory=True,
        host=place.host,
        port=place.port,
        log_level="warning",
        access_log=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=20,
    )
    Server(config).run()
