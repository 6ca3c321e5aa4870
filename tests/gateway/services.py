"""The real services over real HTTP, for tests of what they answer to anybody."""

import asyncio
import importlib
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn

from tests.callers import Callers


def service(name: str, database_url: str, folder: Path, callers: Callers) -> Any:
    """Build one service that trusts `callers` and follows no feed."""
    token_file = folder / f"{name}.token"
    token_file.write_text(callers.credential("service", ""))
    more = {"token_file": token_file, "feeds": {}}
    if name == "customer":
        more = {"master_key_file": callers.master_keys}
    settings = importlib.import_module(f"{name}.settings").Settings(
        database_url=database_url, **callers.settings, **more
    )
    return importlib.import_module(f"{name}.app").create_app(settings)


@contextmanager
def serving(app: Any) -> Iterator[str]:
    """Serve an ASGI application from a thread of its own; give where it answers GraphQL."""
    config = uvicorn.Config(app, port=0, log_level="error", ws="none", access_log=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()))
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive(), "the service ended"
            time.sleep(0.02)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}/graphql"
    finally:
        server.should_exit = True
        thread.join()
