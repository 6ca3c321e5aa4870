"""The scoring service as a process: `python -m scoring serve|migrate|sdl|archive`, and more.

`scheme-schema` prints the JSON Schema of a scheme; `check-scheme FILE` reads one (`-` is what comes
in) and prints a line for each thing that is wrong with it, exit code 1, or that it can be read.
`price FOLDER --from YYYY-MM --to YYYY-MM` prices a bank extract with the engine, and no database.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from kit.process import main


def check_scheme(arguments: Sequence[str]) -> int:
    """Say what is wrong with the scheme in a file."""
    from scoring.operations.scheme_text import findings  # noqa: PLC0415  (serving has no need)

    if len(arguments) != 1:
        sys.exit("usage: python -m scoring check-scheme FILE, or - to read it")
    try:
        raw = sys.stdin.buffer.read() if arguments[0] == "-" else Path(arguments[0]).read_bytes()
        found = findings(raw.decode())
    except OSError as unreadable:
        sys.exit(f"{arguments[0]} cannot be read: {unreadable.strerror}.")
    except UnicodeDecodeError:
        sys.exit(f"{arguments[0]} is no scheme: it is not UTF-8 text.")
    for one in found:
        sys.stdout.write(f"{one}\n")
    if not found:
        sys.stdout.write("The scheme can be read.\n")
    return 1 if found else 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["archive"]:
        from scoring.app import archive

        sys.exit(archive(sys.argv[2:]))
    if sys.argv[1:2] == ["check-scheme"]:
        sys.exit(check_scheme(sys.argv[2:]))
    if sys.argv[1:2] == ["price"]:
        from scoring.operations.whole_bank import CannotPriceError, run

        try:
            sys.stdout.write(run(sys.argv[2:]))
        except CannotPriceError as refusal:
            sys.exit(str(refusal))
        sys.exit()
    if sys.argv[1:2] == ["scheme-schema"]:
        from scoring.operations.scheme_text import schema_text

        sys.stdout.write(schema_text())
        sys.exit()
    main("scoring", Path(__file__).resolve().parents[1])
