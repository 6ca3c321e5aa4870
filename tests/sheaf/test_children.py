"""What a started process is told."""

import sys

from sheaf.children import spawn


def test_a_child_keeps_compiled_python_whatever_its_caller_was_told(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    with (tmp_path / "log").open("wb") as log:
        argv = [sys.executable, "-S", "-c", "import sys; print(sys.dont_write_bytecode)"]
        assert spawn(argv, log=log).wait() == 0
    assert (tmp_path / "log").read_text() == "False\n"
