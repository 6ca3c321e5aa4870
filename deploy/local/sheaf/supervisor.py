"""Keeps the programs running: starts them in order, restarts the fallen, stops in reverse."""

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from subprocess import Popen

import httpx
import psutil

from sheaf import logs, state
from sheaf.children import LOOK_SECONDS, end_group, ended, spawn
from sheaf.postgres import Cluster
from sheaf.programs import Program
from sheaf.state import Pid, ProcessState, State
from sheaf.trouble import Trouble

STEADY_SECONDS = 60.0
GRACE_SECONDS = 25.0
TRIES_AT_START = 3
_DELAYS = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
_READY_LOOK_SECONDS = 2.0

Say = Callable[[str], None]


@dataclass
class Kept:
    """A program, the process that runs it now, and how often it fell."""

    program: Program
    child: Popen[bytes] | None = None
    started: float = 0.0
    falls: int = 0
    was_ready: bool = False


class Supervisor:
    """Runs one system until it is told to stop."""

    def __init__(
        self, data_dir: Path, known: State, cluster: Cluster | None, *, say: Say = print
    ) -> None:
        self._data_dir = data_dir
        self._cluster = cluster
        self._say = say
        self._state = known
        self._stop = asyncio.Event()
        self._hurry = asyncio.Event()
        self._failure: Trouble | None = None
        self._kept: list[Kept] = []

    async def run(
        self,
        prepare: Callable[[], Awaitable[None]],
        programs: Sequence[Program],
        beside: Callable[[], Coroutine[None, None, None]] | None = None,
    ) -> None:
        """Start PostgreSQL, prepare, start the programs; return when all is stopped again.

        `beside` is work that goes on as long as the programs run.
        """
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(number, self._told_to_stop)
        tasks: list[asyncio.Task[None]] = []
        try:
            if self._cluster:
                await self._start_cluster(self._cluster)
                tasks.append(self._begin(self._keep_cluster(self._cluster)))
            await self._unless_stopped(prepare())
            async with httpx.AsyncClient(timeout=2) as client:
                self._kept = [Kept(program) for program in programs]
                tasks += [self._begin(self._keep(one, client)) for one in self._kept]
                if beside:
                    tasks.append(self._begin(beside()))
                await self._until_ready()
                await self._stop.wait()
                for kept in reversed(self._kept):
                    await self._end(kept)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._end_all()
            state.save(self._data_dir, replace(self._state, supervisor=None, processes={}))
        if self._failure:
            raise self._failure

    def _begin(self, keeping: Coroutine[None, None, None]) -> "asyncio.Task[None]":
        task = asyncio.create_task(keeping)
        task.add_done_callback(self._ended)
        return task

    def _told_to_stop(self) -> None:
        if self._stop.is_set():
            self._hurry.set()
        self._stop.set()

    def _fail(self, trouble: Trouble) -> None:
        self._failure = self._failure or trouble
        self._stop.set()

    async def _unless_stopped(self, work: Awaitable[None]) -> None:
        doing = asyncio.ensure_future(work)
        stopped = asyncio.ensure_future(self._stop.wait())
        await asyncio.wait({doing, stopped}, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        if doing.done():
            doing.result()
            return
        doing.cancel()
        with suppress(asyncio.CancelledError):
            await doing

    async def _start_cluster(self, cluster: Cluster) -> None:
        began = time.monotonic()
        with logs.opened(self._data_dir, "postgres") as log:
            for _ in cluster.starting(log):
                await asyncio.sleep(LOOK_SECONDS)
        if cluster.child:
            self._note("postgres", "ready", cluster.port, cluster.child.pid)
        self._say(_line("postgres", cluster.port, began))

    async def _keep_cluster(self, cluster: Cluster) -> None:
        while True:
            if cluster.child:
                await ended(cluster.child)
            self._say("postgres ended unexpectedly and is started again")
            self._note("postgres", "restarting", cluster.port, None, fell=True)
            try:
                await self._start_cluster(cluster)
            except Trouble as trouble:
                self._fail(trouble)
                return

    async def _keep(self, kept: Kept, client: httpx.AsyncClient) -> None:
        program = kept.program
        while not self._stop.is_set():
            began = time.monotonic()
            with logs.opened(self._data_dir, program.name) as log:
                kept.child = spawn(program.argv, log=log, env=program.env, cwd=program.cwd)
            self._note(program.name, "starting", program.port, kept.child.pid)
            await self._watch(kept, kept.child, client, began)
            if self._stop.is_set():
                return
            end_group(kept.child, signal.SIGKILL)
            kept.falls = 1 if time.monotonic() - began > STEADY_SECONDS else kept.falls + 1
            if not kept.was_ready and kept.falls >= TRIES_AT_START:
                self._fail(self._never_ready(kept))
                return
            delay = _DELAYS[min(kept.falls, len(_DELAYS)) - 1]
            self._note(program.name, "restarting", program.port, None, fell=True)
            self._say(
                f"{program.name} ended with code {kept.child.returncode}; "
                f"it is started again {f'in {delay:g} s' if delay else 'at once'}"
            )
            await asyncio.sleep(delay)

    async def _watch(
        self, kept: Kept, child: Popen[bytes], client: httpx.AsyncClient, began: float
    ) -> None:
        """Follow one process until it ends, noting when it is ready and when it no longer is."""
        program, ready, next_look = kept.program, False, 0.0
        while child.poll() is None:
            if time.monotonic() >= next_look:
                answers = await _answers(client, program.ready)
                if answers != ready and child.poll() is None:
                    ready = answers
                    self._note(
                        program.name, "ready" if ready else "not ready", program.port, child.pid
                    )
                    if ready and not kept.was_ready:
                        self._say(_line(program.name, program.port, began))
                    kept.was_ready = kept.was_ready or ready
                next_look = time.monotonic() + (_READY_LOOK_SECONDS if ready else 0.1)
            await asyncio.sleep(LOOK_SECONDS)

    async def _until_ready(self) -> None:
        while not self._stop.is_set():
            if all(kept.was_ready for kept in self._kept):
                return
            await asyncio.sleep(LOOK_SECONDS)

    async def _end(self, kept: Kept) -> None:
        """Ask a process to finish what it does; kill what is left after the grace."""
        child = kept.child
        if child is None:
            return
        if child.poll() is None:
            self._note(kept.program.name, "ending", kept.program.port, child.pid)
            child.send_signal(signal.SIGTERM)
        ways_to_end = {asyncio.create_task(ended(child)), asyncio.create_task(self._hurry.wait())}
        _, open_ways = await asyncio.wait(
            ways_to_end, timeout=GRACE_SECONDS, return_when=asyncio.FIRST_COMPLETED
        )
        for way in open_ways:
            way.cancel()
        if child.poll() is None:
            self._say(f"{kept.program.name} did not end in time and is killed")
        end_group(child, signal.SIGKILL)
        child.wait()
        self._note(kept.program.name, "ended", kept.program.port, None)

    def _end_all(self) -> None:
        for kept in self._kept:
            if kept.child and kept.child.poll() is None:
                end_group(kept.child, signal.SIGKILL)
                kept.child.wait()
        if self._cluster:
            self._cluster.stop()

    def _never_ready(self, kept: Kept) -> Trouble:
        path = logs.path_of(self._data_dir, kept.program.name)
        said = "\n".join(logs.tail(path, 15))
        return Trouble(
            f"{kept.program.name} ended {kept.falls} times before it was ready. It last said:\n"
            f"{said}",
            f"All it said is in {path}.",
        )

    def _note(
        self, name: str, condition: str, port: int, number: int | None, *, fell: bool = False
    ) -> None:
        before = self._state.processes.get(name)
        try:
            pid = Pid.of(number) if number else None
        except psutil.NoSuchProcess:
            return  # it ended at once; its keeper notices and says so
        restarts = (before.restarts if before else 0) + fell
        noted = ProcessState(name, condition, port, pid, restarts)
        processes = {**self._state.processes, name: noted}
        self._state = replace(self._state, processes=processes)
        try:
            state.save(self._data_dir, self._state)
        except OSError as full:
            self._say(f"the state could not be written down: {full.strerror}")

    def _ended(self, task: "asyncio.Task[None]") -> None:
        """Stop the system when one of its keepers fell over: it is not kept any more."""
        if not task.cancelled() and (error := task.exception()):
            self._fail(Trouble(f"The supervisor failed: {error!r}"))


async def _answers(client: httpx.AsyncClient, url: str) -> bool:
    try:
        return (await client.get(url)).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


def _line(name: str, port: int, began: float) -> str:
    return f"{name:<9} ready on port {port:<5} in {time.monotonic() - began:.1f} s"
