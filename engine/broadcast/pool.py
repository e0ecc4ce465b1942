"""The pool of an engine: one supervised worker for each device that this engine owns."""

import asyncio
import gc
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from random import Random

import structlog

from engine.batching import is_transient
from engine.broadcast.desk import Desk
from engine.broadcast.observations import StateNote
from engine.broadcast.worker import POLL_EVERY, DeviceWorker
from engine.clock import Clock
from engine.devices.backoff import MOST_AN_HOUR, RestartPolicy
from engine.devices.ownership import BEAT_EVERY, LOOK_EVERY, OwnedDevice, Ownership
from engine.devices.shortage import Shortage
from engine.errors import DripdeskError
from engine.notifications import EVERYTHING
from engine.signals import DeviceDown, WorkerRestarted
from engine.transports.contract import Transport
from models.enums import DeviceState

log = structlog.get_logger()

LOOKS_UNTIL_SETTLED = 5  # without a new device; by then all have their lines
CONNECT_TOGETHER = 50
CLOSE_WITHIN = 10.0  # machine seconds for a worker that is not wanted any more
GIVE_UP_EVERY = 0.2  # machine seconds: while we drain, devices that are idle by then go in groups
DRAIN_WITHIN = 14.0  # machine seconds for the sends in flight; the process has 20 in all
LAST_WORDS_WITHIN = 2.0  # machine seconds for their outcomes, and again for giving the devices up


@dataclass(slots=True)
class _Employed:
    device: OwnedDevice
    supervisor: asyncio.Task[None]
    worker: DeviceWorker | None = None
    work: asyncio.Task[None] | None = None
    restart_because: str | None = None
    ending: bool = False  # its device goes to another engine, or is not ours any more
    line: DeviceState = DeviceState.CONNECTING  # of the last worker, at its end


