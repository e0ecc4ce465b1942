"""One device's line: opened in whichever host the device lives, again and again, until nobody wants it."""

import asyncio
import contextlib
from pathlib import Path
from typing import Protocol

import structlog

from engine.batching import is_transient
from engine.devices.ownership import OwnedDevice
from engine.devices.session_keys import SessionKeyError
from engine.devices.sessions import DiskError, LostError, SessionMissingError
from engine.transports.contract import Inbound, PhoneSeen, Receipt, StateChanged
from engine.transports.forms import Frame, read_event, read_state
from engine.transports.neonize.process import HostGoneError, HostProcess
from engine.transports.neonize.session_copies import SessionCopies, SessionStores
from engine.transports.neonize.session_store import device_rows
from engine.transports.neonize.wire import Packet
from models.enums import DeviceState

log = structlog.get_logger()

TRY_AGAIN_AFTER = 5.0  # machine seconds, while the database is away
OPEN_AGAIN_AFTER = 1.0  # machine seconds, while another process has the session open
UP = {DeviceState.ONLINE, DeviceState.DEGRADED, DeviceState.PHONE_OFFLINE}


class NoLineError(ConnectionError):
    """The device has no line: nothing was handed over."""


class LineLostError(ConnectionError):
    """The line went after the request was handed over: nobody knows what came of it."""


class LineListener(Protocol):
    def state_changed(self, change: StateChanged) -> None: ...

    def received(self, event_id: int, event: Receipt | Inbound | PhoneSeen) -> None: ...


class Housing(Protocol):
    """What a line needs of the hosts."""

    @property
    def sessions(self) -> SessionStores: ...

    def keep(self, line: "DeviceLine") -> asyncio.Task[None]:
        """Run the line until it ends; an earlier line of the same device is replaced."""
        ...

    def turn(self, device_id: int) -> contextlib.AbstractAsyncContextManager[None]:
        """For one line of a device at a time."""
        ...

    async def host_of(self, device_id: int) -> HostProcess:
        """Return the host where the device is to be, as soon as it is at work."""
        ...

    def move(self, device_id: int) -> None:
        """From now on it is to be in the host that takes over."""
        ...

    def leave(self, line: "DeviceLine") -> None: ...


