"""`python -m customer serve|migrate|sdl`."""

from pathlib import Path

from kit.server import main

from customer.app import place, sdl

if __name__ == "__main__":
    home = Path(__file__).resolve().parents[1]
    main("customer", home, place, "customer.app:from_environment", sdl)
