"""The supergraph: composed the same each time, nothing lost, and a broken file is survived."""

import json
import shutil
import time

import pytest

import gateway

LINK = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])\n'


@pytest.fixture
def write(tmp_path):
    def write_one(name, sdl):
        path = tmp_path / f"{name}.graphql"
        path.write_text(LINK + sdl)
        return f"{name}={path}"

    return write_one


def test_composing_twice_gives_the_same_file_whatever_the_order(compose, write, tmp_path):
    one = write("one", 'type Query { a: A } type A @key(fields: "id") { id: ID! x: Int! }')
    two = write("two", 'type Query { b: Int } type A @key(fields: "id") { id: ID! y: Int }')
    first, second = tmp_path / "first", tmp_path / "second"
    assert compose("--out", first, one, two).returncode == 0
    assert compose("--out", second, two, one).returncode == 0
    assert first.read_bytes() == second.read_bytes()
    assert "already up to date" in compose("--out", first, one, two).stdout
    assert compose("--check", "--out", first, one, two).returncode == 0


def test_drift_is_told_with_the_command_that_mends_it(compose, write, tmp_path):
    out = tmp_path / "out"
    assert (
        "is missing"
        in compose("--check", "--out", out, write("one", "type Query { a: Int }")).stderr
    )
    compose("--out", out, write("one", "type Query { a: Int }"))
    drifted = compose("--check", "--out", out, write("one", "type Query { a: Int b: Int }"))
    assert drifted.returncode == 1
    assert "does not match the services' schema.graphql" in drifted.stderr
    assert "Run 'node gateway/compose.mjs'" in drifted.stderr


def test_an_entity_that_nothing_reaches_is_not_lost(compose, write, tmp_path):
    one = write("one", "type Query { a: Int }")
    two = write("two", 'type Query { b: Int } type Lonely @key(fields: "id") { id: ID! c: Int }')
    assert compose("--out", tmp_path / "out", one, two).returncode == 0
    assert "type Lonely" in (tmp_path / "out").read_text()


def test_an_entity_may_be_strict_in_one_service_only(compose, write, tmp_path):
    one = write("one", 'type Query { a: A } type A @key(fields: "id") { id: ID! x: Int! }')
    two = write("two", 'type Query { b: Int } type A @key(fields: "id") { id: ID! y: Int! }')
    done = compose("--out", tmp_path / "out", one, two)
    assert done.returncode == 1
    assert "A has non-null fields in several services: one (x); two (y)" in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_fault_in_an_sdl_names_its_file_and_line(compose, write, tmp_path):
    done = compose("--out", tmp_path / "out", write("one", "type Query {"))
    assert done.returncode == 1
    assert f"{tmp_path}/one.graphql:2:13 Syntax Error" in done.stderr


def test_a_conflict_between_services_is_told(compose, write, tmp_path):
    one = write("one", 'type Query { a: A } type A @key(fields: "id") { id: ID! }')
    two = write("two", 'type Query { a: A } type A @key(fields: "id") { id: ID! }')
    done = compose("--out", tmp_path / "out", one, two)
    assert done.returncode == 1
    assert 'Non-shareable field "Query.a"' in done.stderr


@pytest.mark.skipif(not gateway.supergraph().exists(), reason="the services have no SDL yet")
def test_the_committed_supergraph_matches_the_services(compose):
    done = compose("--check")
    assert done.returncode == 0, done.stderr


BREAKAGES = {
    "empty": lambda _: "",
    "half": lambda whole: whole[: len(whole) // 2],
    "cut between two types": lambda whole: whole[: whole.rindex("\ntype ")],
    "no schema at all": lambda _: "no schema at all",
    "edited by hand": lambda whole: whole.replace("whoami: String", "whoami: Int"),
}


def served_until(router, query, wanted, seconds=10):
    """Ask again and again (the file is looked at every two seconds, when somebody asks)."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if wanted(router.ask(query)):
            return True
        time.sleep(0.1)
    return False


@pytest.mark.parametrize("breakage", BREAKAGES)
def test_a_router_does_not_start_with_a_supergraph_that_is(breakage, start, supergraph, tmp_path):
    served = tmp_path / "supergraph.graphql"
    served.write_text(BREAKAGES[breakage](supergraph.read_text("utf-8")))
    router = start(wait=False, GATEWAY_SUPERGRAPH=served)
    assert router.process.wait(timeout=20) == 1
    assert f"The supergraph {served} cannot be used: " in router.log


def test_a_half_written_supergraph_is_survived_and_the_next_good_one_served(
    start, bank, supergraph, compose, tmp_path, folder
):
    served = tmp_path / "supergraph.graphql"
    shutil.copy(supergraph, served)
    router = start(GATEWAY_SUPERGRAPH=served)
    who, news = "query Who { whoami }", "query News { newcomers }"
    served.write_text(BREAKAGES["half"](served.read_text("utf-8")))
    assert served_until(router, who, lambda _: "still serving the last good one" in router.log)
    assert "errors" not in router.ask(who)
    served.unlink()
    assert "errors" not in router.ask(who)

    grown = tmp_path / "customer.graphql"
    grown.write_text(
        (folder / "customer.graphql").read_text().replace("whoami:", "newcomers: Int whoami:")
    )
    others = [f"{name}={folder / name}.graphql" for name in ("scoring", "campaign")]
    assert compose("--out", served, f"customer={grown}", *others).returncode == 0
    known = "GRAPHQL_VALIDATION_FAILED"
    assert served_until(router, news, lambda answer: known not in str(answer))
    assert "Serving the changed supergraph" in router.log
    assert router.process.poll() is None


def test_every_trusted_document_fits_the_supergraph(start, issuer):
    router = start(GATEWAY_SUPERGRAPH=gateway.supergraph(), GATEWAY_DOCUMENTS=gateway.manifest())
    refused = {"GRAPHQL_VALIDATION_FAILED", "DOCUMENT_TOO_LARGE", "DOCUMENT_NOT_TRUSTED"}
    for digest, trusted in json.loads(gateway.manifest().read_text("utf-8")).items():
        for channel in trusted["channels"]:
            headers = {"authorization": f"Bearer {issuer.token(channel=channel)}"}
            named = {"persistedQuery": {"sha256Hash": digest}}
            answer = router.ask(None, headers=headers, extensions=named)
            codes = {error["extensions"]["code"] for error in answer.get("errors", [])}
            assert codes.isdisjoint(refused), (channel, trusted["operation"], answer)
