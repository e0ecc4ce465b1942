"""One pairing, from the first code to its end."""

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any, TypeVar, cast

import structlog
from sqlalchemy import select

from engine.actor import Actor
from engine.batching import is_transient
from engine.clock import Clock, machine_time
from engine.contacts.phones import write_phone
from engine.database import Database
from engine.devices import pairing_store as store
from engine.devices.linking import PairedSessions, log_out
from engine.devices.linking_lock import LinkingLock
from engine.devices.pairing_status import PairingStatus, Stage
from engine.devices.pairing_store import Former
from engine.errors import DripdeskError
from engine.transports.contract import (
    CodeShown,
    Linker,
    Paired,
    PairingRefused,
    PairingStep,
    PasskeyAsked,
    QrShown,
)
from models import UserDevice
from models.enums import DeviceState

log = structlog.get_logger()

# Machine seconds.
PAIRS_WITHIN = 360.0  # whatever the linker does; WhatsApp's own codes end sooner
WRITES_WITHIN = 8.0  # that the database may be away while there is something to write
TRY_AGAIN_AFTER = 0.5
UNLINKS_WITHIN = 10.0  # also when the process is to end, which has 20

T = TypeVar("T")

EXPIRED = "WhatsApp did not hear from the phone in time."
UNFORESEEN = "Something went wrong on our side; it is in the log."
SILENT = "WhatsApp broke off without a word."


@dataclass(frozen=True, slots=True)
class Means:
    """What a pairing works with."""

    database: Database
    clock: Clock
    linker: Linker
    sessions: PairedSessions


