"""The newest schema is told from the revisions, and only an equal database is left alone."""

from pathlib import Path

from sheaf.migrations import newest, up_to_date

SERVICES = Path(__file__).parents[2] / "services"


def revision(folder, name, before):
    (folder / f"{name}.py").write_text(
        f'"""x"""\nrevision: str = "{name}"\ndown_revision = {before}\n'
    )


def test_the_newest_revision_is_the_one_that_no_other_follows(tmp_path):
    folder = tmp_path / "migrations" / "versions"
    folder.mkdir(parents=True)
    revision(folder, "0002", '"0001"')
    revision(folder, "0001", "None")
    revision(folder, "0003", '"0002"')
    assert newest(tmp_path) == "0003"


def test_a_database_is_up_to_date_only_at_the_newest_revision(cluster):
    cluster.sql("create database customer")
    try:
        assert not up_to_date(cluster, "customer")
        cluster.sql("create table alembic_version (version_num text)", "customer")
        assert not up_to_date(cluster, "customer")
        cluster.sql("insert into alembic_version values ('0000')", "customer")
        assert not up_to_date(cluster, "customer")
        last = newest(SERVICES / "customer")
        cluster.sql(f"update alembic_version set version_num = '{last}'", "customer")
        assert up_to_date(cluster, "customer")
    finally:
        cluster.sql("drop database customer")
