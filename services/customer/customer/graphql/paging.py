"""How long a page may be."""

from kit.problem import BadRequest

MOST = 100


def page_size(first: int) -> int:
    """Return `first` when a page may be that long."""
    if not 1 <= first <= MOST:
        raise BadRequest(f"first must be 1 to {MOST}; go on with after.")
    return first