class PairingRun:
    """`run` ends with the device in service, or with everything as it was before."""

    def __init__(
        self, means: Means, actor: Actor, status: PairingStatus, former: Former | None, lock: LinkingLock
    ) -> None:
        self._means = means
        self._lock = lock
        self._former = former  # None: the device has appeared with this pairing
        self.actor = actor
        self.status = status
        self.device_stays = True
        self.begun_at = machine_time()
        self.ended_at: float | None = None  # machine time
        self.task: asyncio.Task[None] | None = None

    async def run(self) -> None:
        try:
            paired = await self._wait_for_phone()
            await _to_the_end(self._take(paired) if isinstance(paired, Paired) else self._end(paired.text))
        except asyncio.CancelledError:
            if not self.status.stage.is_over:
                await self._end("", Stage.STOPPED)
            raise
        finally:
            await self._lock.release()
            self.ended_at = machine_time()

    async def _wait_for_phone(self) -> Paired | PairingRefused:
        try:
            async with asyncio.timeout(PAIRS_WITHIN), aclosing(self._steps()) as steps:
                async for step in steps:
                    if isinstance(step, Paired | PairingRefused):
                        return step
                    await self._show(step)
        except TimeoutError:
            return PairingRefused("timeout", EXPIRED)
        except DripdeskError as error:
            return PairingRefused("refused", str(error))
        except Exception:
            log.exception("a pairing failed", device=self.status.device_id)
            return PairingRefused("failed", UNFORESEEN)
        return PairingRefused("silent", SILENT)

    def _steps(self) -> AsyncGenerator[PairingStep, None]:
        """The linker's iterator is one that can be closed."""
        linker, status = self._means.linker, self.status
        steps = linker.pair_by_code(status.phone or "") if status.by_code else linker.pair_by_qr()
        return cast(AsyncGenerator[PairingStep, None], steps)

    async def _show(self, step: QrShown | CodeShown | PasskeyAsked) -> None:
        match step:
            case QrShown(text=text, until=until):
                self._set(stage=Stage.QR, shown=text, until=until, text="")
            case CodeShown(code=code, until=until):
                self._set(stage=Stage.CODE, shown=code, until=until, text="")
            case PasskeyAsked(text=text):
                self._set(stage=Stage.PASSKEY, shown="", until=None, text=text)
                await _patiently(self._note_passkey)

    async def _note_passkey(self) -> None:
        async with self._means.database.transaction() as session:
            device = await session.scalar(self._row())
            if device is not None:
                store.let_go(device, DeviceState.PASSKEY_REQUIRED)

    async def _take(self, paired: Paired) -> None:
        """The phone has agreed: now the device is ours, or its link must go again."""
        before: bytes | None = None
        try:
            refusal, before = await _patiently(lambda: self._take_into_service(paired))
        except DripdeskError as error:  # the key to lock sessions away with is none
            refusal = str(error)
        except Exception:
            log.exception("a paired device could not be kept", device=self.status.device_id)
            refusal = UNFORESEEN
        if refusal is not None:
            await self._end(f"{refusal} {await self._undo_link(paired)}")
            return
        self._set(stage=Stage.PAIRED, phone=paired.phone, shown="", until=None, text="")
        if before is not None:  # of the same account: the phone would list both
            await log_out(self._means.linker, before, within=UNLINKS_WITHIN)

    async def _take_into_service(self, paired: Paired) -> tuple[str | None, bytes | None]:
        """Return why not, and the session that it had before."""
        means, device_id = self._means, self.status.device_id
        before = await self._former_session()
        async with means.database.transaction() as session:
            device = await session.scalar(self._row())
            if device is None:
                return "This device was removed meanwhile.", None
            refusal = await store.refuse_number(session, self.actor, device, paired.phone, scanned=True)
            if refusal is not None:
                return refusal, None
            await store.take_into_service(session, self.actor, means.clock, device, paired.phone)
            await means.sessions.adopt(device_id, device.workspace_id, paired.session, session=session)
        return None, before

    async def _former_session(self) -> bytes | None:
        """Of a device that was linked until now. One whose key is lost cannot be logged out from here."""
        if self._former is None or self._former.state in {DeviceState.LOGGED_OUT, DeviceState.UNPAIRED}:
            return None
        try:
            return await self._means.sessions.read(self.status.device_id)
        except DripdeskError:
            return None

    async def _undo_link(self, paired: Paired) -> str:
        if await log_out(self._means.linker, paired.session, within=UNLINKS_WITHIN):
            return "The phone is not linked any more."
        number = write_phone(paired.phone)
        return f"Please unlink it on the phone {number} (WhatsApp → Settings → Linked devices)."

    async def _end(self, why: str, stage: Stage = Stage.REFUSED) -> None:
        """It was in vain. Without the database, the next pass puts the row right."""
        try:
            self.device_stays = await _patiently(lambda: self._put_back(why))
        except Exception:
            log.exception("a pairing could not be undone", device=self.status.device_id)
        self._set(stage=stage, shown="", until=None, text=why)

    async def _put_back(self, why: str) -> bool:
        means = self._means
        async with means.database.transaction() as session:
            return await store.end_in_vain(
                session, self.actor, means.clock, self.status.device_id, former=self._former, why=why or "stopped"
            )

    def _row(self) -> Any:
        status = self.status
        return (
            select(UserDevice)
            .where(
                UserDevice.id == status.device_id,
                UserDevice.workspace_id == self.actor.workspace_id,
                UserDevice.removed_at.is_(None),
            )
            .with_for_update()
        )

    def _set(self, **values: Any) -> None:
        self.status = replace(self.status, **values)


async def _to_the_end(work: Coroutine[Any, Any, None]) -> None:
    """Do what must not be left half done, also when the process is just ending: it takes seconds."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise


async def _patiently(work: Any) -> Any:
    """Try for some seconds while the database is away. Raises what it raised last."""
    ends_at = machine_time() + WRITES_WITHIN
    while True:
        try:
            return await work()
        except Exception as error:
            if not is_transient(error) or machine_time() >= ends_at:
                raise
        await asyncio.sleep(TRY_AGAIN_AFTER)
