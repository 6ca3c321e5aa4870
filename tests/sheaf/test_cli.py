"""What an operator reads when something is not as it should be."""

import subprocess
import sys

import jwt
import psutil
import pytest
from sheaf import institutions, issuer, state, system
from sheaf.system import hold, summed_up
from sheaf.trouble import Trouble


def sheaf(*words):
    return subprocess.run(
        [sys.executable, "-m", "sheaf", *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    "words", [["status"], ["recompute", "--institution", "B"], ["query", "/dev/null"]]
)
def test_commands_that_need_a_running_system_say_how_to_start_it(tmp_path, words):
    done = sheaf(*words, "--data-dir", tmp_path)
    assert done.returncode == 1
    assert done.stderr == "Sheaf is not running; start it with `sheaf up --detach`.\n"


def test_down_without_a_running_system_is_no_failure(tmp_path):
    done = sheaf("down", "--data-dir", tmp_path)
    assert (done.returncode, done.stdout.strip()) == (0, f"Nothing runs in {tmp_path}.")


def test_up_twice_says_where_it_runs_and_succeeds(tmp_path):
    mine = state.Pid.of(psutil.Process().pid)
    state.save(tmp_path, state.State({"gateway": 4321}, "", mine))
    done = sheaf("up", "--data-dir", tmp_path)
    assert done.returncode == 0
    assert done.stdout == (
        "Sheaf already runs: GraphQL is at http://127.0.0.1:4321/graphql, "
        "a page to try it at http://127.0.0.1:4321/\n"
    )


def test_two_starts_at_once_do_not_share_a_data_directory(tmp_path):
    with (tmp_path / "lock").open("w") as first, (tmp_path / "lock").open("w") as second:
        hold(first, tmp_path)
        with pytest.raises(Trouble, match="Sheaf already runs in"):
            hold(second, tmp_path)


def test_a_full_disk_is_refused_before_anything_starts(tmp_path, monkeypatch):
    monkeypatch.setattr(system, "NEEDED_MEGABYTES", 10**9)
    with pytest.raises(Trouble, match="MB free; Sheaf needs at least") as refused:
        system.System(tmp_path).run(tmp_path / "node", print)
    assert "--data-dir" in refused.value.remedy


def test_variables_that_are_no_json_are_refused(tmp_path):
    mine = state.Pid.of(psutil.Process().pid)
    state.save(tmp_path, state.State({"gateway": 4321}, "", mine))
    done = sheaf("query", "/dev/null", "--variables", "{", "--data-dir", tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("--variables is not JSON: ")


def test_a_document_that_is_no_text_is_refused(tmp_path):
    document = tmp_path / "customer.graphql"
    document.write_bytes(b"\xff\xfe\x00")
    done = sheaf("query", document, "--data-dir", tmp_path)
    assert (done.returncode, done.stderr) == (
        1,
        f"{document} is no GraphQL document: it is not UTF-8 text.\n",
    )


def test_a_caller_of_the_only_institution_need_not_name_it(tmp_path):
    issuer.Issuer(tmp_path).ensure()
    words = ("token", "--role", "teller", "--channel", "counter", "--data-dir", tmp_path)
    none_loaded = sheaf(*words)
    assert none_loaded.returncode == 1
    assert none_loaded.stderr.startswith("No institution is loaded")
    institutions.note(tmp_path, "ONE")
    signed = jwt.decode(sheaf(*words).stdout.strip(), options={"verify_signature": False})
    assert signed["institution"] == "ONE"
    institutions.note(tmp_path, "TWO")
    assert sheaf(*words).stderr == (
        "Several institutions are loaded.\nName one with --institution: ONE, TWO.\n"
    )


@pytest.mark.parametrize("words", [["status"], ["down"], ["up", "--detach"]])
def test_a_data_directory_that_is_none_is_named_without_a_traceback(tmp_path, words):
    (tmp_path / "file").touch()
    done = sheaf(*words, "--data-dir", tmp_path / "file")
    assert done.returncode == 1
    assert done.stderr == (
        f"{tmp_path}/file/state.json cannot be used: Not a directory.\n"
        "A folder is needed there: choose another --data-dir.\n"
    )


def test_logs_that_were_never_written_are_no_silence(tmp_path):
    done = sheaf("logs", "--data-dir", tmp_path)
    assert (done.returncode, done.stderr) == (
        1,
        f"There are no logs in {tmp_path}.\n`sheaf up` writes them.\n",
    )


def test_a_log_that_is_not_there_is_named_with_those_that_are(tmp_path):
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "scoring.log").write_text("first\nlast\n")
    done = sheaf("logs", "score", "--data-dir", tmp_path)
    assert (done.returncode, done.stderr) == (
        1,
        f"There is no log named 'score'.\nLogs in {tmp_path}: scoring.\n",
    )
    assert sheaf("logs", "scoring", "--lines", 1, "--data-dir", tmp_path).stdout == "last\n"


@pytest.mark.parametrize(
    ("found", "code"),
    [
        ([0, 0, 0], 0),
        ([0, 3, 3], 0),
        ([3, 3, 3], 3),
        ([0, 1, 3], 1),
        ([2, 3, 0], 2),
        ([1, 2, 0], 1),
        ([0, -9, 0], -9),
        ([], 3),
    ],
)
def test_an_audit_is_well_where_a_chain_was_verified_and_none_is_amiss(found, code):
    assert summed_up(found) == code
