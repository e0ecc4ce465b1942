"""The scheduler ticks; when everything stops, a tick that runs is not cut off."""

import asyncio

from engine.clock import ManualClock
from engine.jobs import Jobs


class SlowWork:
    """Stands in for all that the jobs do; each pass lasts until it is let go."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.let_go = asyncio.Event()
        self.finished = 0

    async def run_once(self, _now: object = None) -> list[str]:
        self.begun.set()
        await self.let_go.wait()
        self.finished += 1
        return []

    async def prune(self) -> None:
        """No work."""


async def test_a_tick_that_runs_when_everything_stops_is_finished_first(clock: ManualClock, caplog):
    work = SlowWork()
    jobs = Jobs(clock, work, work, work)
    jobs.start()
    await work.begun.wait()
    stopping = asyncio.create_task(jobs.stop())
    await asyncio.sleep(0)
    assert not stopping.done()
    work.let_go.set()
    await stopping
    assert work.finished == 3  # the sequence processor's tick, the campaign trigger's and the health check's
    assert caplog.records == []
