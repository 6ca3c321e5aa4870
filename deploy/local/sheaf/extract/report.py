"""What an import did, by kind, and how it is shown."""

from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console
from rich.table import Table

from sheaf.extract.journal import Progress


@dataclass(frozen=True, slots=True)
class KindReport:
    """Counts of one kind over all of its files; `note` says what was not done anew."""

    kind: str
    rows: int = 0
    accepted: int = 0
    unchanged: int = 0
    parked: int = 0
    rejected: int = 0
    seconds: float = 0.0
    note: str = ""

    def plus(
        self, done: Progress, *, seconds: float, as_before: bool, resumed: bool
    ) -> "KindReport":
        """Add one file; a file that went in whole before counts as unchanged."""
        note = "as before" if as_before else "continued" if resumed else ""
        return replace(
            self,
            rows=self.rows + done.rows,
            accepted=self.accepted + (0 if as_before else done.accepted),
            unchanged=self.unchanged + (done.rows if as_before else done.unchanged),
            parked=self.parked + (0 if as_before else done.parked),
            rejected=self.rejected + done.rejected,
            seconds=self.seconds + seconds,
            note=note or self.note,
        )


@dataclass(frozen=True, slots=True)
class Report:
    """The whole import; `rejects` is the folder of rejected rows, if there are any."""

    kinds: tuple[KindReport, ...]
    rejects: Path | None = None

    @property
    def rejected(self) -> int:
        return sum(kind.rejected for kind in self.kinds)

    @property
    def taken(self) -> int:
        return sum(kind.accepted + kind.unchanged for kind in self.kinds)

    def show(self, console: Console) -> None:
        """Print the table, and where the rejected rows are."""
        table = Table(show_footer=True, header_style="bold")
        total = KindReport("all")
        for kind in self.kinds:
            total = replace(
                total,
                rows=total.rows + kind.rows,
                accepted=total.accepted + kind.accepted,
                unchanged=total.unchanged + kind.unchanged,
                parked=total.parked + kind.parked,
                rejected=total.rejected + kind.rejected,
                seconds=total.seconds + kind.seconds,
            )
        table.add_column("kind", footer="all")
        for name in ("rows", "accepted", "unchanged", "parked", "rejected"):
            table.add_column(name, footer=f"{getattr(total, name):,}", justify="right")
        table.add_column("seconds", footer=f"{total.seconds:.1f}", justify="right")
        noted = any(kind.note for kind in self.kinds)
        if noted:
            table.add_column("", no_wrap=True)
        for kind in self.kinds:
            counts = (kind.rows, kind.accepted, kind.unchanged, kind.parked, kind.rejected)
            cells = [kind.kind, *(f"{count:,}" for count in counts), f"{kind.seconds:.1f}"]
            table.add_row(*cells, *([kind.note] if noted else []))
        console.print(table)
        if self.rejects is not None:
            console.print(
                f"{self.rejected:,} rows were rejected; each stands with its reason in",
                soft_wrap=True,
            )
            console.print(str(self.rejects), soft_wrap=True, highlight=False)
