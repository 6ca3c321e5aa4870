"""Who did what, to whom and why: an append-only chain of entries per institution.

`acts` says what is going on, `entry` what is told of it, `chain` keeps it, `scribe` takes down
reads, `verifying` finds what was tampered with, `heads` tells the outside how far the chain goes.
"""

from kit.audit.acts import about, counted, record
from kit.audit.entry import Entry, Kind

__all__ = ["Entry", "Kind", "about", "counted", "record"]
