"""An import: order, rejects, the same again, faults of the services, a full disk."""

import errno
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
from io import StringIO

import jwt
import pytest
from rich.console import Console
from sheaf.extract.importer import import_extract
from sheaf.extract.problems import ExtractRefused, ImportStopped

IMPORT = """
import sys
from pathlib import Path
from rich.console import Console
from sheaf.extract.importer import import_extract
from sheaf.running import Running
url = sys.argv[3]
urls = dict.fromkeys(("customer", "scoring", "campaign"), url)
import_extract(Running(Path(sys.argv[1]), urls), Path(sys.argv[2]), Console(quiet=True))
"""


def load(system, folder, **options):
    return import_extract(system, folder, Console(file=StringIO(), width=120), **options)


def counts(report):
    return {k.kind: (k.rows, k.accepted, k.unchanged, k.parked, k.rejected) for k in report.kinds}


def test_kinds_go_in_load_order_as_the_institutions_loader(system, services, bank):
    report = load(system, bank())
    assert services.batches == [
        ("institutions", 1),
        ("branches", 1),
        ("customers", 3),
        ("postings", 3),
    ]
    assert services.records["customers"]["c1"] == {
        "number": "c1",
        "kind": "individual",
        "name": "Liu, 1",
        "branch_code": "N1",
        "since": "2020-01-01",
    }
    assert counts(report)["customers"] == (3, 3, 0, 0, 0)
    (bearer,) = services.tokens
    claims = jwt.decode(bearer, options={"verify_signature": False})
    assert (claims["role"], claims["institution"]) == ("loader", "B")


def test_bad_rows_are_reported_with_line_and_reason_and_the_rest_goes_in(system, services, bank):
    report = load(system, bank(customers=5, nowhere=[1], broken=[3]))
    assert counts(report)["customers"] == (5, 3, 0, 0, 2)
    assert sorted(services.records["customers"]) == ["c0", "c2", "c4"]
    assert report.rejected == 2
    assert report.rejects.parent.parent == system.data_dir / "imports"
    assert (report.rejects / "customers.csv").read_text() == (
        "file,line,code,reason,row\n"
        "customers.csv,3,BRANCH_NOT_FOUND,branch 'NOWHERE' is not known,"
        '"c1,individual,""Liu, 1"",NOWHERE,2020-01-01"\n'
        "customers.csv,5,BROKEN_QUOTE,a quote opens or closes out of place,"
        '"c3,individual,""Liu"\n'
    )
    assert [file.name for file in report.rejects.iterdir()] == ["customers.csv"]
    assert (report.rejects / "customers.csv").stat().st_mode & 0o077 == 0


def test_the_same_import_again_sends_nothing_and_reports_unchanged(system, services, bank):
    folder = bank()
    load(system, folder)
    services.batches.clear()
    again = load(system, folder)
    assert services.batches == []
    assert counts(again)["customers"] == (3, 0, 3, 0, 0)
    assert {kind.note for kind in again.kinds} == {"as before"}


def test_asked_again_everything_is_sent_and_unchanged(system, services, bank):
    folder = bank()
    load(system, folder)
    report = load(system, folder, again=True)
    assert len(services.batches) == 8
    assert counts(report)["postings"] == (3, 0, 3, 0, 0)


def test_changed_content_is_a_new_file(system, services, bank):
    load(system, bank())
    report = load(system, bank(postings=4))
    assert counts(report)["postings"] == (4, 1, 3, 0, 0)
    assert counts(report)["customers"] == (3, 0, 3, 0, 0)


def test_a_fresh_database_gets_everything(system, services, bank):
    folder = bank()
    load(system, folder)
    services.records.clear()
    services.epoch = "7000000000000000002:1"
    load(system, folder)
    assert services.count() == {"institutions": 1, "branches": 1, "customers": 3, "postings": 3}


def test_a_file_with_rejects_is_tried_again_since_the_cause_may_be_gone(system, services, bank):
    folder = bank(customers=3, nowhere=[1])
    load(system, folder)
    services.batches.clear()
    report = load(system, folder)
    assert services.batches == [("customers", 3)]
    assert counts(report)["customers"] == (3, 0, 2, 0, 1)
    assert (report.rejects / "customers.csv").read_text().count("\n") == 2


