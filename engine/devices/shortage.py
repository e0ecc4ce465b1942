"""Tells the operators when there are more devices than all engines together may work."""

from datetime import timedelta

from sqlalchemy import text

from engine.alerts import hold_state
from engine.clock import Clock, machine_time
from engine.database import Database
from engine.devices.balance import Census
from engine.devices.ownership import DEAD_AFTER, PASS_WITHIN, WANTS_A_WORKER
from models.enums import AlertKind

ANNOUNCE_AFTER = timedelta(seconds=10)  # machine time: an engine that is being restarted is nobody's business
LOOK_AGAIN_AFTER = timedelta(seconds=60)  # another engine may have told before it died

WAITING = f"""
SELECT d.workspace_id, count(*) AS devices
  FROM user_devices d LEFT JOIN engines e ON e.id = d.owner
 WHERE {WANTS_A_WORKER}
   AND (e.id IS NULL OR e.heartbeat_at < clock_timestamp() - CAST(:dead_after AS interval))
 GROUP BY d.workspace_id
"""
RESOLUTION = "Every device has a worker again."


class Shortage:
    """One a process. Every engine may tell the same: it is one alert a workspace."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database.within(PASS_WITHIN)
        self._clock = clock
        self._since: float | None = None
        self._told: tuple[int, int] | None = None  # how it was when the alerts were last brought up to date
        self._told_at = 0.0

    async def follow(self, census: Census) -> None:
        """Bring the alerts up to date, if that may be needed."""
        now = machine_time()
        if not census.short:
            self._since = None
        elif self._since is None:
            self._since = now
        if self._since is not None and now - self._since < ANNOUNCE_AFTER.total_seconds():
            return
        stands = (census.short, census.free if census.short else 0)
        if stands == self._told and now - self._told_at < LOOK_AGAIN_AFTER.total_seconds():
            return
        async with self._database.transaction() as session:
            counts: dict[int, int] = {}
            if census.short:
                rows = await session.execute(text(WAITING), {"dead_after": DEAD_AFTER})
                counts = {row.workspace_id: row.devices for row in rows}
            texts = {workspace_id: _text(devices) for workspace_id, devices in counts.items()}
            await hold_state(session, AlertKind.NO_WORKER, texts, RESOLUTION, self._clock.now())
        self._told, self._told_at = stands, now


def _text(devices: int) -> str:
    waiting = "1 device has" if devices == 1 else f"{devices} devices have"
    return (
        f"{waiting} no worker and cannot send: every engine works as many devices as it may. "
        "Raise MAX_WORKERS, or start `dripdesk engine` on another machine."
    )
