"""Batches: one short read per kind of thing, however many fields asked."""

from scoring.domain.as_of import AsOf
from scoring.domain.policy import Policy
from scoring.graphql.account_loaders import AccountLoaders
from scoring.graphql.customer_loaders import CustomerLoaders
from scoring.graphql.index_loaders import IndexLoaders
from scoring.graphql.moment import Moment
from scoring.graphql.tier_loaders import TierLoaders


class Loaders:
    """Built afresh for each request and institution, so its cache can never outlive one."""

    def __init__(self, moment: Moment) -> None:
        self._moment = moment
        self._others: dict[AsOf, Loaders] = {}
        self.accounts = AccountLoaders(moment)
        self.customers = CustomerLoaders(moment)
        self.index = IndexLoaders(moment, self.customers)
        self.tiers = TierLoaders(moment)

    def at(self, as_of: AsOf) -> "Loaders":
        """Return loaders of what would have been said then, the same ones for the same moment."""
        if as_of == self._moment.as_of:
            return self
        if as_of not in self._others:
            self._others[as_of] = Loaders(self._moment.at(as_of))
        return self._others[as_of]

    async def policy(self) -> Policy | None:
        """Return the institution's policy, read once in a request."""
        return await self._moment.policy()
