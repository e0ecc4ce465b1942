"""What a check can find, and how checks are run: side by side, each with a time of its own."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from engine.database import reason

WITHIN = 5.0  # machine seconds

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Ok:
    text: str


@dataclass(frozen=True, slots=True)
class Warn:
    """It works, but not for long or not as it should."""

    text: str
    mend: str


@dataclass(frozen=True, slots=True)
class Problem:
    text: str
    mend: str


Finding = Ok | Warn | Problem


@dataclass(frozen=True, slots=True)
class Result:
    check: str
    finding: Finding


@dataclass(frozen=True, slots=True)
class Check:
    """`mend`: what to do when it does not come to an end, or breaks."""

    name: str
    look: Callable[[], Awaitable[Finding]]
    mend: str


async def attempt(look: Awaitable[T], mend: str) -> T | Problem:
    """Look at something that may hang or break; that is a problem then."""
    try:
        async with asyncio.timeout(WITHIN) as limit:
            return await look
    except Exception as error:  # noqa: BLE001 (whatever it is, the doctor tells it)
        return Problem(f"no answer within {WITHIN:g} s" if limit.expired() else reason(error), mend)


async def examine(checks: Sequence[Check]) -> list[Result]:
    findings = await asyncio.gather(*(attempt(check.look(), check.mend) for check in checks))
    return [Result(check.name, finding) for check, finding in zip(checks, findings, strict=True)]
