"""The campaign service as a process: `python -m campaign serve|migrate|sdl`."""

from pathlib import Path

from kit.server import main

from campaign.app import place, sdl

if __name__ == "__main__":
    home = Path(__file__).resolve().parents[1]
    main("campaign", home, place, "campaign.app:from_environment", sdl)
