"""Group commit without a timer: whatever gathered while the previous batch ran goes together in the next."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from itertools import islice
from typing import Generic, TypeVar

import asyncpg
import structlog
from sqlalchemy.exc import DBAPIError, InterfaceError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from tenacity import AsyncRetrying, retry_if_exception, wait_random_exponential

Request = TypeVar("Request")
Result = TypeVar("Result")

log = structlog.get_logger()

LONGEST_PAUSE = 2.0  # machine seconds between two attempts

# A deadlock, a serialization failure; a transaction that the server gave up because this process was asleep.
REPEATABLE = {"40P01", "40001", "25P03"}
# The server is going down, starting, or full; or a failover has left us with a standby.
AWAY = {"57P01", "57P02", "57P03", "57P05", "53300", "25006"}


def is_transient(error: BaseException) -> bool:
    """Whether the same may succeed later: the database is away, broke a deadlock, or was just migrated."""
    if is_away(error) or isinstance(error, PoolTimeoutError | asyncpg.InvalidCachedStatementError):
        return True
    code = _sqlstate(error)
    return code[:2] in {"53", "57"} or code in REPEATABLE


def is_away(error: BaseException) -> bool:
    """Whether the database gave no answer, or the answer that it is not there."""
    if isinstance(error, OSError | InterfaceError | asyncpg.InterfaceError | asyncpg.InternalClientError):
        return True
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    code = _sqlstate(error)
    return code[:2] == "08" or code in AWAY


def _sqlstate(error: BaseException) -> str:
    original = error.orig if isinstance(error, DBAPIError) else error  # the driver's own, when connecting fails
    return getattr(original, "sqlstate", None) or ""


class Batcher(Generic[Request, Result]):
    """Callers await `submit`; one task runs one batch at a time, and retries while the database is away.

    If a batch fails for good, its requests are run one by one: the error goes to whose request it is.

    `work` gets the requests in the order they came and returns as many results. It must be safe to repeat:
    a commit whose answer was lost is run again.

    `pause` (seconds) follows each batch, for work that is in no hurry: the next one is larger.
    """

    def __init__(
        self,
        work: Callable[[Sequence[Request]], Awaitable[Sequence[Result]]],
        *,
        limit: int = 500,
        pause: float = 0.0,
    ) -> None:
        self._work = work
        self._limit = limit
        self._pause = pause
        self._waiting: dict[asyncio.Future[Result], Request] = {}
        self._gathered = asyncio.Event()

    async def submit(self, request: Request) -> Result:
        answer: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting[answer] = request
        self._gathered.set()
        try:
            return await answer
        finally:
            self._waiting.pop(answer, None)  # who gives up while the database is away leaves nothing behind

    async def run(self) -> None:
        """Work until cancelled. Whoever owns the batcher owns this task."""
        while True:
            await self._gathered.wait()
            batch = [(self._waiting.pop(answer), answer) for answer in list(islice(self._waiting, self._limit))]
            if not self._waiting:
                self._gathered.clear()
            if batch:
                await self._run_once(batch)
                if self._pause:
                    await asyncio.sleep(self._pause)

    async def _run_once(self, batch: list[tuple[Request, asyncio.Future[Result]]]) -> None:
        try:
            async for attempt in AsyncRetrying(
                retry=retry_if_exception(is_transient), wait=wait_random_exponential(0.1, max=LONGEST_PAUSE)
            ):
                with attempt:
                    # Nobody would act on the answer of who has given up: a claim would be left in flight.
                    batch = [(request, answer) for request, answer in batch if not answer.cancelled()]
                    results = await self._work([request for request, _ in batch]) if batch else []
        except Exception as error:
            if len(batch) > 1:
                for one in batch:
                    await self._run_once([one])
                return
            log.exception("a request failed")
            answer = batch[0][1]
            if not answer.done():
                answer.set_exception(error)
            return
        for (_, answer), result in zip(batch, results, strict=True):
            if not answer.done():
                answer.set_result(result)
