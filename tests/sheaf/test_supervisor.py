"""The supervisor over real processes: order, crashes, restarts, endings, no orphans."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import psutil
import pytest
from sheaf import ports, state
from sheaf.system import recover

SCRIPT = str(Path(__file__).parent / "supervised.py")


class Run:
    """A supervisor in a process of its own."""

    def __init__(self, data_dir: Path, *words: str) -> None:
        self.data_dir = data_dir
        self.ports = [ports.free(), ports.free()]
        argv = [sys.executable, SCRIPT, str(data_dir), *map(str, self.ports), *words]
        self.process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)

    def state(self, name: str) -> state.ProcessState:
        return state.load(self.data_dir).processes[name]

    def until(self, holds, seconds=10.0):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.process.poll() is not None or holds(state.load(self.data_dir)):
                return
            time.sleep(0.02)
        pytest.fail(f"not within {seconds} s: {state.load(self.data_dir)}")

    def until_ready(self):
        self.until(state.State.ready)

    def end(self, how=signal.SIGTERM) -> str:
        self.process.send_signal(how)
        said, _ = self.process.communicate(timeout=20)
        return said


@pytest.fixture
def start(tmp_path):
    begun: list[Run] = []

    def make(*words: str) -> Run:
        begun.append(Run(tmp_path, *words))
        return begun[-1]

    yield make
    for run in begun:
        if run.process.poll() is None:
            run.process.kill()
        run.process.communicate()


def gone(number: int, seconds: float = 5.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if psutil.Process(number).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.02)
    return False


def test_it_prepares_starts_in_order_and_notes_what_runs(start):
    run = start()
    run.until_ready()
    known = state.load(run.data_dir)
    assert known.alive()
    assert known.supervisor.number == run.process.pid
    assert [one.name for one in known.processes.values()] == ["first", "second"]
    assert [one.restarts for one in known.processes.values()] == [0, 0]
    lines = run.end().splitlines()
    assert lines[0] == "prepared"
    assert sorted(line.split()[0] for line in lines[1:]) == ["first", "second"]


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_told_to_end_it_asks_every_program_and_leaves_none(start, how):
    run = start()
    run.until_ready()
    numbers = [one.pid.number for one in state.load(run.data_dir).processes.values()]
    run.end(how)
    assert run.process.returncode == 0
    assert all(gone(number) for number in numbers)
    for name in ("first", "second"):
        assert "asked to end" in (run.data_dir / "logs" / f"{name}.log").read_text()
    after = state.load(run.data_dir)
    assert after.supervisor is None
    assert after.processes == {}
    assert list(after.ports.values()) == run.ports


def test_a_program_that_does_not_end_in_time_is_killed(start):
    run = start("stubborn")
    run.until_ready()
    numbers = [one.pid.number for one in state.load(run.data_dir).processes.values()]
    run.process.terminate()
    run.until(lambda known: known.processes["second"].state == "ending")
    assert run.state("first").state == "ready"
    said, _ = run.process.communicate(timeout=20)
    assert "first did not end in time and is killed" in said
    assert all(gone(number) for number in numbers)


def test_a_program_that_falls_is_started_again_at_once(start):
    run = start()
    run.until_ready()
    before = run.state("first").pid
    with pytest.raises(httpx.HTTPError):
        httpx.get(f"http://127.0.0.1:{run.ports[0]}/fall")
    run.until(lambda known: known.ready() and known.processes["first"].pid != before)
    assert run.state("first").restarts == 1
    assert run.state("second").restarts == 0
    assert "first ended with code 3; it is started again at once" in run.end()


def test_what_a_killed_program_had_started_is_killed_with_it(start):
    run = start("parent")
    run.until_ready()
    process = psutil.Process(run.state("first").pid.number)
    (grandchild,) = process.children()
    process.kill()
    assert gone(grandchild.pid)
    run.until_ready()
    run.end()


def test_what_programs_of_a_killed_supervisor_had_started_is_ended_at_the_next_start(start):
    run = start("parent")
    run.until_ready()
    programs = [psutil.Process(run.state(name).pid.number) for name in ("first", "second")]
    grandchildren = [child.pid for program in programs for child in program.children()]
    run.process.kill()
    run.process.wait()
    assert all(gone(program.pid) for program in programs)
    recover(state.load(run.data_dir))
    assert len(grandchildren) == 2
    assert all(gone(number) for number in grandchildren)


def test_a_killed_supervisor_takes_its_programs_with_it(start):
    run = start()
    run.until_ready()
    numbers = [one.pid.number for one in state.load(run.data_dir).processes.values()]
    run.process.kill()
    run.process.wait()
    assert all(gone(number) for number in numbers)
    stale = state.load(run.data_dir)
    assert not stale.alive()
    assert recover(stale).processes == {}
    assert recover(stale).ports == stale.ports


def test_a_program_that_never_becomes_ready_ends_the_start_with_its_last_words(start):
    run = start("second-fails")
    said, _ = run.process.communicate(timeout=20)
    assert run.process.returncode == 1
    assert "second ended 3 times before it was ready. It last said:\nit cannot work" in said
    assert state.load(run.data_dir).processes == {}
    assert "asked to end" in (run.data_dir / "logs" / "first.log").read_text()
