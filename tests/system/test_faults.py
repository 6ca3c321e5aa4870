"""Whatever is killed during an import, starting again and importing again gives the same totals."""

import json
import os
import random
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
VICTIMS = ["customer", "scoring", "campaign", "gateway", "postgres", "supervisor"]


@pytest.fixture(scope="module")
def bank(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bank") / "extract"
    simulator.write_bank(folder, customers=300, months=12, seed=11, as_of=date(2026, 6, 30))
    return folder


@pytest.fixture(scope="module")
def undisturbed(bank, tmp_path_factory):
    with system(tmp_path_factory.mktemp("undisturbed")) as whole:
        whole.sheaf("import", "extract", str(bank))
        return whole.data(TOTALS, institution="SHEAF")


def pid_of(whole, victim) -> int:
    if victim == "supervisor":
        return state.load(whole.data_dir).supervisor.number
    processes = json.loads(whole.sheaf("status", "--json").stdout)["processes"]
    return next(process["pid"] for process in processes if process["name"] == victim)


@pytest.mark.parametrize("victim", VICTIMS)
def test_a_killed_process_changes_no_total(victim, bank, undisturbed, tmp_path):
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")
    with system(tmp_path) as whole:
        pid = pid_of(whole, victim)
        importing = subprocess.Popen(
            [str(SHEAF), "import", "extract", str(bank), "--data-dir", str(tmp_path)],
            env=whole.env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        time.sleep(1.0 + random.Random(seed).random() * 1.5)
        os.kill(pid, signal.SIGKILL)
        importing.communicate(timeout=300)
        whole.sheaf("up", "--detach")
        whole.sheaf("import", "extract", str(bank))
        assert whole.data(TOTALS, institution="SHEAF") == undisturbed
    assert not [
        p for p in psutil.process_iter(["cmdline"]) if str(tmp_path) in str(p.info["cmdline"])
    ]
