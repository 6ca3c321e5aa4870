"""`sheaf demo`."""

from pathlib import Path

from rich.console import Console


def run(data_dir: Path, console: Console, *, once: bool) -> None:
    """Show."""
