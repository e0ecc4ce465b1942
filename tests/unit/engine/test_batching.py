import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

import asyncpg
import pytest
import structlog
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from engine import batching
from engine.batching import Batcher, is_away, is_transient


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batching, "wait_random_exponential", lambda *_, **__: lambda _: 0)


@asynccontextmanager
async def running(
    work: Callable[[Sequence[int]], Awaitable[Sequence[int]]], **options: int
) -> AsyncIterator[Batcher[int, int]]:
    batcher: Batcher[int, int] = Batcher(work, **options)
    task = asyncio.create_task(batcher.run())
    with structlog.testing.capture_logs():
        yield batcher
    task.cancel()
    await asyncio.wait({task})


async def test_what_gathers_while_a_batch_runs_goes_together_in_the_next() -> None:
    batches: list[list[int]] = []
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def double(requests: Sequence[int]) -> list[int]:
        batches.append(list(requests))
        begun.set()
        await go_on.wait()
        return [2 * request for request in requests]

    async with running(double) as batcher:
        first = asyncio.create_task(batcher.submit(1))
        await begun.wait()
        others = [asyncio.create_task(batcher.submit(number)) for number in (2, 3, 4)]
        await asyncio.sleep(0)
        go_on.set()
        assert await asyncio.gather(first, *others) == [2, 4, 6, 8]
    assert batches == [[1], [2, 3, 4]]


async def test_a_batch_has_its_limit() -> None:
    sizes: list[int] = []

    async def count(requests: Sequence[int]) -> list[int]:
        sizes.append(len(requests))
        return list(requests)

    async with running(count, limit=10) as batcher:
        assert await asyncio.gather(*(batcher.submit(number) for number in range(25))) == list(range(25))
    assert sizes == [10, 10, 5]


async def test_a_batch_is_repeated_while_the_database_is_away() -> None:
    tries = 0

    async def work(requests: Sequence[int]) -> list[int]:
        nonlocal tries
        tries += 1
        if tries < 4:
            raise ConnectionRefusedError
        return list(requests)

    async with running(work) as batcher:
        assert await batcher.submit(7) == 7
    assert tries == 4


async def test_an_error_for_good_goes_to_whose_request_it_is_and_to_nobody_else() -> None:
    async def work(requests: Sequence[int]) -> list[int]:
        if 3 in requests:
            raise ValueError("three")
        return list(requests)

    async with running(work) as batcher:
        answers = await asyncio.gather(*(batcher.submit(number) for number in range(6)), return_exceptions=True)
        assert [answer for answer in answers if not isinstance(answer, Exception)] == [0, 1, 2, 4, 5]
        assert isinstance(answers[3], ValueError)
        assert await batcher.submit(9) == 9


async def test_who_gave_up_waiting_is_left_out() -> None:
    seen: list[int] = []

    async def work(requests: Sequence[int]) -> list[int]:
        seen.extend(requests)
        return list(requests)

    batcher: Batcher[int, int] = Batcher(work)
    impatient = asyncio.create_task(batcher.submit(1))
    await asyncio.sleep(0)
    impatient.cancel()
    await asyncio.wait({impatient})
    task = asyncio.create_task(batcher.run())
    assert await batcher.submit(2) == 2
    assert seen == [2]
    task.cancel()
    await asyncio.wait({task})


async def test_who_gives_up_while_the_database_is_away_leaves_nothing_behind() -> None:
    """Nobody would send what is claimed for a worker that is gone."""
    seen: list[list[int]] = []
    tried, back = asyncio.Event(), asyncio.Event()

    async def work(requests: Sequence[int]) -> list[int]:
        seen.append(list(requests))
        tried.set()
        await back.wait()
        if len(seen) == 1:
            raise ConnectionRefusedError
        return list(requests)

    async with running(work) as batcher:
        staying, leaving = (asyncio.create_task(batcher.submit(number)) for number in (1, 2))
        await tried.wait()
        queued = [asyncio.create_task(batcher.submit(number)) for number in range(100)]
        await asyncio.sleep(0)
        for one in (leaving, *queued):
            one.cancel()
        await asyncio.wait({leaving, *queued})
        assert len(batcher._waiting) == 0
        back.set()
        assert await staying == 1
    assert seen == [[1, 2], [1]]


def wrapped(error: Exception, kind: type[DBAPIError] = DBAPIError) -> DBAPIError:
    return kind("SELECT", {}, error)


@pytest.mark.parametrize(
    ("error", "transient"),
    [
        (ConnectionResetError(), True),
        (TimeoutError(), True),
        (wrapped(asyncpg.DeadlockDetectedError("x")), True),
        (wrapped(asyncpg.SerializationError("x")), True),
        (wrapped(asyncpg.IdleInTransactionSessionTimeoutError("x")), True),
        (wrapped(asyncpg.AdminShutdownError("x"), OperationalError), True),
        (wrapped(asyncpg.TooManyConnectionsError("x")), True),
        (InterfaceError("SELECT", {}, asyncpg.InterfaceError("connection is closed")), True),
        # Connecting raises the driver's own errors.
        (asyncpg.CannotConnectNowError("the database system is starting up"), True),
        (asyncpg.TooManyConnectionsError("x"), True),
        (asyncpg.InterfaceError("x"), True),
        (asyncpg.InternalClientError("another operation (2) is in progress"), True),
        (PoolTimeoutError(), True),
        (wrapped(asyncpg.UniqueViolationError("x")), False),
        (wrapped(asyncpg.CharacterNotInRepertoireError("x")), False),
        (asyncpg.InvalidPasswordError("x"), False),
        (ValueError("x"), False),
        # The server gave a transaction up because this process was asleep; a failover has left a standby behind.
        (wrapped(asyncpg.ReadOnlySQLTransactionError("x")), True),
        (wrapped(asyncpg.QueryCanceledError("statement timeout")), True),
    ],
)
def test_what_may_succeed_later(error: Exception, transient: bool) -> None:
    assert is_transient(error) is transient


@pytest.mark.parametrize(
    ("error", "away"),
    [
        (TimeoutError(), True),
        (ConnectionRefusedError(), True),
        (asyncpg.CannotConnectNowError("x"), True),
        (wrapped(asyncpg.AdminShutdownError("x")), True),
        (wrapped(asyncpg.ReadOnlySQLTransactionError("x")), True),
        (wrapped(asyncpg.ConnectionDoesNotExistError("x")), True),
        (wrapped(asyncpg.DeadlockDetectedError("x")), False),
        (wrapped(asyncpg.QueryCanceledError("x")), False),
        (wrapped(asyncpg.DiskFullError("x")), False),
        (PoolTimeoutError(), False),
    ],
)
def test_what_is_no_answer(error: Exception, away: bool) -> None:
    assert is_away(error) is away