class DeviceLine:
    def __init__(self, housing: Housing, device: OwnedDevice, listener: LineListener) -> None:
        self.device = device
        self._housing = housing
        self._copies = SessionCopies(housing.sessions, device)
        self._listener = listener
        self._keeper: asyncio.Task[None] | None = None
        self._host: HostProcess | None = None  # where it is open, or is being opened or closed
        self._up = False
        self._told: StateChanged | None = None
        self._end: StateChanged | None = None  # terminal: only a person can bring it back
        self._unsaved = False
        self._moving = False
        self._leaving = False
        self._stirred = asyncio.Event()
        self._passage = asyncio.Event()  # closed while the line moves from one host to another
        self._passage.set()
        self._requests: set[asyncio.Future[Packet]] = set()

    def connect(self) -> None:
        if self._keeper is None or self._keeper.done() or self._end is not None:
            self._told, self._end, self._moving = None, None, False
            self._passage.set()
            self._keeper = self._housing.keep(self)

    async def close(self, within: float) -> None:
        """Take the line down. One that needs longer goes on with it, and no other line is opened meanwhile."""
        keeper = self._dismiss()
        self._passage.set()
        self._fail("the device was closed")
        if keeper is not None:
            await asyncio.wait({keeper}, timeout=within)
            if not keeper.done():
                log.warning("a line does not close yet", device=self.device.name)

    async def request(self, frame: Frame, blob: bytes = b"") -> Packet:
        """Ask the host something about this device, and wait for the answer, however long that takes.

        Raises NoLineError, LineLostError, or WireError for what is too long. When cancelled, a late answer is
        ignored.
        """
        await self._passage.wait()
        if not self._up or self._host is None:
            raise NoLineError("the device has no line")
        try:
            answer = self._host.ask({**frame, "device": self.device.id}, blob)
        except HostGoneError as gone:
            raise NoLineError(str(gone)) from gone
        self._requests.add(answer)
        try:
            return await answer
        except HostGoneError as gone:
            raise LineLostError(str(gone)) from gone
        finally:
            self._requests.discard(answer)

    def acknowledge(self, event_id: int) -> None:
        if self._host is not None:
            self._host.post({"type": "ack", "device": self.device.id, "event": event_id})

    def hear(self, host: HostProcess | None, frame: Frame) -> None:
        """Take what a host says of this device, if it is the host where the line is."""
        if host is not self._host:
            return
        match frame["type"]:
            case "state":
                self._change_state(read_state(frame["change"]))
            case "event":
                self._listener.received(frame["event"], read_event(frame["content"]))
            case "changed":
                self._unsaved = True
                self._stirred.set()

    def host_gone(self, words: str) -> None:
        """Its host has ended, or does not start."""
        self._tell(StateChanged(DeviceState.CONNECTING, words))
        self._stirred.set()

    def finish(self, change: StateChanged) -> None:
        """End the line for good, as far as it lies with us."""
        self._end = change
        self._fail(change.reason)
        self._tell(change)
        self._dismiss()

    async def move(self) -> None:
        """Let it live in another host: a send in flight ends first, those that come meanwhile wait."""
        if self._keeper is not None and not self._keeper.done() and self._up:
            self._passage.clear()
            self._moving = True
            self._stirred.set()
            await self._passage.wait()

    async def keep(self) -> None:
        """Have the line open wherever its device lives; at the end it is closed there."""
        try:
            async with self._housing.turn(self.device.id):
                store = await self._ready_session()
                try:
                    while store is not None and self._goes_on:
                        await self._live_in(await self._housing.host_of(self.device.id), store)
                finally:
                    self._housing.leave(self)
        except Exception:
            log.exception("a line failed", device=self.device.name)
            self._tell(StateChanged(DeviceState.PARKED, "an error inside of dripdesk, see the log"))
        finally:
            self._up = False
            self._passage.set()

    async def _ready_session(self) -> Path | None:
        while True:
            try:
                return await self._housing.sessions.ready(self.device.id, self.device.epoch)
            except LostError:
                log.info("device lost to another engine", device=self.device.name)
                return None
            except SessionMissingError as error:
                self._tell(StateChanged(DeviceState.LOGGED_OUT, str(error)))
                return None
            except SessionKeyError as error:
                self._tell(StateChanged(DeviceState.PARKED, str(error)))
                return None
            except DiskError as error:
                self._tell(StateChanged(DeviceState.CONNECTING, str(error)))
            except Exception as error:
                if not is_transient(error):
                    raise
                self._tell(StateChanged(DeviceState.CONNECTING, "the database does not answer"))
            await asyncio.sleep(TRY_AGAIN_AFTER)

    def _dismiss(self) -> "asyncio.Task[None] | None":
        """Have the keeper end; one that is just closing the line in a host does that first."""
        keeper, self._keeper, self._up = self._keeper, None, False
        if keeper is not None and not self._leaving:
            keeper.cancel()
        return keeper

    @property
    def _goes_on(self) -> bool:
        """Whether this keeper is the one to have the line, which a person may have connected anew by now."""
        return self._end is None and self._keeper is asyncio.current_task()

    async def _live_in(self, host: HostProcess, store: Path) -> None:
        """Open the line in this host, and stay until there is a reason to leave it."""
        self._host, self._moving = host, False
        try:
            while "busy" in (answer := (await host.ask(self._about("open") | {"store": str(store)})).header):
                self._tell(StateChanged(DeviceState.CONNECTING, answer["busy"]))
                await asyncio.sleep(OPEN_AGAIN_AFTER)
            if "refused" in answer:
                paired = await asyncio.to_thread(device_rows, store)
                state = DeviceState.PARKED if paired else DeviceState.LOGGED_OUT
                self._change_state(StateChanged(state, answer["refused"]))
            else:
                self._change_state(read_state(answer["state"]))
            self._passage.set()
            while host.alive and self._goes_on and not self._moving:
                self._stirred.clear()
                if self._unsaved:
                    await self._save(host)
                await self._stirred.wait()
        except HostGoneError:
            pass
        finally:
            await self._leave(host, store)

    async def _leave(self, host: HostProcess, store: Path) -> None:
        # The answer says that the library has let go of the store: it may be copied, and opened elsewhere.
        self._up, self._leaving = False, True
        try:
            await host.ask(self._about("close"))
            if self._moving and self._end is None:
                self._housing.move(self.device.id)
            elif self._end is None or self._end.state is not DeviceState.LOGGED_OUT:
                await self._copies.keep_at_rest(store)
        except HostGoneError:
            pass
        finally:
            self._host, self._leaving = None, False

    async def _save(self, host: HostProcess) -> None:
        self._unsaved = False
        answer = await host.ask(self._about("durable"))
        if "refused" in answer.header:
            log.warning("no copy of a session", device=self.device.name, reason=answer.header["refused"])
        elif not await self._copies.keep(answer.blob):
            self._unsaved = True
            asyncio.get_running_loop().call_later(TRY_AGAIN_AFTER, self._stirred.set)

    def _about(self, kind: str) -> Frame:
        return {"type": kind, "device": self.device.id}

    def _change_state(self, change: StateChanged) -> None:
        if change.state is DeviceState.REACHOUT_LIMITED:  # the line stays what it is; each time is told
            self._listener.state_changed(change)
            return
        if (self._moving or self._leaving) and not change.state.is_terminal:  # it is closed here
            return
        self._up = change.state in UP
        if change.state.is_terminal:
            self._end = change
            self._fail(change.reason)
            self._stirred.set()
        self._tell(change)

    def _tell(self, change: StateChanged) -> None:
        if change.state not in UP:
            self._up = False
            self._passage.set()  # nobody shall wait for a line that is away
        # Each failed attempt says the same: the listener wants to hear what is new.
        if change != self._told:
            self._told = change
            self._listener.state_changed(change)

    def _fail(self, reason: str) -> None:
        """Nobody waits any more for what was handed over."""
        for answer in self._requests:
            if not answer.done():
                answer.set_exception(LineLostError(reason))
