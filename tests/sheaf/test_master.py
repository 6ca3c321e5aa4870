"""The file of master keys: private, kept, and good enough for the service that opens it."""

import json
import stat

import pytest
from customer.vault.master import MasterKeys as Opened
from sheaf.master import MasterKeys
from sheaf.system import make_keys, rotate_keys
from sheaf.trouble import Trouble


def test_the_first_key_is_made_once_and_for_its_owner_alone(tmp_path):
    make_keys(tmp_path)
    file = MasterKeys(tmp_path).file
    before = file.read_text()
    make_keys(tmp_path)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.read_text() == before
    assert Opened(file).ids == ["master-1"]


def test_a_new_key_comes_last_and_the_others_stay(tmp_path):
    keys = MasterKeys(tmp_path)
    keys.ensure()
    name, wrapped = Opened(keys.file).wrap(b"secret", "here")
    first = json.loads(keys.file.read_text())["keys"][0]
    assert keys.add() == "master-2"
    assert keys.add() == "master-3"
    assert json.loads(keys.file.read_text())["keys"][0] == first
    opened = Opened(keys.file)
    assert (opened.ids, opened.current) == (["master-1", "master-2", "master-3"], "master-3")
    assert opened.unwrap(name, wrapped, "here") == b"secret"


def test_without_a_key_or_a_running_system_there_is_nothing_to_replace(tmp_path):
    with pytest.raises(Trouble, match="no key to replace"):
        MasterKeys(tmp_path).add()
    make_keys(tmp_path)
    before = MasterKeys(tmp_path).file.read_text()
    with pytest.raises(Trouble, match="not running"):
        rotate_keys(tmp_path)
    assert MasterKeys(tmp_path).file.read_text() == before
