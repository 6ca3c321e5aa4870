"""The embedded PostgreSQL: made, crashed, started again."""

import os
import signal
import subprocess
import sys

import psutil
import pytest
from sheaf.postgres import Cluster
from sheaf.trouble import Trouble


@pytest.fixture(scope="module")
def own():
    """A server of this module's own, which its tests may crash."""
    with Cluster.temporary() as cluster:
        yield cluster


def crash(cluster: Cluster) -> None:
    cluster.child.kill()
    cluster.child.wait()


def restart(cluster: Cluster) -> None:
    with (cluster.where.cluster.parent / "postgres.log").open("ab") as log:
        cluster.start(log)


def test_it_answers_on_loopback_only_and_asks_for_a_password(own):
    assert own.server.sql("SHOW listen_addresses; SHOW unix_socket_directories") == "127.0.0.1"
    stranger = Cluster(own.where, own.port, "wrong").server
    with pytest.raises(Trouble, match="password authentication failed"):
        stranger.sql("SELECT 1")


def test_as_root_it_drops_to_a_system_user(own):
    account = own.where.account
    assert (account is None) == (os.getuid() != 0)
    expected = account.uid if account else os.getuid()
    assert psutil.Process(own.child.pid).uids() == (expected, expected, expected)
    assert expected != 0


def test_after_a_crash_it_starts_again_and_has_kept_what_was_committed(own):
    own.server.sql("CREATE TABLE kept (n int); INSERT INTO kept VALUES (7)")
    crash(own)
    restart(own)
    assert own.server.sql("SELECT n FROM kept; DROP TABLE kept") == "7"


def test_a_lock_file_that_names_another_program_is_forgotten(own):
    crash(own)
    lock = own.where.cluster / "postmaster.pid"
    lines = lock.read_text().splitlines()
    lock.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    restart(own)
    assert own.server.sql("SELECT 1") == "1"


def test_a_server_that_outlived_its_supervisor_is_ended_first(own):
    first = own.child
    again = Cluster(own.where, own.port, own.server.password, durable=False)
    with (own.where.cluster.parent / "postgres.log").open("ab") as log:
        again.start(log)
    own.child = again.child
    assert first.poll() is not None
    assert own.server.sql("SELECT 1") == "1"


def test_each_service_enters_its_own_database_only(own):
    for name in ("first", "second"):
        own.server.ensure_role(name, "word")
        own.server.ensure_role(f"{name}_owner", "word")
        own.server.ensure_database(name, f"{name}_owner", name)
    first = type(own.server)("127.0.0.1", own.port, "first", "word", own.server.psql)
    assert first.sql("SELECT 1", "first") == "1"
    with pytest.raises(Trouble, match="permission denied for database"):
        first.sql("SELECT 1", "second")
    with pytest.raises(Trouble, match="permission denied to create database"):
        first.sql("CREATE DATABASE third", "first")


def test_a_directory_of_another_major_version_is_refused_in_words(own):
    version = own.where.cluster / "PG_VERSION"
    right = version.read_text()
    version.write_text("15\n")
    try:
        with pytest.raises(
            Trouble, match=r"made by PostgreSQL 15; this Sheaf brings PostgreSQL 18"
        ):
            own.create()
    finally:
        version.write_text(right)


def test_it_ends_with_the_process_that_started_it():
    script = (
        "import time\n"
        "from sheaf.postgres import Cluster\n"
        "with Cluster.temporary() as cluster:\n"
        "    print(cluster.child.pid, cluster.where.cluster.parent, flush=True)\n"
        "    time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as starter:
        number, home = starter.stdout.readline().decode().split()
        server = psutil.Process(int(number))
        starter.send_signal(signal.SIGKILL)
    gone, _ = psutil.wait_procs([server], timeout=10)
    ended = bool(gone) or server.status() == psutil.STATUS_ZOMBIE
    subprocess.run(["rm", "-rf", home], check=True)
    assert ended
