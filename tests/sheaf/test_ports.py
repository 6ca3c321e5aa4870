"""Ports: the usual ones or free ones at first, the same ones for ever after."""

import os
import socket

import pytest
from sheaf import ports
from sheaf.trouble import Trouble


@pytest.fixture
def taken():
    """A port that this very process listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def test_the_first_choice_is_free_and_all_different():
    chosen = ports.choose({}, None)
    assert list(chosen) == ["gateway", "customer", "scoring", "campaign", "postgres"]
    assert len(set(chosen.values())) == 5
    assert all(ports.is_free(port) for port in chosen.values())


def test_ports_of_the_last_run_are_kept():
    known = {name: ports.free() for name in ports.WANTED}
    assert ports.choose(known, None) == known


def test_a_wished_gateway_port_wins_over_the_known_one():
    known = {name: ports.free() for name in ports.WANTED}
    wished = ports.free()
    assert ports.choose(known, wished) == known | {"gateway": wished}


def test_a_port_that_only_the_system_uses_is_moved_when_it_is_taken(taken):
    known = {name: ports.free() for name in ports.WANTED}
    chosen = ports.choose(known | {"scoring": taken}, None)
    assert chosen["scoring"] != taken
    assert chosen == known | {"scoring": chosen["scoring"]}


@pytest.mark.parametrize("known", [{}, {"gateway": 1}])
def test_the_gateways_port_in_use_is_named_with_who_holds_it_and_what_to_do(taken, known):
    with pytest.raises(Trouble) as refused:
        ports.choose(known, taken)
    message = f"Port {taken}, which the gateway listens on, is in use by "
    assert refused.value.message.startswith(message)
    assert f"(pid {os.getpid()})" in refused.value.message
    assert refused.value.remedy == ("End that program, or choose another one with `--port PORT`.")


def test_no_two_programs_get_the_same_port(monkeypatch):
    offered = iter([50001, 50001, 50001, 50002, 50003, 50003, 50004, 50005])
    monkeypatch.setattr(ports, "free", lambda: next(offered))
    monkeypatch.setattr(ports, "is_free", lambda port: port > 50000)
    chosen = ports.choose({}, None)
    assert sorted(chosen.values()) == [50001, 50002, 50003, 50004, 50005]
