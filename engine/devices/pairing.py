"""Pairing devices with real WhatsApp accounts, in the process whose chat has asked for it.

A pairing is a task of this process and takes a few minutes at most. A device that appears with it goes away again
if nothing comes of it; one that is paired anew keeps its row, settings, people and history, and is then as it was
before. How it stands is kept in memory: a code is nothing to be written down. When the process dies, the next pass
of any other puts right what it has left.
"""

import asyncio
from dataclasses import replace

from engine.actor import Actor
from engine.batching import is_transient
from engine.clock import Clock, machine_time
from engine.database import Database
from engine.devices import pairing_store as store
from engine.devices.availability import real_whatsapp_obstacle
from engine.devices.changes import find_device
from engine.devices.linking import PairedSessions
from engine.devices.linking_lock import LinkingLock
from engine.devices.pairing_run import Means, PairingRun
from engine.devices.pairing_status import PairingStatus, Stage
from engine.devices.pairing_store import Former
from engine.devices.registry import check_name
from engine.errors import ConflictError, NotFoundError
from engine.operators import read_phone
from engine.settings import Settings
from engine.transports.contract import Linker
from models import UserDevice, Workspace
from models.enums import Role

# Machine seconds.
ANEW_AFTER = 5.0  # another code, since the last one was asked for
LOOK_EVERY = 15.0
TOLD_FOR = 3600.0  # how a pairing has ended

MOST_AT_ONCE = 5  # each has a process of its own