@pytest.mark.parametrize(("crash_at", "sent_after"), [(3, 8), (6, 5), (9, 8)])
def test_a_killed_import_continues_and_ends_as_if_never_killed(
    system, services, bank, crash_at, sent_after
):
    folder = bank(customers=17_000, postings=17_000, nowhere=[1, 5_001, 16_000], broken=[7, 9_999])
    processes = []
    known = threading.Event()

    def kill(_kind, number):
        if number == crash_at:
            known.wait(10)
            os.kill(processes[0].pid, signal.SIGKILL)

    services.on_batch = kill
    command = [sys.executable, "-c", IMPORT, system.data_dir, folder, system.urls["customer"]]
    with subprocess.Popen(command) as process:
        processes.append(process)
        known.set()
        assert process.wait(30) == -signal.SIGKILL
    services.on_batch = lambda _kind, _number: None
    before = len(services.batches)
    report = load(system, folder)
    assert services.count() == {
        "institutions": 1,
        "branches": 1,
        "customers": 16_995,
        "postings": 17_000,
    }
    rejects = (report.rejects / "customers.csv").read_text().splitlines()
    assert [int(line.split(",")[1]) for line in rejects[1:]] == [3, 9, 5_003, 10_001, 16_002]
    assert counts(report)["customers"][0] == 17_000
    # what was acknowledged is not sent once more, but for a whole file that has rejects
    assert len(services.batches) - before <= sent_after


def test_a_service_that_restarts_is_waited_for(services, serve, away, bank):
    port = serve()
    system = away(port)
    services.statuses[:] = [503, 502, 504, 500]
    report = load(system, bank())
    assert counts(report)["institutions"] == (1, 1, 0, 0, 0)
    assert services.statuses == []


def test_a_service_that_is_down_is_waited_for(services, serve, away, bank):
    port = free_port()
    system = away(port)
    later = threading.Timer(0.7, serve, [port])
    later.start()
    try:
        report = load(system, bank())
    finally:
        later.join()
    assert counts(report)["postings"] == (3, 3, 0, 0, 0)


def test_a_service_that_stays_away_stops_the_import_with_advice(away, bank):
    with pytest.raises(ImportStopped) as stopped:
        load(away(free_port()), bank(), patience_seconds=0.3)
    assert str(stopped.value) == (
        "The customer service did not take the records: it cannot be reached (ConnectError).\n"
        "Run `sheaf up`, then the same import again; it continues where it stopped."
    )


def test_a_request_refused_as_a_whole_stops_at_once(system, services, bank):
    services.statuses[:] = [403]
    with pytest.raises(ImportStopped) as stopped:
        load(system, bank())
    assert str(stopped.value) == (
        "The customer service refused /ingest/institutions: 403, Not now.\n"
        "Nothing of that batch went in."
    )


def test_an_expired_token_is_renewed_once(system, services, bank):
    services.statuses[:] = [401]
    load(system, bank())
    assert len(services.tokens) == 2


def test_nothing_is_sent_when_any_header_is_wrong(system, services, bank):
    folder = bank()
    (folder / "postings.csv").write_text("id;account_number\n")
    with pytest.raises(ExtractRefused):
        load(system, folder)
    assert services.batches == []


def test_too_many_rejects_stop_the_import(system, services, bank):
    with pytest.raises(ImportStopped) as stopped:
        load(system, bank(customers=5, nowhere=[1, 2, 3]), rejects_limit=2)
    assert str(stopped.value).startswith(
        "customers.csv: more rows were rejected than the limit allows, last: line 5.\n"
    )
    assert "postings" not in services.records


def test_two_imports_at_once_are_refused(system, services, bank):
    folder = bank()
    refused = []

    def second(_kind, number):
        if number == 1:
            with pytest.raises(ImportStopped) as stopped:
                load(system, folder)
            refused.append(str(stopped.value))

    services.on_batch = second
    load(system, folder)
    assert refused == ["Another import runs on this data directory.\nWait until it has finished."]


def test_a_full_disk_stops_the_import_and_leaves_nothing_half_written(system, services, bank):
    folder = bank(customers=9_000, nowhere=range(9_000))
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    try:
        with pytest.raises(ImportStopped) as stopped:
            load(system, folder)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)
    assert f"cannot be written: {os.strerror(errno.EFBIG)}." in str(stopped.value)
    assert not list(system.data_dir.rglob(".*.draft"))
    report = load(system, folder)
    assert (report.rejects / "customers.csv").read_text().count("\n") == 9_001


def test_the_report_tells_every_kind_and_where_the_rejects_are(system, bank):
    report = load(system, bank(customers=1_200, nowhere=[1]))
    text = StringIO()
    report.show(Console(file=text, width=100))
    lines = text.getvalue().splitlines()
    assert lines[1].split("┃")[1:-1] == [
        " kind         ", "  rows ", " accepted ", " unchanged ", " parked ", " rejected ",
        " seconds ",
    ]  # fmt: skip
    assert next(line for line in lines if "customers" in line).split("│")[2:7] == [
        " 1,200 ", "    1,199 ", "         0 ", "      0 ", "        1 ",
    ]  # fmt: skip
    assert lines[-2] == "1 rows were rejected; each stands with its reason in"
    assert lines[-1] == str(report.rejects)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
