"""Asking a bank everything of one account, and moving its closed months."""

from datetime import date

from scoring.operations.archiving import Keeping, archive_closed

MONTHS = 'from: "2023-09", to: "2024-03"'
ASKED = (
    f"""contribution({MONTHS}) {{ total {{ amount }} lines {{ line amount {{ amount }} }}
    months {{ month total {{ amount }} }} }}""",
    f"balance {{ amount }} averageDailyBalance({MONTHS}) {{ amount }}",
    'november: dailyBalances(from: "2023-11-03", to: "2023-12-20") { balance { amount } }',
    'winter: dailyBalances(from: "2023-12-31", to: "2024-02-02") { balance { amount } }',
)


async def everything(bank, number) -> dict:
    """What the service says of an account, live."""
    found: dict = {}
    for fields in ASKED:
        found |= await bank.of_account(number, fields)
    return found


def keeping(bank) -> Keeping:
    return Keeping(bank.db, bank.archive, 3)


async def move(bank, *, all_of_them=True) -> int:
    return await archive_closed(keeping(bank), at=bank.now, everything=all_of_them)


async def segments(bank) -> list[tuple[date, int, int]]:
    """Month, generation and postings of each segment."""
    read = await bank.sql(
        "select month, generation, rows from archive_file where holds = 'ids' "
        "and retired_at is null order by month, name"
    )
    return [tuple(row) for row in read]
