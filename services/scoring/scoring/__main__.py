"""The scoring service as a process: `python -m scoring serve|migrate|sdl|archive`."""

import sys
from pathlib import Path

from kit.process import main

if __name__ == "__main__":
    if sys.argv[1:2] == ["archive"]:
        from scoring.app import archive

        sys.exit(archive(sys.argv[2:]))
    main("scoring", Path(__file__).resolve().parents[1])
