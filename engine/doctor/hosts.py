"""The processes that hold the lines of real devices."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import text

from engine.database import Database
from engine.devices.ownership import DEAD_AFTER
from engine.doctor.findings import Finding, Ok, Warn

MEGABYTE = 10**6
MANY_CRASHES = 3  # since the engine started

HOSTS = """
SELECT e.host || ':' || h.pid AS name, cardinality(h.devices) AS devices, h.memory_bytes, h.crashes
  FROM device_hosts h JOIN engines e ON e.id = h.engine_id
 WHERE e.heartbeat_at >= clock_timestamp() - CAST(:dead_after AS interval)
 ORDER BY h.crashes DESC, h.id
"""


@dataclass(frozen=True, slots=True)
class KnownHost:
    name: str  # machine:pid
    devices: int
    memory: int  # bytes
    crashes: int


async def look_at_hosts(database: Database) -> Finding:
    async with database.transaction() as session:
        rows = await session.execute(text(HOSTS), {"dead_after": DEAD_AFTER})
        return judge_hosts([KnownHost(*row) for row in rows])


def judge_hosts(hosts: Sequence[KnownHost]) -> Finding:
    """The one that has crashed most often comes first."""
    if not hosts:
        return Ok("none is needed")
    devices, memory = sum(host.devices for host in hosts), sum(host.memory for host in hosts)
    each = f", {memory / devices / MEGABYTE:.1f} MB each" if devices else ""
    told = f"{len(hosts)} with {devices} devices{each}"
    worst = hosts[0]
    if worst.crashes >= MANY_CRASHES:
        mend = "its last words are in the log of that engine; a device that is to blame is parked by itself"
        return Warn(f"{told}; {worst.name} has crashed {worst.crashes} times", mend)
    return Ok(told)
