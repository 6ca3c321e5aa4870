"""The PKDD'99 Czech bank as a bank extract: the worked example of a converter."""

from sheaf.extract.berka.converter import convert

__all__ = ["convert"]
