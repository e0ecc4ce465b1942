"""The pool of an engine: one supervised worker for each device that this engine owns."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

import structlog

from engine.batching import is_transient
from engine.broadcast.desk import Desk
from engine.broadcast.observations import StateNote
from engine.broadcast.worker import POLL_EVERY, DeviceWorker
from engine.clock import Clock
from engine.devices.backoff import MOST_AN_HOUR, RestartPolicy
from engine.devices.ownership import BEAT_EVERY, OwnedDevice, Ownership
from engine.errors import DripdeskError
from engine.notifications import EVERYTHING
from engine.signals import DeviceDown, WorkerRestarted
from engine.transports.contract import Transport
from models.enums import DeviceState

log = structlog.get_logger()

DRAIN_WITHIN = 14.0  # machine seconds for the sends in flight; the process has 20 in all
LAST_WORDS_WITHIN = 2.0  # machine seconds for their outcomes, and again for giving the devices up


@dataclass(slots=True)
class _Employed:
    device: OwnedDevice
    supervisor: asyncio.Task[None]
    worker: DeviceWorker | None = None
    work: asyncio.Task[None] | None = None
    restart_because: str | None = None
    line: DeviceState = DeviceState.CONNECTING  # of the last worker, at its end


class WorkerPool:
    def __init__(
        self,
        ownership: Ownership,
        desk: Desk,
        clock: Clock,
        transport_for: Callable[[OwnedDevice], Transport],
        *,
        max_workers: int,
        random: Random,
    ) -> None:
        self._ownership = ownership
        self._desk = desk
        self._clock = clock
        self._transport_for = transport_for
        self._max_workers = max_workers
        self._random = random
        self._employed: dict[int, _Employed] = {}
        self._look = asyncio.Event()

    async def run(self) -> None:
        """Keep the workers in step with the devices until cancelled; then end them within DRAIN_WITHIN."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._beat())
                while True:
                    self._look.clear()
                    await _while_database_answers(self.run_once)
                    await _set_within(self._look, POLL_EVERY)
        finally:
            await self._drain()

    async def run_once(self) -> int:
        """Take free devices, start and stop workers accordingly; how many devices were taken."""
        taken = await self._ownership.take(self._max_workers - len(self._employed))
        owned = {device.id: device for device in await self._ownership.owned()}
        for employed in list(self._employed.values()):
            if owned.get(employed.device.id) != employed.device or employed.supervisor.done():
                await self._dismiss(employed)
        for device in owned.values():
            if device.id not in self._employed:
                self._employ(device)
        return taken

    def wake(self, device_ids: str = EVERYTHING) -> None:
        """Wake workers by the payload of a notification; the empty one wakes all."""
        ids = [int(one) for one in device_ids.split(",")] if device_ids else list(self._employed)
        for device_id in ids:
            employed = self._employed.get(device_id)
            if employed is not None and employed.worker is not None:
                employed.worker.wake()

    def control(self, _notification: str = EVERYTHING) -> None:
        """Somebody has added, removed, paused or set something: look at the devices and wake everyone."""
        self._look.set()
        self.wake()

    def workers(self) -> list[DeviceWorker]:
        """Those at work now."""
        return [employed.worker for employed in self._employed.values() if employed.worker is not None]

    def restart(self, worker: DeviceWorker, because: str) -> bool:
        """End a worker that hangs; its supervisor starts another. Whether it was still to be ended."""
        employed = self._employed.get(worker.device.id)
        if employed is None or employed.worker is not worker or employed.work is None:
            return False
        if employed.restart_because is not None:
            return False
        employed.restart_because = because
        employed.work.cancel()
        return True

    def __len__(self) -> int:
        return len(self._employed)

    async def _beat(self) -> None:
        while True:
            await _while_database_answers(self._ownership.beat)
            await asyncio.sleep(BEAT_EVERY)

    def _employ(self, device: OwnedDevice) -> None:
        employed = _Employed(device, asyncio.create_task(self._supervise(device)))
        self._employed[device.id] = employed

    async def _dismiss(self, employed: _Employed) -> None:
        employed.supervisor.cancel()
        await asyncio.wait({employed.supervisor})
        self._employed.pop(employed.device.id, None)
        error = None if employed.supervisor.cancelled() else employed.supervisor.exception()
        if error is not None:
            log.error("supervisor failed", device=employed.device.name, exc_info=error)

    async def _supervise(self, device: OwnedDevice) -> None:
        """Run the device's worker, again and again with growing pauses if it fails."""
        policy = RestartPolicy(self._random)
        while True:
            failure = await self._run_worker(device)
            renewed = None if failure is None else await self._renew(device)
            if failure is None or renewed is None:
                break
            device = self._employed[device.id].device = renewed
            if self._employed[device.id].line.is_terminal:  # banned, logged out …: told, and never by itself
                await asyncio.Event().wait()
            about = (device.workspace_id, device.id, device.name)
            await self._desk.signals.submit(WorkerRestarted(*about, reason=failure))
            delay = policy.next_delay(time.monotonic())
            if delay is None:
                reason = f"it was restarted {MOST_AN_HOUR} times within an hour; it needs you"
                parked = StateNote(device.id, device.epoch, DeviceState.PARKED, reason)
                await self._desk.states.submit(parked)
                await self._desk.signals.submit(DeviceDown(*about, state=DeviceState.PARKED, reason=reason))
                await asyncio.Event().wait()  # until the operators restart the device, which dismisses us
            else:
                await asyncio.sleep(delay)
        self._employed.pop(device.id, None)
        self._look.set()

    async def _renew(self, device: OwnedDevice) -> OwnedDevice | None:
        while True:
            try:
                return await self._ownership.renew(device)
            except Exception as error:
                if not is_transient(error):
                    raise
            await asyncio.sleep(POLL_EVERY)

    async def _run_worker(self, device: OwnedDevice) -> str | None:
        """Run one worker to its end; why it has to be restarted, or None when it is not to be."""
        employed = self._employed[device.id]
        employed.restart_because = None
        try:
            transport = self._transport_for(device)
        except DripdeskError as missing:
            return str(missing)
        employed.worker = DeviceWorker(
            device, transport, self._desk, self._clock, holds_lease=lambda: self._ownership.holds_lease
        )
        employed.work = asyncio.create_task(employed.worker.run())
        try:
            await asyncio.wait({employed.work})
        except asyncio.CancelledError:
            employed.work.cancel()
            await asyncio.wait({employed.work})
            raise
        finally:
            employed.line = employed.worker.state
            employed.worker = None
        if employed.work.cancelled():
            return employed.restart_because or "it was cancelled"
        error = employed.work.exception()
        if error is not None:
            log.error("worker failed", device=device.name, exc_info=error)
            return "an error inside of dripdesk, see the log"
        return None

    async def _drain(self) -> None:
        """Let the sends in flight finish, end the workers, and give the devices up."""
        working = set()
        for employed in self._employed.values():
            if employed.worker is not None and employed.work is not None:
                employed.worker.drain()
                working.add(employed.work)
        if working:
            await asyncio.wait(working, timeout=DRAIN_WITHIN)
        supervisors = {employed.supervisor for employed in self._employed.values()}
        for supervisor in supervisors:
            supervisor.cancel()
        if supervisors:  # not for ever: the database may be away
            await asyncio.wait(supervisors, timeout=LAST_WORDS_WITHIN)
        await _while_database_answers(lambda: asyncio.wait_for(self._ownership.release(), LAST_WORDS_WITHIN))


async def _while_database_answers(work: Callable[[], object]) -> None:
    """Run one round of a loop; a database that is away is the next round's business."""
    try:
        await work()  # type: ignore[misc]
    except Exception as error:
        if not is_transient(error):
            raise
        log.warning("the database does not answer", error=repr(error).partition("\n")[0])


async def _set_within(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
