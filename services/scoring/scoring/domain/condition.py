"""Which postings an entry of a scheme fits."""

from dataclasses import dataclass

from scoring.domain.posting import Channel, Kind


@dataclass(frozen=True, slots=True)
class Condition:
    """Which postings an entry fits; what is left out fits all."""

    kind: Kind | None = None
    purpose: str | None = None
    channel: Channel | None = None

    def fits(self, channel: Channel, kind: Kind, purpose: str) -> bool:
        """Tell whether a posting of these features is meant."""
        return (
            self.kind in (None, kind)
            and self.purpose in (None, purpose)
            and self.channel in (None, channel)
        )

    def covers(self, other: "Condition") -> bool:
        """Tell whether every posting that `other` fits is meant here too."""
        return (
            self.kind in (None, other.kind)
            and self.purpose in (None, other.purpose)
            and self.channel in (None, other.channel)
        )
