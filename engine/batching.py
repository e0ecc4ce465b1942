"""Group commit without a timer: whatever gathered while the previous batch ran goes together in the next."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

import asyncpg
import structlog
from sqlalchemy.exc import DBAPIError, InterfaceError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from tenacity import AsyncRetrying, retry_if_exception, wait_random_exponential

Request = TypeVar("Request")
Result = TypeVar("Result")

log = structlog.get_logger()

# The server gave the transaction up: a deadlock, a serialization failure, or this process slept in it.
ROLLED_BACK = {"40P01", "40001", "25P03"}


def is_transient(error: BaseException) -> bool:
    """Whether the same statement may succeed later: the database is away, or broke a deadlock."""
    if isinstance(error, OSError | InterfaceError | asyncpg.InterfaceError | PoolTimeoutError):
        return True
    if isinstance(error, DBAPIError):
        if error.connection_invalidated:
            return True
        original: BaseException | None = error.orig
    else:
        original = error  # the driver's own, when it is the connecting that fails
    code = getattr(original, "sqlstate", None) or ""
    return code[:2] in {"08", "53", "57"} or code in ROLLED_BACK


class Batcher(Generic[Request, Result]):
    """Callers await `submit`; one task runs one batch at a time, and retries while the database is away.

    If a batch fails for good, its requests are run one by one: the error goes to whose request it is.

    `work` gets the requests in the order they came and returns as many results. It must be safe to repeat:
    a commit whose answer was lost is run again.
    """

    def __init__(
        self, work: Callable[[Sequence[Request]], Awaitable[Sequence[Result]]], *, limit: int = 500
    ) -> None:
        self._work = work
        self._limit = limit
        self._waiting: list[tuple[Request, asyncio.Future[Result]]] = []
        self._gathered = asyncio.Event()

    async def submit(self, request: Request) -> Result:
        answer: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((request, answer))
        self._gathered.set()
        return await answer

    async def run(self) -> None:
        """Work until cancelled. Whoever owns the batcher owns this task."""
        while True:
            await self._gathered.wait()
            batch, self._waiting = self._waiting[: self._limit], self._waiting[self._limit :]
            if not self._waiting:
                self._gathered.clear()
            batch = [(request, answer) for request, answer in batch if not answer.cancelled()]
            if batch:
                await self._run_once(batch)

    async def _run_once(self, batch: list[tuple[Request, asyncio.Future[Result]]]) -> None:
        try:
            async for attempt in AsyncRetrying(
                retry=retry_if_exception(is_transient), wait=wait_random_exponential(0.1, max=5)
            ):
                with attempt:
                    results = await self._work([request for request, _ in batch])
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
