"""A router that is told to stop under load answers all that was sent to it and sends callers away."""

import asyncio
import signal
from collections import Counter

import httpx

CALLERS, MOVED_TURNS = 16, 5
ONE = "query One($number: String!) { customerByNumber(number: $number) { name offers } }"


def test_no_request_fails_when_one_of_two_routers_stops_under_load(start, router, bank, issuer):
    stays, stops = router, start(GATEWAY_DRAIN_MS=3_000)
    told = Counter()
    headers = {"authorization": f"Bearer {issuer.token()}"}

    async def caller(client, name):
        url, turn, after = stops.url, 0, 0
        while after < MOVED_TURNS:
            turn += 1
            after += url == stays.url
            body = {"query": ONE, "variables": {"number": f"{name}-{turn}"}}
            try:
                answer = await client.post(f"{url}/graphql", json=body, headers=headers)
            except httpx.HTTPError as error:
                told[type(error).__name__] += 1
                return
            if answer.headers.get("connection") == "close":
                url = stays.url  # as a balancer does when a router says that it goes
            data = (answer.json().get("data") or {}).get("customerByNumber") or {}
            is_whole = data.get("name") == f"Customer {name}-{turn}" and data.get("offers")
            told["answered" if answer.status_code == 200 and is_whole else "failed"] += 1

    async def stop_in_the_middle():
        while told["answered"] < 10 * CALLERS:
            await asyncio.sleep(0.01)
        told["before"] = told["answered"]
        stops.process.send_signal(signal.SIGTERM)
        await asyncio.sleep(0.1)
        told["readiness"] = (
            await asyncio.to_thread(httpx.get, f"{stops.url}/readiness")
        ).status_code

    async def everybody():
        unlimited = httpx.Limits()  # or callers would wait for, and take, each other's connections
        async with httpx.AsyncClient(timeout=30, limits=unlimited) as client:
            callers = (caller(client, f"c{i}") for i in range(CALLERS))
            await asyncio.gather(stop_in_the_middle(), *callers)

    asyncio.run(everybody())
    assert told.keys() == {"answered", "before", "readiness"}, told
    assert told["answered"] >= told["before"] + CALLERS * MOVED_TURNS
    assert told["readiness"] == 503
    assert stops.process.wait(timeout=15) == 0
