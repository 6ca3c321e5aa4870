"""Logs: bounded at each start, read from the end, followed across a rotation."""

from pathlib import Path

from sheaf import logs


def test_a_log_that_has_grown_is_moved_aside_at_the_next_start(tmp_path):
    for word in ("oldest", "older", "old"):
        path = logs.path_of(tmp_path, "scoring")
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(word.encode() + b"x" * logs.LIMIT_BYTES)
        logs.opened(tmp_path, "scoring").close()
    found = {path.name: path.read_bytes()[:6] for path in (tmp_path / "logs").iterdir()}
    assert found == {"scoring.log": b"", "scoring.log.1": b"oldxxx", "scoring.log.2": b"olderx"}


def test_a_short_log_is_appended_to(tmp_path):
    for word in (b"first\n", b"second\n"):
        with logs.opened(tmp_path, "scoring") as log:
            log.write(word)
    assert logs.tail(logs.path_of(tmp_path, "scoring"), 5) == ["first", "second"]
    assert logs.tail(logs.path_of(tmp_path, "scoring"), 1) == ["second"]


def test_following_says_whole_lines_and_goes_on_in_the_new_file(tmp_path):
    path = tmp_path / "one.log"
    path.write_text("before\n")
    steps = iter([
        lambda: path.write_text("before\nhalf"),
        lambda: path.write_text("before\nhalf a line\n"),
        lambda: path.replace(tmp_path / "one.log.1"),
        lambda: path.write_text("new\n"),
        lambda: None,
    ])  # fmt: skip
    said: list[tuple[Path, str]] = []

    def going_on() -> bool:
        step = next(steps, None)
        if step:
            step()
        return step is not None

    logs.follow([path], lambda *line: said.append(line), going_on)
    assert said == [(path, "half a line"), (path, "new")]
