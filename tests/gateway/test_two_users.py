"""Two users at once, each over eight connections: not one answer crosses."""

import asyncio
import os
import time
from collections import Counter

import httpx

SECONDS = float(os.environ.get("SHEAF_TWO_USERS_SECONDS", "3"))
BOTH = "query Both($number: String!) { whoami customerByNumber(number: $number) { name seenBy } }"
ALIKE = "7"


def test_not_one_answer_crosses(router, issuer):
    """$SHEAF_TWO_USERS_SECONDS says for how long; half the questions are word for word the same."""
    until = time.monotonic() + SECONDS
    seen = Counter()

    async def keep_asking(client, subject):
        headers = {"authorization": f"Bearer {issuer.token(subject)}"}
        while time.monotonic() < until:
            for number in (ALIKE, f"{subject}-{seen.total()}"):
                body = {"query": BOTH, "variables": {"number": number}}
                answer = await client.post(f"{router.url}/graphql", json=body, headers=headers)
                data = answer.json()["data"]
                found = data["customerByNumber"]
                assert found["name"] == f"Customer {number}"
                assert {data["whoami"], found["seenBy"]} == {subject}
                seen[subject] += 1

    async def everybody():
        async with httpx.AsyncClient(timeout=30) as client:
            await asyncio.gather(*(keep_asking(client, who) for who in ("mine", "yours") * 8))

    asyncio.run(everybody())
    print(dict(seen))
    assert seen.keys() == {"mine", "yours"}
    assert min(seen.values()) >= 16
