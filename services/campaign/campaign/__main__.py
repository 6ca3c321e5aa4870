"""The campaign service as a process: `python -m campaign serve|migrate|sdl`."""

from pathlib import Path

from kit.process import main

if __name__ == "__main__":
    main("campaign", Path(__file__).resolve().parents[1])
