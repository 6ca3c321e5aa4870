"""`python -m sheaf`: the same as the `sheaf` command."""

from sheaf.cli import app

app()
