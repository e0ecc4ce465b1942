"""The scheduled jobs. APScheduler only ticks; what is due, and whether it was done, is in the database."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from engine.batching import is_transient
from engine.broadcast.checkup import Checkup
from engine.campaigns.trigger import CampaignTrigger
from engine.clock import Clock
from engine.sequences.processor import SequenceProcessor

log = structlog.get_logger()

FASTEST_TICK = 0.2  # machine seconds
FINISH_WITHIN = 1.0  # machine seconds for the ticks that run when everything stops


@dataclass(frozen=True, slots=True)
class Job:
    """`accelerated`: the interval is business time; otherwise it is machine time."""

    name: str
    interval: timedelta
    accelerated: bool
    run: Callable[[], Awaitable[object]]

    def seconds(self, speed: float) -> float:
        """Machine seconds between two ticks."""
        real = self.interval.total_seconds()
        return max(FASTEST_TICK, real / speed) if self.accelerated else real


class Jobs:
    def __init__(
        self,
        clock: Clock,
        processor: SequenceProcessor,
        campaigns: CampaignTrigger,
        checkup: Checkup,
        *more: Job,
    ) -> None:
        self._clock = clock
        minute = timedelta(minutes=1)

        async def process_sequences() -> None:
            await processor.run_once(clock.now() + self._between_ticks(minute))

        async def trigger_campaigns() -> None:
            await campaigns.run_once(clock.now() + self._between_ticks(minute))

        async def check_health() -> None:
            for name in await checkup.run_once():
                log.warning("worker hangs and is restarted", device=name)

        self.table = (
            Job("sequence processor", minute, accelerated=True, run=process_sequences),
            Job("campaign trigger", minute, accelerated=True, run=trigger_campaigns),
            Job("health", timedelta(seconds=30), accelerated=False, run=check_health),
            Job("device timelines", timedelta(hours=1), accelerated=False, run=checkup.prune),
            *more,
        )
        self._ticking: set[asyncio.Task[None]] = set()
        # The grace is generous and late runs are merged: a tick that comes late still does all the work.
        self._scheduler = AsyncIOScheduler(
            timezone="UTC", job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": 3600}
        )

    def start(self) -> None:
        for job in self.table:
            trigger = self._every(job)
            self._scheduler.add_job(self._tick, trigger, [job], id=job.name, next_run_time=datetime.now(UTC))
        self._scheduler.start()

    def reschedule(self) -> None:
        """Tick by the clock's new speed, and at once: it may have jumped."""
        for job in self.table:
            if job.accelerated:
                self._scheduler.reschedule_job(job.name, trigger=self._every(job))
        self.tick_now()

    def tick_now(self, _notification: str = "") -> None:
        """Run the jobs of business time at once, without waiting for their next tick."""
        for job in self.table:
            if job.accelerated:
                self._scheduler.modify_job(job.name, next_run_time=datetime.now(UTC))

    def _every(self, job: Job) -> IntervalTrigger:
        return IntervalTrigger(seconds=job.seconds(self._clock.speed), timezone="UTC")

    async def stop(self) -> None:
        """Begin no tick any more, and let those that run finish: shutting down would cancel them."""
        self._scheduler.pause()
        await asyncio.sleep(0)  # what was submitted just now begins here
        if self._ticking:
            await asyncio.wait(self._ticking, timeout=FINISH_WITHIN)
        self._scheduler.shutdown(wait=False)

    def _between_ticks(self, interval: timedelta) -> timedelta:
        """Ticks look one interval ahead; at high speeds more business time passes between two ticks."""
        return max(interval, timedelta(seconds=2 * FASTEST_TICK) * self._clock.speed)

    async def _tick(self, job: Job) -> None:
        if (task := asyncio.current_task()) is not None:
            self._ticking.add(task)
            task.add_done_callback(self._ticking.discard)
        try:
            await job.run()
        except Exception as error:
            if not is_transient(error):
                raise
            log.debug("job put off, the database does not answer", job=job.name)