class Pairings:
    """One pairing at a time for each operator, a few in all; `run` must be running for any to begin."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        settings: Settings,
        linker: Linker | None,
        sessions: PairedSessions,
    ) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings
        self._linker = linker
        self._sessions = sessions
        self._tasks: asyncio.TaskGroup | None = None
        self._runs: dict[int, PairingRun] = {}  # by device, the last one of each
        self._one_by_one = asyncio.Lock()

    @property
    def obstacle(self) -> str | None:
        """Why nothing can be paired here, in words; None: it can."""
        return real_whatsapp_obstacle(self._settings, linker=self._linker is not None)

    async def check_name(self, actor: Actor, name: str) -> str:
        """Clean up the name of a device to be paired. Raises InvalidInputError, ConflictError."""
        actor.must_be(Role.OPERATOR)
        name = check_name(name, "device")
        async with self._database.transaction() as session:
            await store.check_name_is_free(session, actor, name)
        return name

    async def start_qr(
        self, actor: Actor, *, name: str = "", device_id: int | None = None, anew: bool = False
    ) -> int:
        """Pair a new device of this name, or this one anew; which device it is.

        Asked for again while the same is under way it changes nothing, unless it is to begin `anew`; another way
        to pair the same device takes its place. Raises NotFoundError, InvalidInputError, ConflictError.
        """
        return await self._start(actor, name, device_id, None, anew=anew)

    async def start_code(
        self, actor: Actor, phone: str, *, name: str = "", device_id: int | None = None, anew: bool = False
    ) -> int:
        """The same by a code. `phone` as somebody has typed it; empty: the number that the device had."""
        actor.must_be(Role.OPERATOR)
        if not phone and device_id is not None:
            phone = await self._known_phone(actor, device_id)
        async with self._database.transaction() as session:
            workspace = await session.get_one(Workspace, actor.workspace_id)
        return await self._start(actor, name, device_id, read_phone(phone, workspace.country), anew=anew)

    async def status(self, actor: Actor, device_id: int) -> PairingStatus:
        """How its last pairing stands, or stood an hour ago at most. Raises NotFoundError."""
        actor.must_be(Role.OPERATOR)
        run = self._run_of(actor, device_id)
        if run is None:
            raise NotFoundError(
                "This pairing is not going on any more: dripdesk was restarted. Please begin again."
            )
        if run.status.stage is not Stage.PAIRED:
            return run.status
        async with self._database.transaction() as session:
            device = await find_device(session, actor, device_id)
        return replace(run.status, name=device.name, state=device.state)

    async def give_up(self, actor: Actor, device_id: int) -> None:
        """Stop a pairing that is under way; everything is as before it. Idempotent. Raises NotFoundError."""
        actor.must_be(Role.OPERATOR)
        run = self._run_of(actor, device_id)
        if run is None:
            async with self._database.transaction() as session:
                await find_device(session, actor, device_id)
            return
        await _stop(run)

    async def run(self) -> None:
        """Let pairings go on until cancelled, which gives them up; put right what others have left."""
        async with asyncio.TaskGroup() as tasks:
            self._tasks = tasks
            try:
                while True:
                    try:
                        await self.run_once()
                    except Exception as error:
                        if not is_transient(error):
                            raise
                    await asyncio.sleep(LOOK_EVERY)
            finally:
                self._tasks = None

    async def run_once(self) -> int:
        """Put right the devices that a process which is gone has left in the middle of a pairing; how many."""
        async with self._database.transaction() as session:
            left = await store.left_behind(session)
        return sum([await self._put_right(*one) for one in left])

    # --- beginning ------------------------------------------------------------------------------------------

    async def _start(
        self, actor: Actor, name: str, device_id: int | None, phone: str | None, *, anew: bool
    ) -> int:
        actor.must_be(Role.OPERATOR)
        if self.obstacle is not None:
            raise ConflictError(self.obstacle)
        async with self._one_by_one:
            known = self._live_one(actor, name) if device_id is None else self._run_of(actor, device_id)
            if known is not None:
                if known.status.stage.is_over:
                    await _ended(known)
                elif await self._goes_on(known, actor, phone, anew=anew):
                    return known.status.device_id
                name = known.status.name
                device_id = known.status.device_id if known.device_stays else None
            self._check_room(actor)
            return await self._begin(actor, name, device_id, phone)

    async def _goes_on(self, run: PairingRun, actor: Actor, phone: str | None, *, anew: bool) -> bool:
        """Whether a pairing of the same device that is under way is what is asked for; else it is stopped."""
        if run.actor.operator_id != actor.operator_id:
            raise ConflictError(f"Somebody else of your team is just pairing {run.status.name}.")
        same = (run.status.by_code, run.status.phone) == (phone is not None, phone)
        if same and not (anew and machine_time() - run.begun_at >= ANEW_AFTER):
            return True
        await _stop(run)
        return run.status.stage is Stage.PAIRED  # at the last moment

    def _check_room(self, actor: Actor) -> None:
        live = [run for run in self._runs.values() if not run.status.stage.is_over]
        own = next((run for run in live if run.actor.operator_id == actor.operator_id), None)
        if own is not None:
            raise ConflictError(
                f"You are just pairing {own.status.name}. Finish that first, or stop it (Devices)."
            )
        if len(live) >= MOST_AT_ONCE:
            raise ConflictError(
                f"{MOST_AT_ONCE} devices are being paired right now. Please try again in a minute."
            )

    async def _begin(self, actor: Actor, name: str, device_id: int | None, phone: str | None) -> int:
        lock = LinkingLock(self._database.url)
        try:
            device, former, tasks, linker = await self._enter(actor, lock, name, device_id, phone)
        except BaseException:
            await lock.release()
            raise
        means = Means(self._database, self._clock, linker, self._sessions)
        first = device.paired_at is None
        status = PairingStatus(device.id, device.name, first, by_code=phone is not None, phone=phone)
        run = PairingRun(means, actor, status, former, lock)
        self._forget_the_old()
        self._runs[device.id] = run
        run.task = tasks.create_task(run.run())
        return device.id

    async def _enter(
        self, actor: Actor, lock: LinkingLock, name: str, device_id: int | None, phone: str | None
    ) -> tuple[UserDevice, Former | None, asyncio.TaskGroup, Linker]:
        """Put the device into the state of being paired, alone with it. Former: None for one that is new."""
        former = None
        async with self._database.transaction() as session:
            if device_id is None:
                device = await store.add(session, actor, self._clock, check_name(name, "device"))
            else:
                device, former = await store.begin_again(session, actor, self._clock, device_id)
            refusal = phone and await store.refuse_number(session, actor, device, phone, scanned=False)
            if refusal:
                raise ConflictError(refusal)
            if not await lock.take(device.id):
                raise ConflictError(f"{device.name} is being paired or logged out right now. Wait a minute.")
            if self._tasks is None or self._linker is None:
                raise ConflictError("dripdesk is just starting or stopping. Please try again in a few seconds.")
        return device, former, self._tasks, self._linker

    async def _known_phone(self, actor: Actor, device_id: int) -> str:
        """The number that a code for this device was asked for last, or that it had."""
        run = self._run_of(actor, device_id)
        if run is not None and run.status.phone is not None:
            return run.status.phone
        async with self._database.transaction() as session:
            return (await find_device(session, actor, device_id)).phone or ""

    # --- what goes on ---------------------------------------------------------------------------------------

    def _run_of(self, actor: Actor, device_id: int) -> PairingRun | None:
        run = self._runs.get(device_id)
        return run if run is not None and run.actor.workspace_id == actor.workspace_id else None

    def _live_one(self, actor: Actor, name: str) -> PairingRun | None:
        own = (run for run in self._runs.values() if run.actor == actor and not run.status.stage.is_over)
        return next((run for run in own if run.status.name.casefold() == name.strip().casefold()), None)

    def _forget_the_old(self) -> None:
        now = machine_time()
        self._runs = {
            device_id: run
            for device_id, run in self._runs.items()
            if run.ended_at is None or now - run.ended_at < TOLD_FOR
        }

    async def _put_right(self, device_id: int, workspace_id: int) -> bool:
        async with LinkingLock(self._database.url) as lock:
            if not await lock.take(device_id):
                return False  # somebody is at it
            async with self._database.transaction() as session:
                why = "dripdesk was restarted meanwhile"
                await store.end_in_vain(
                    session, store.nobody(workspace_id), self._clock, device_id, former=None, why=why
                )
        return True


async def _stop(run: PairingRun) -> None:
    """Unless the phone has agreed already: then it is taken into service."""
    if run.task is not None and not run.task.done():
        run.task.cancel()
    await _ended(run)


async def _ended(run: PairingRun) -> None:
    if run.task is not None:
        await asyncio.wait([run.task])
