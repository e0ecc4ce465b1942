"""How fast a device may send, as operators set it. Everything holds from its next message on."""

from datetime import date
from zoneinfo import ZoneInfo

from engine.actor import Actor
from engine.clock import Clock
from engine.database import Database
from engine.devices.changes import Change, changing_device
from engine.devices.presets import PRESETS, NumberAge
from engine.errors import ConflictError, InvalidInputError
from models import Workspace
from models.enums import DeviceEventKind

LONGEST_DELAY = 86_400.0
HIGHEST_CAP = 100_000
LONGEST_RAMP = 365  # days


class DeviceLimits:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def set_delays(self, actor: Actor, device_id: int, shortest: float, longest: float) -> None:
        """Set the bounds of the random delay, in seconds; they hold from the next message on."""
        if not 0 <= shortest <= longest:
            raise InvalidInputError("The shortest delay must not be above the longest, nor below zero.")
        if longest > LONGEST_DELAY:
            raise InvalidInputError("A delay can be at most a day (86400 seconds).")
        async with changing_device(self._database, self._clock, actor, device_id, "device.delays") as change:
            change.device.min_delay_seconds = float(shortest)
            change.device.max_delay_seconds = float(longest)
            change.note(DeviceEventKind.PACED, f"delays {shortest:g} to {longest:g} s")

    async def set_hourly_cap(self, actor: Actor, device_id: int, cap: int | None) -> None:
        """Send at most so many messages in a clock hour; None: no cap. Holds at once."""
        _check_cap(cap)
        async with changing_device(self._database, self._clock, actor, device_id, "device.hourly_cap") as change:
            change.device.hourly_cap = cap
            change.note(DeviceEventKind.PACED, f"hourly cap {cap or 'off'}")

    async def set_daily_cap(self, actor: Actor, device_id: int, cap: int | None) -> None:
        """Send at most so many messages a day of the workspace; None: no cap. Holds at once."""
        _check_cap(cap)
        async with changing_device(self._database, self._clock, actor, device_id, "device.daily_cap") as change:
            start = change.device.ramp_start_cap
            if start is not None and cap is None:
                raise ConflictError("The warm-up rises to the daily cap. Turn the warm-up off first.")
            if start is not None and cap is not None and cap < start:
                raise ConflictError(
                    f"The warm-up begins with {start} a day, which is more than {cap}. Change the warm-up first."
                )
            change.device.daily_cap = cap
            change.note(DeviceEventKind.PACED, f"daily cap {cap or 'off'}")

    async def set_ramp(self, actor: Actor, device_id: int, start_cap: int, days: int) -> None:
        """Warm the device up: from `start_cap` a day to its daily cap in `days` days. A running one goes on."""
        _check_cap(start_cap)
        if not 1 <= days <= LONGEST_RAMP:
            raise InvalidInputError(f"A warm-up takes from 1 to {LONGEST_RAMP} days.")
        async with changing_device(self._database, self._clock, actor, device_id, "device.ramp") as change:
            device = change.device
            if device.daily_cap is None:
                raise ConflictError("A warm-up rises to the daily cap. Set the daily cap first.")
            if start_cap > device.daily_cap:
                raise ConflictError(
                    f"A warm-up begins below the daily cap, which is {device.daily_cap}; {start_cap} is above it."
                )
            device.ramp_start_cap, device.ramp_days = start_cap, days
            device.ramp_started_on = device.ramp_started_on or await self._today(change)
            change.note(DeviceEventKind.PACED, f"warm-up from {start_cap} a day over {days} days")

    async def set_by_age(self, actor: Actor, device_id: int, age: NumberAge) -> None:
        """Set delays, caps and warm-up to what suits a number of this age. A running warm-up goes on."""
        preset = PRESETS[age]
        async with changing_device(self._database, self._clock, actor, device_id, "device.pace") as change:
            device = change.device
            columns = preset.columns(device.ramp_started_on or await self._today(change))
            for name, value in columns.items():
                setattr(device, name, value)
            told = f"delays {preset.min_delay:g} to {preset.max_delay:g} s, daily cap {preset.daily_cap}"
            change.note(DeviceEventKind.PACED, f"{told}, as for a number of this age ({age})")

    async def _today(self, change: Change) -> date:
        workspace = await change.session.get_one(Workspace, change.device.workspace_id)
        return self._clock.now().astimezone(ZoneInfo(workspace.time_zone)).date()

    async def end_ramp(self, actor: Actor, device_id: int) -> None:
        """Let the device send up to its daily cap at once."""
        async with changing_device(self._database, self._clock, actor, device_id, "device.ramp") as change:
            device = change.device
            device.ramp_start_cap = device.ramp_days = device.ramp_started_on = None
            change.note(DeviceEventKind.PACED, "warm-up off")


def _check_cap(cap: int | None) -> None:
    if cap is not None and not 1 <= cap <= HIGHEST_CAP:
        raise InvalidInputError(
            f"A cap is a number from 1 to {HIGHEST_CAP:,}. To send nothing at all, pause the device."
        )