class WorkerPool:
    def __init__(
        self,
        ownership: Ownership,
        desk: Desk,
        clock: Clock,
        transport_for: Callable[[OwnedDevice], Transport],
        shortage: Shortage,
        *,
        random: Random,
    ) -> None:
        self._ownership = ownership
        self._desk = desk
        self._clock = clock
        self._transport_for = transport_for
        self._shortage = shortage
        self._random = random
        self._employed: dict[int, _Employed] = {}
        self._settled_in = 0
        self._look = asyncio.Event()
        self._connecting = asyncio.Semaphore(CONNECT_TOGETHER)
        self._tasks: asyncio.TaskGroup | None = None
        self._ended: set[int] = set()  # since the devices were last asked for: they may not be ours any more
        self._left_alone: set[asyncio.Task[None]] = set()  # whose transports do not close

    async def run(self) -> None:
        """Keep the workers in step with the devices until cancelled; then end them within DRAIN_WITHIN."""
        async with asyncio.TaskGroup() as outlasting:  # the heart beats until the last send is over
            heart = outlasting.create_task(self._beat())
            try:
                async with asyncio.TaskGroup() as self._tasks:
                    while True:
                        self._look.clear()
                        await _while_database_answers(self.run_once)
                        await _set_within(self._look, LOOK_EVERY)
            finally:
                await self._drain(heart)

    async def run_once(self) -> int:
        """Take free devices, start and stop workers accordingly; how many devices were taken."""
        await self._ownership.end_sleepers()  # they may have locked what the rest is about
        leaving = sum(employed.ending for employed in self._employed.values())  # the census may still count them
        census = await self._ownership.census()
        taken = await self._ownership.take(census.room(self._ownership.engine_id))
        self._ended.clear()
        devices, resting = await self._ownership.owned()
        owned = {device.id: device for device in devices}
        for employed in list(self._employed.values()):
            device = owned.get(employed.device.id)
            if employed.device.id in resting:
                self._let_go(employed)
            elif device is None or device.epoch > employed.device.epoch or employed.supervisor.done():
                self._dismiss(employed)
        for device in devices:
            if device.id not in self._employed and device.id not in self._ended:
                self._employ(device)
        if unworked := resting - self._employed.keys():
            await self._ownership.release(list(unworked))
        for employed in self._latest(census.surplus(self._ownership.engine_id) - leaving):
            self._let_go(employed)
        await self._shortage.follow(census)
        self._settle_memory(grown=taken > 0)
        for device_id in await self._desk.newly_queued():
            self._wake(device_id)
        return taken

    def _settle_memory(self, *, grown: bool) -> None:
        """Take what thousands of workers are made of out of the garbage collector's rounds.

        Going through all of it takes a quarter of a second, every few seconds, in which nothing is sent.
        """
        if grown:
            self._settled_in = LOOKS_UNTIL_SETTLED
        elif self._settled_in > 0:
            self._settled_in -= 1
            if self._settled_in == 0:
                gc.collect()
                gc.freeze()

    def wake(self, device_ids: str = EVERYTHING) -> None:
        """Wake workers by the payload of a notification; the empty one wakes all."""
        ids = [int(one) for one in device_ids.split(",")] if device_ids else list(self._employed)
        for device_id in ids:
            self._wake(device_id)

    def _wake(self, device_id: int) -> None:
        employed = self._employed.get(device_id)
        if employed is not None and employed.worker is not None:
            employed.worker.wake()

    def look(self, _notification: str = EVERYTHING) -> None:
        """A device has become free: look at the devices, and let the workers be."""
        self._look.set()

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
        self._employed[device.id] = _Employed(device, asyncio.create_task(self._supervise(device.id)))

    def _latest(self, count: int) -> list[_Employed]:
        """Choose what to let go: the last that came."""
        staying = [employed for employed in self._employed.values() if not employed.ending]
        return staying[-count:] if count > 0 else []

    def _let_go(self, employed: _Employed) -> None:
        """End a worker gently and make its device free, beside everything else."""
        if not employed.ending and self._tasks is not None:
            employed.ending = True
            self._tasks.create_task(self._end(employed, gently=True))

    def _dismiss(self, employed: _Employed) -> None:
        """End the worker of a device that is not ours, beside everything else."""
        if not employed.ending and self._tasks is not None:
            employed.ending = True
            self._tasks.create_task(self._end(employed, gently=False))

    async def _end(self, employed: _Employed, *, gently: bool) -> None:
        device, supervisor = employed.device, employed.supervisor
        if gently and employed.worker is not None:
            employed.worker.drain()
            await asyncio.wait({supervisor}, timeout=DRAIN_WITHIN)
        supervisor.cancel()
        await asyncio.wait({supervisor}, timeout=CLOSE_WITHIN)
        if not supervisor.done():
            log.error("a worker does not end; it is left alone", device=device.name)
            self._left_alone.add(supervisor)
            supervisor.add_done_callback(self._left_alone.discard)
        elif not supervisor.cancelled() and (error := supervisor.exception()) is not None:
            log.error("supervisor failed", device=device.name, exc_info=error)
        if gently:
            await _while_database_answers(lambda: self._ownership.release([device.id]))
        self._forget(device.id)

    async def _supervise(self, device_id: int) -> None:
        """Run the device's worker, again and again with growing pauses if it fails."""
        policy = RestartPolicy(self._random)
        employed = self._employed[device_id]
        while True:
            failure = await self._run_worker(employed)
            renewed = None if failure is None else await self._renew(employed.device)
            if failure is None or renewed is None or employed.ending:
                break
            device = employed.device = renewed
            if employed.line.is_terminal:  # banned, logged out …: told, and never by itself
                await asyncio.Event().wait()
            about = (device.workspace_id, device.id, device.name)
            await self._desk.signals.submit(WorkerRestarted(*about, reason=failure))
            delay = policy.next_delay(time.monotonic())
            if delay is None:
                reason = f"it was restarted {MOST_AN_HOUR} times within an hour; it needs you"
                parked = StateNote(device.id, device.epoch, DeviceState.PARKED, reason)
                await self._desk.states.submit(parked)
                await self._desk.signals.submit(DeviceDown(*about, state=DeviceState.PARKED, reason=reason))
                await asyncio.Event().wait()  # until the device is let go, or restarted by the operators
            else:
                await asyncio.sleep(delay)
        if not employed.ending:
            self._forget(device_id)

    def _forget(self, device_id: int) -> None:
        del self._employed[device_id]
        self._ended.add(device_id)
        self._look.set()

    async def _renew(self, device: OwnedDevice) -> OwnedDevice | None:
        while True:
            try:
                return await self._ownership.renew(device)
            except Exception as error:
                if not is_transient(error):
                    raise
            await asyncio.sleep(POLL_EVERY)

    async def _run_worker(self, employed: _Employed) -> str | None:
        """Run one worker to its end; why it has to be restarted, or None when it is not to be."""
        device = employed.device
        employed.restart_because = None
        try:
            transport = self._transport_for(device)
        except DripdeskError as missing:
            return str(missing)
        employed.worker = DeviceWorker(
            device,
            transport,
            self._desk,
            self._clock,
            holds_lease=lambda: self._ownership.holds(device),
            connecting=self._connecting,
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

    async def _drain(self, heart: asyncio.Task[None]) -> None:
        """Let the sends in flight finish, end the workers, and give the devices up, each as soon as it is idle."""
        leaving = list(self._employed.values())
        for employed in leaving:
            employed.ending = True
            if employed.worker is not None:
                employed.worker.drain()
            else:
                employed.supervisor.cancel()
        retiring = asyncio.create_task(_within_last_words(self._ownership.retire))
        deadline = time.monotonic() + DRAIN_WITHIN
        while leaving and (left := deadline - time.monotonic()) > 0:
            supervisors = {employed.supervisor for employed in leaving}
            await asyncio.wait(supervisors, timeout=min(left, GIVE_UP_EVERY))
            free = [employed.device.id for employed in leaving if employed.supervisor.done()]
            leaving = [employed for employed in leaving if not employed.supervisor.done()]
            if free and leaving and left > 2 * LAST_WORDS_WITHIN:  # else they go with all the rest
                await _within_last_words(partial(self._ownership.release, free))
        for employed in leaving:
            employed.supervisor.cancel()
        if leaving:  # not for ever: the database may be away
            await asyncio.wait({employed.supervisor for employed in leaving}, timeout=LAST_WORDS_WITHIN)
        await retiring
        heart.cancel()
        await asyncio.wait({heart})
        await _within_last_words(self._ownership.release_all)


async def _within_last_words(work: Callable[[], Awaitable[None]]) -> None:
    await _while_database_answers(lambda: asyncio.wait_for(work(), LAST_WORDS_WITHIN))


async def _while_database_answers(work: Callable[[], Awaitable[object]]) -> None:
    """Run one round of a loop; a database that is away is the next round's business."""
    try:
        await work()
    except Exception as error:
        if not is_transient(error):
            raise
        log.debug("put off, the database does not answer", error=repr(error).partition("\n")[0])


async def _set_within(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
