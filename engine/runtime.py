"""The engine of one process: starts everything below it, keeps it running, and drains it."""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from random import Random
from typing import TypeVar

import structlog

from engine.batching import is_transient
from engine.broadcast.checkup import Checkup
from engine.broadcast.desk import Desk
from engine.broadcast.pool import WorkerPool
from engine.campaigns.trigger import CampaignTrigger
from engine.clock import BusinessClock
from engine.contacts.importer import Importer
from engine.database import Database
from engine.devices.ownership import OwnedDevice, Ownership
from engine.devices.shortage import Shortage
from engine.errors import StartError
from engine.jobs import Jobs
from engine.notifications import Channel, Notifications
from engine.outage_alert import tell_outages
from engine.sequences.processor import SequenceProcessor
from engine.settings import Settings
from engine.timekeeper import Timekeeper
from engine.transports.contract import Transport
from engine.transports.neonize.book import HostBook
from engine.transports.neonize.hosts import Hosts
from engine.upkeep import upkeep_jobs

log = structlog.get_logger()

JOB_WITHIN = 30.0  # machine seconds for one transaction of a job; what is not done is done at the next tick

TransportFactory = Callable[[OwnedDevice], Transport]
T = TypeVar("T")

TRY_AGAIN_AFTER = 1.0  # machine seconds, while the database is away


@dataclass(frozen=True, slots=True)
class Foundation:
    """What the engine and the faces share: the database, business time, and word of changes."""

    settings: Settings
    database: Database
    timekeeper: Timekeeper
    notifications: Notifications

    @property
    def clock(self) -> BusinessClock:
        return self.timekeeper.clock


@asynccontextmanager
async def foundation(settings: Settings) -> AsyncIterator[Foundation]:
    """Open the database (migrated) and the clock. Raises StartError."""
    settings.home.mkdir(parents=True, exist_ok=True)
    database = await Database.open(settings)
    try:
        yield Foundation(settings, database, await _start_clock(database, settings), Notifications(database.url))
    finally:
        await database.close()


async def _start_clock(database: Database, settings: Settings) -> Timekeeper:
    try:
        return await Timekeeper.start(database, settings)
    except Exception as error:
        if not is_transient(error):
            raise
        raise StartError("DATABASE_URL: the database went away during the start; try again") from error


class Runtime:
    """Jobs and device workers on a foundation. `run` returns when it is cancelled and has drained."""

    def __init__(self, base: Foundation, transport_for: TransportFactory, hosts: Hosts | None = None) -> None:
        self._base = base
        self._transport_for = transport_for
        self._hosts = hosts
        self._clock_changed = asyncio.Event()

    async def run(self, started: asyncio.Event) -> None:
        """Work until cancelled; `started` is set when devices are being worked."""
        base = self._base
        capacity = base.settings.max_workers
        ownership = await _patiently(lambda: Ownership.register(base.database, base.clock, capacity=capacity))
        random = Random()  # noqa: S311 (pacing, not secrets)
        desk = Desk(base.database, base.clock, engine_id=ownership.engine_id, random=random)
        pool = WorkerPool(
            ownership,
            desk,
            base.clock,
            self._transport_for,
            Shortage(base.database, base.clock),
            random=random,
        )
        hasty = base.database.within(JOB_WITHIN)
        checkup = Checkup(hasty, base.clock, pool)
        upkeep = upkeep_jobs(base.database, base.clock, base.settings)
        jobs = Jobs(base.clock, SequenceProcessor(hasty), CampaignTrigger(hasty, base.clock), checkup, *upkeep)
        base.notifications.listen(Channel.QUEUE, pool.wake)
        base.notifications.listen(Channel.CONTROL, pool.control)
        base.notifications.listen(Channel.CONTROL, jobs.tick_now)
        base.notifications.listen(Channel.OWNERSHIP, pool.look)
        importer = Importer(base.database, base.clock)
        base.notifications.listen(Channel.IMPORTS, importer.look)
        base.notifications.listen(Channel.CLOCK, lambda _: self._clock_changed.set())
        async with AsyncExitStack() as ending:  # in reverse: jobs stop, workers drain, then the desk closes
            await ending.enter_async_context(running(desk.run()))
            await ending.enter_async_context(running(tell_outages(base.database, base.clock)))
            if self._hosts is not None:
                book = HostBook(base.database, self._hosts, ownership.engine_id)
                await ending.enter_async_context(running(book.run()))
            await ending.enter_async_context(running(pool.run()))
            await ending.enter_async_context(running(importer.run()))
            jobs.start()
            ending.push_async_callback(jobs.stop)
            await ending.enter_async_context(running(base.notifications.run()))
            started.set()
            log.info("engine started", engine=ownership.engine_id)
            await self._follow_clock(pool, jobs)

    async def _follow_clock(self, pool: WorkerPool, jobs: Jobs) -> None:
        while True:
            await self._clock_changed.wait()
            self._clock_changed.clear()
            await _patiently(self._base.timekeeper.follow)
            jobs.reschedule()
            pool.wake()


async def _patiently(work: Callable[[], Awaitable[T]]) -> T:
    """Do it as soon as the database answers: one that is away must not end the engine."""
    while True:
        try:
            return await work()
        except Exception as error:
            if not is_transient(error):
                raise
            log.warning("the database does not answer", error=repr(error).partition("\n")[0])
        await asyncio.sleep(TRY_AGAIN_AFTER)


@asynccontextmanager
async def running(work: "asyncio._CoroutineLike[None]") -> AsyncIterator[None]:
    """Run a loop beside the body; its failure ends the body, the end of the body cancels and awaits it."""
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(work)
        try:
            yield
        finally:
            task.cancel()


def stop_signal() -> asyncio.Event:
    """Make an event that the first SIGTERM or Ctrl-C sets."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    return stopped
