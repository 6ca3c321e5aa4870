"""`python -m scoring serve|migrate|sdl`."""

from pathlib import Path

from kit.server import main

from scoring.app import place, sdl

if __name__ == "__main__":
    home = Path(__file__).resolve().parents[1]
    main("scoring", home, place, "scoring.app:from_environment", sdl)
