"""A whole bank's contribution: all leaves, what is missing, and the sums that can be kept."""

from dataclasses import dataclass

import ibis.expr.types as ir

from scoring.engine import acts, leaves
from scoring.engine.account_months import account_months
from scoring.engine.atoms import atoms
from scoring.engine.bank import Bank
from scoring.engine.by_day import with_days
from scoring.engine.calendar_months import Pricing
from scoring.engine.exact import prepare
from scoring.engine.joint import holders
from scoring.engine.kinds import held_by
from scoring.engine.prices import prices
from scoring.engine.stages import Stages


@dataclass(frozen=True, slots=True)
class Contribution:
    """Expressions over account-months that the backend has worked out and keeps meanwhile.

    leaves: account, customer, month, line, rule, entry ("fees.0", a kind, or ""), amount_minor
    missing: customer, month, code (of the refusal), what
    sums: customer, month, account, line, amount_minor; of each customer's months before the first
      that lacks anything
    stages: what the three rest on
    """

    leaves: ir.Table
    missing: ir.Table
    sums: ir.Table
    stages: Stages


def contribution(bank: Bank, pricing: Pricing) -> Contribution:
    """Price every account of the bank in every month of the period, as `domain` does one.

    The atoms and the account-months are worked out here and now, in the bank's backend, because
    they are read more than once.
    """
    stages = Stages(bank.postings.get_backend())
    prepare(stages.backend)
    entries = acts.entries(pricing)
    held, kinds = held_by(bank, pricing)
    said = prices(bank, kinds, pricing)
    worked = stages.kept(atoms(bank.postings, pricing, entries))
    rows = account_months(stages, held, worked, said, pricing)
    wanted = leaves.wanted(entries, pricing)
    rows = with_days(stages, rows, bank.postings, said.by_day, pricing, entries, wanted)
    rows = stages.settled(rows)
    priced = leaves.with_amounts(rows, entries, pricing, holders(bank, pricing))
    priced = stages.settled(priced)
    summed = leaves.by_line(priced, entries, pricing)
    kept = stages.kept(priced.select("account", "customer", "month", "kind", "lacks", **summed))
    lacking = kept.filter(kept.lacks != 0)
    fails = lacking.group_by("customer").aggregate(fails_from=lacking.month.min())
    whole = kept.left_join(fails, "customer")
    whole = whole.filter(whole.fails_from.isnull() | (whole.month < whole.fails_from))
    return Contribution(
        leaves.leaves(priced, entries, pricing),
        _missing(lacking, said.reasons),
        leaves.sums(whole),
        stages,
    )


def _missing(lacking: ir.Table, reasons: ir.Table) -> ir.Table:
    """Tell one by one what the months lack."""
    rows = lacking.inner_join(reasons, ["kind", "month"])
    rows = rows.filter((rows.lacks & rows.bit) != 0)
    return rows.select("customer", "month", "code", "what")
