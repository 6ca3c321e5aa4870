"""One month of a block as those see it who let money come and go in it."""

from dataclasses import dataclass

import numpy as np

from simulator.holdings import Holdings
from simulator.people import People
from simulator.span import Flags, Floats, Month
from simulator.till import Till
from simulator.traits import Traits


@dataclass(frozen=True, slots=True)
class Scene:
    """Who lives how, with which accounts, in which month.

    `living` is 0 for those who are not there or gone, and below 1 for those about to leave;
    `target` is what each keeps on the current account, in fen.
    """

    people: People
    held: Holdings
    traits: Traits
    till: Till
    month: Month
    living: Floats
    target: Floats
    rng: np.random.Generator

    @property
    def here(self) -> Flags:
        there: Flags = self.living > 0
        return there
