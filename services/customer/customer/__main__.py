"""The customer service as a process: `python -m customer serve|migrate|sdl`."""

from pathlib import Path

from kit.process import main

if __name__ == "__main__":
    main("customer", Path(__file__).resolve().parents[1])
