"""Batches for schemes: one short read per kind of thing, however many versions asked."""

from kit.db import Database
from strawberry.dataloader import DataLoader

from scoring.domain.lifecycle import Step, Version
from scoring.store import schemes, shadow_runs
from scoring.store.shadow_runs import Run

STEPS, RUNS = 100, 10


class SchemeLoaders:
    """Built afresh for each request and institution, as `Loaders`."""

    def __init__(self, db: Database, institution: str) -> None:
        self._db = db
        self._institution = institution
        self.by_number = DataLoader(load_fn=self._by_number)
        self.steps_by_version = DataLoader(load_fn=self._steps_by_version)
        self.runs_by_version = DataLoader(load_fn=self._runs_by_version)

    async def _by_number(self, numbers: list[int]) -> list[Version | None]:
        async with self._db.read(self._institution) as session:
            found = await schemes.by_number(session, self._institution, numbers)
        return [found.get(number) for number in numbers]

    async def _steps_by_version(self, numbers: list[int]) -> list[list[Step]]:
        async with self._db.read(self._institution) as session:
            found = await schemes.steps_by_version(session, self._institution, numbers, STEPS)
        return [found.get(number, []) for number in numbers]

    async def _runs_by_version(self, numbers: list[int]) -> list[list[Run]]:
        async with self._db.read(self._institution) as session:
            found = await shadow_runs.newest_by_version(session, self._institution, numbers, RUNS)
        return [found.get(number, []) for number in numbers]
