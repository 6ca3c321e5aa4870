"""What the general ledger says."""

from datetime import date

from sqlalchemy import BigInteger
from sqlmodel import Field

from scoring.tables.base import Fact


class LedgerTotalRow(Fact, table=True):
    """A total of the general ledger; an empty line, product or branch means whichever."""

    __tablename__ = "ledger_total"

    institution: str = Field(primary_key=True)
    month: date = Field(primary_key=True)
    gl_account: str = Field(primary_key=True)
    measure: str = Field(primary_key=True)
    currency: str = Field(primary_key=True)
    line: str = Field(primary_key=True)
    product: str = Field(primary_key=True)
    branch: str = Field(primary_key=True)
    name: str
    amount_minor: int = Field(sa_type=BigInteger)
