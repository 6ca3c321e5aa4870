"""Runs a supervisor over two fake programs: `supervised.py DATA_DIR PORT PORT [WORD ...]`."""

import asyncio
import sys
from pathlib import Path

import psutil
from sheaf import supervisor
from sheaf.programs import Program
from sheaf.state import Pid, State
from sheaf.supervisor import Supervisor
from sheaf.trouble import Trouble

FAKE = str(Path(__file__).parent / "fake.py")


async def prepare():
    print("prepared", flush=True)


def program(name: str, port: int, words: list[str]) -> Program:
    argv = (sys.executable, "-S", FAKE, str(port), *words)
    return Program(name, argv, port, f"http://127.0.0.1:{port}/ready")


def main():
    data_dir, first, second, *words = sys.argv[1:]
    supervisor.GRACE_SECONDS = 1.0
    ports = {"first": int(first), "second": int(second)}
    known = State(ports, "", Pid.of(psutil.Process().pid))
    keeper = Supervisor(Path(data_dir), known, None, say=lambda line: print(line, flush=True))
    programs = [program(name, port, words) for name, port in ports.items()]
    if "second-fails" in words:
        programs[1] = program("second", ports["second"], ["fails"])
    try:
        asyncio.run(keeper.run(prepare, programs))
    except Trouble as trouble:
        print(trouble, flush=True)
        sys.exit(1)


main()
