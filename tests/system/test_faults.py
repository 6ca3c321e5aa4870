"""Whatever is killed during an import, starting again and importing again gives the same totals."""

import json
import os
import random
import shutil
import signal
import subprocess
import time
from datetime import date

import psutil
import pytest
from sheaf import state

import simulator
from tests.system.system import SHEAF, system

pytestmark = pytest.mark.system
TOTALS = """{
  institution { counts { customers accounts loans cards } }
  bankContribution(from: "2025-07", to: "2026-06") {
    customers accounts months { month total { amount } lines { line amount { amount } } }
  }
  tiers { code customers }
}"""
CODE = "SHEAF"
VICTIMS = ["customer", "scoring", "campaign", "gateway", "postgres", "supervisor"]


@pytest.fixture(scope="module")
def banks(tmp_path_factory):
    """The same bank under the code of each victim, and under one whose import nothing disturbs."""
    folder = tmp_path_factory.mktemp("banks")
    simulator.write_bank(folder / CODE, customers=300, months=12, seed=11, as_of=date(2026, 6, 30))
    for code in map(str.upper, VICTIMS):
        shutil.copytree(folder / CODE, folder / code)
        for name in ("extract.json", "institutions.csv"):
            text = (folder / code / name).read_text("utf-8")
            assert text.count(CODE) == 1
            (folder / code / name).write_text(text.replace(CODE, code), "utf-8")
    return folder


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """One system for all of them; at the end nothing that ran in it is left."""
    folder = tmp_path_factory.mktemp("faults")
    with system(folder) as running:
        yield running
    assert not [
        p for p in psutil.process_iter(["cmdline"]) if str(folder) in str(p.info["cmdline"])
    ]


@pytest.fixture(scope="module")
def undisturbed(banks, whole):
    whole.sheaf("import", "extract", str(banks / CODE))
    return whole.data(TOTALS, institution=CODE)


def pid_of(whole, victim) -> int:
    if victim == "supervisor":
        return state.load(whole.data_dir).supervisor.number
    processes = json.loads(whole.sheaf("status", "--json").stdout)["processes"]
    return next(process["pid"] for process in processes if process["name"] == victim)


@pytest.mark.parametrize("victim", VICTIMS)
def test_a_killed_process_changes_no_total(victim, banks, whole, undisturbed):
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")
    code = victim.upper()
    pid = pid_of(whole, victim)
    importing = subprocess.Popen(
        [str(SHEAF), "import", "extract", str(banks / code), "--data-dir", str(whole.data_dir)],
        env=whole.env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    time.sleep(1.0 + random.Random(seed).random() * 1.5)
    assert importing.poll() is None
    os.kill(pid, signal.SIGKILL)
    importing.communicate(timeout=300)
    whole.sheaf("up", "--detach")
    whole.sheaf("import", "extract", str(banks / code))
    for one in (code, CODE):
        assert whole.data(TOTALS, institution=one) == undisturbed
