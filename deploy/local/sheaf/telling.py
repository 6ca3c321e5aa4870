"""How a command's trouble reaches the terminal: what is wrong and what to do, never a traceback."""

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import typer
from rich.console import Console

from sheaf.trouble import Trouble

P = ParamSpec("P")
R = TypeVar("R")


def told(command: Callable[P, R]) -> Callable[P, R]:
    """Let a command's trouble end it with a message and exit code 1 in place of a traceback."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except Trouble as trouble:
            _say(trouble)
        except OSError as refused:
            if refused.filename is None:
                raise
            _say(_of_a_file(refused))
        raise typer.Exit(1)

    return run


def _of_a_file(refused: OSError) -> Trouble:
    remedy = {
        PermissionError: "It belongs to another user: be that user, or choose another --data-dir.",
        NotADirectoryError: "A folder is needed there: choose another --data-dir.",
    }.get(type(refused), "Put that right, and give the same command again.")
    return Trouble(f"{refused.filename} cannot be used: {refused.strerror}.", remedy)


def _say(trouble: Trouble) -> None:
    stderr = Console(stderr=True)
    stderr.print(trouble.message, markup=False, highlight=False, soft_wrap=True)
    if trouble.remedy:
        stderr.print(trouble.remedy, markup=False, highlight=False, soft_wrap=True)
