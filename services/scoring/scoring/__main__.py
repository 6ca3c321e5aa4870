"""The scoring service as a process: `python -m scoring serve|migrate|sdl`."""

from pathlib import Path

from kit.process import main

if __name__ == "__main__":
    main("scoring", Path(__file__).resolve().parents[1])
