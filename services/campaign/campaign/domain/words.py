"""Text that a person typed, and whether it can be kept at all."""


def storable(text: str) -> bool:
    """Say whether `text` is Unicode that every store takes: no NUL, no half of a pair."""
    return "\x00" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)
