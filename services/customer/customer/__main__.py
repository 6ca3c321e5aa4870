"""The customer service as a process: `python -m customer serve|migrate|sdl|rotate-keys`."""

import sys
from pathlib import Path

from kit.process import main

if __name__ == "__main__":
    if sys.argv[1:] == ["rotate-keys"]:
        from customer.app import rotate_keys

        sys.exit(rotate_keys())
    main("customer", Path(__file__).resolve().parents[1])
