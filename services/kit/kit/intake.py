"""Records sent in bulk as NDJSON: bad lines are answered by number, good ones go in."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from types import MappingProxyType
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, Request
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, ValidationError
from pydantic_core import PydanticCustomError

from kit import secrets
from kit.audit import counted
from kit.audit.acts import Act, acting
from kit.identity import Principal, Verifier
from kit.problem import BadRequest, TooLarge

MAX_BYTES, MAX_LINES = 16 * 1024 * 1024, 20_000
_CODES = {
    "json_invalid": "MALFORMED",
    secrets.CARD_NUMBER: "CARD_NUMBER_REFUSED",
    secrets.SECRET: "SECRET_REFUSED",
}
Model = TypeVar("Model", bound=BaseModel)


def _none_if_empty(value: object) -> object:
    return None if value == "" else value


NoneIfEmpty = BeforeValidator(_none_if_empty)


def _without_secrets(text: str) -> str:
    found = secrets.secret(text)
    if found:
        raise PydanticCustomError(found, secrets.WHY[found])
    return text


def _with_cards_masked(text: str) -> str:
    kept = secrets.kept(text)
    return _without_secrets(text) if kept is None else kept


NoSecrets = AfterValidator(_without_secrets)
"""What every field of free text is annotated with, but for those of the next kind."""
CardsMasked = AfterValidator(_with_cards_masked)
"""Free text where business says whom it pays: a card's number is masked, the rest refused."""


class Record(BaseModel):
    """One line; unknown fields are refused, strings are trimmed."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, frozen=True)


@dataclass(frozen=True, slots=True)
class Rejected:
    """One line that did not go in (1-based), and why."""

    line: int
    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of the lines of one request."""

    accepted: int = 0
    unchanged: int = 0
    parked: int = 0
    rejected: Sequence[Rejected] = ()


def tell(answer: Answer) -> Answer:
    """Count in the open transaction's audit entry what becomes of the lines; return the answer."""
    counted(
        accepted=answer.accepted,
        unchanged=answer.unchanged,
        parked=answer.parked,
        rejected=len(answer.rejected),
    )
    return answer


Take = Callable[[Principal, Sequence[tuple[int, Any]]], Awaitable[Answer]]
TakeWhole = Callable[[Principal, bytes], Awaitable[Answer | None]]
"""Takes a whole body at once; None, nothing done, where it must be taken line by line."""


def parse(body: bytes, model: type[Model]) -> tuple[list[tuple[int, Model]], list[Rejected]]:
    """Read NDJSON; return the good records by line number, and a reason for each bad line."""
    good: list[tuple[int, Model]] = []
    bad: list[Rejected] = []
    validator = model.__pydantic_validator__
    for number, line in enumerate(body.split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            good.append((number, validator.validate_json(line)))
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False, include_context=False)[0]
            place = ".".join(str(part) for part in first["loc"])
            code = _CODES.get(first["type"], "INVALID")
            bad.append(
                Rejected(number, code, f"{place}: {first['msg']}" if place else first["msg"])
            )
    return good, bad


def intake(
    verifier: Verifier,
    kinds: dict[str, tuple[type[BaseModel], Take]],
    at_once: Mapping[str, TakeWhole] = MappingProxyType({}),
) -> APIRouter:
    """Serve `POST /ingest/{kind}` to callers that hold `ingest:write`.

    What `at_once` can take of a kind it takes; the rest is read line by line.
    """
    router = APIRouter(prefix="/ingest")
    loader = Depends(verifier.needs("ingest:write"))

    @router.post("/{kind}")
    async def ingest(
        kind: str, request: Request, principal: Annotated[Principal, loader]
    ) -> dict[str, Any]:
        principal.must_belong()
        if kind not in kinds:
            raise BadRequest(f"There is no such kind here; known are {', '.join(kinds)}.")
        model, take = kinds[kind]
        body = await _body(request)
        if kind in at_once:
            with acting(Act(principal, f"ingest/{kind}")):
                whole = await at_once[kind](principal, body)
            if whole is not None:
                return asdict(whole)
        good, bad = await asyncio.to_thread(parse, body, model)
        with acting(Act(principal, f"ingest/{kind}", counts={"rejected": len(bad)})):
            answer = await take(principal, good) if good else Answer()
        rejected = sorted([*bad, *answer.rejected], key=lambda r: r.line)
        return asdict(replace(answer, rejected=rejected))

    return router


async def _body(request: Request) -> bytes:
    parts = bytearray()
    async for part in request.stream():
        parts += part
        if len(parts) > MAX_BYTES:
            raise TooLarge(f"Send at most {MAX_BYTES} bytes at once; split the batch.")
    if parts.count(b"\n") > MAX_LINES:
        raise TooLarge(f"Send at most {MAX_LINES} lines at once; split the batch.")
    return bytes(parts)
