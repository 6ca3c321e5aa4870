"""Stages on the way to a result, each known to the backend by a name of its own."""

from dataclasses import dataclass, field

import ibis
import ibis.expr.types as ir
from ibis.backends import BaseBackend


@dataclass(slots=True)
class Stages:
    """The stages of one computation.

    Ibis writes a relation that is used twice out twice, and its work grows with the square of what
    it has to write at a time. What the stages rest on is dropped by Ibis when nobody holds it any
    more, so it is held here, as long as somebody holds these.
    """

    backend: BaseBackend
    held: list[ir.Table] = field(default_factory=list)

    def settled(self, rows: ir.Table) -> ir.Table:
        """Name a stage: DuckDB works it out where it is read, Spark here, for its optimizer's sake.

        Spark's would write every expression into every other without end.
        """
        if self.backend.name == "pyspark":
            return self.kept(rows)
        self.held.append(rows)
        name = ibis.util.gen_name("sheaf_stage")
        self.backend.raw_sql(f'create temp view "{name}" as {self.backend.compile(rows)}')
        return self.backend.table(name, database="temp.main")

    def kept(self, rows: ir.Table) -> ir.Table:
        """Work a stage out here and now, for everybody who reads it.

        Spark forgets how it did: else every plan would hold all plans before it. What it keeps by
        the name ends with the session.
        """
        if self.backend.name == "pyspark":
            name = ibis.util.gen_name("sheaf_stage")
            self.backend.raw_sql(self.backend.compile(rows)).localCheckpoint().createTempView(name)
            return self.backend.table(name)
        found = rows.cache()
        self.held.append(found)
        return found
