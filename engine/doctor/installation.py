"""What is in the database: its schema, engines that are gone, and a clock that fits the devices."""

from dataclasses import dataclass

from sqlalchemy import text

from engine.database import Database, Schema
from engine.devices.ownership import DEAD_AFTER
from engine.doctor.findings import Finding, Ok, Problem, Result, Warn

INSTALLATION = """
WITH beats AS (
    SELECT id, host || ':' || pid AS name,
           heartbeat_at >= clock_timestamp() - CAST(:dead_after AS interval) AS alive
      FROM engines)
SELECT (SELECT count(*) FROM beats WHERE alive) AS alive,
       ARRAY(SELECT name FROM beats WHERE NOT alive ORDER BY id) AS dead,
       (SELECT count(*) FROM user_devices d LEFT JOIN beats b ON b.id = d.owner
         WHERE d.removed_at IS NULL AND b.alive IS NOT TRUE) AS unowned,
       coalesce((SELECT speed FROM clock), 1) AS speed,
       count(*) FILTER (WHERE transport <> 'simulator') AS real,
       count(*) FILTER (WHERE transport = 'simulator') AS simulated
  FROM user_devices WHERE removed_at IS NULL
"""


@dataclass(frozen=True, slots=True)
class Installation:
    alive: int  # engines
    dead: list[str]  # host:pid
    unowned: int  # devices that no living engine works
    clock_speed: float
    real: int  # devices
    simulated: int


async def read_installation(database: Database) -> Installation:
    async with database.transaction() as session:
        row = (await session.execute(text(INSTALLATION), {"dead_after": DEAD_AFTER})).one()
        return Installation(row.alive, row.dead, row.unowned, row.speed, row.real, row.simulated)


def judge_installation(installation: Installation, *, simulated_phones: bool) -> list[Result]:
    return [
        Result("engines", judge_engines(installation.alive, installation.dead, installation.unowned)),
        Result("business clock", judge_clock(installation.clock_speed, installation.real)),
        Result("devices", judge_devices(installation.simulated, simulated_phones=simulated_phones)),
    ]


def judge_schema(schema: Schema) -> Finding:
    if schema.current == schema.head:
        return Ok(f"at {schema.head}, the newest")
    if not schema.known:
        mend = "update dripdesk on this machine to the version that the others run"
        return Problem(f"the database is at {schema.current}, which is newer than this dripdesk", mend)
    at = f"at {schema.current}" if schema.current else "no tables yet"
    return Warn(f"{at}; this dripdesk needs {schema.head}", "start dripdesk (`dripdesk run`), which migrates")


def judge_engines(alive: int, dead: list[str], unowned: int) -> Finding:
    told = f"{alive} running" if alive else "none is running"
    if unowned and alive:
        mend = "raise MAX_WORKERS, or start another engine (`dripdesk engine`)"
        return Problem(f"{told}, and nobody works {unowned} devices", mend)
    if unowned:
        return Warn(f"{told}, so nobody works {unowned} devices", "start dripdesk (`dripdesk run`)")
    if dead:
        more = f" and {len(dead) - 3} more" if len(dead) > 3 else ""
        mend = "if nobody killed it, see its log; the row goes by itself after a day"
        return Warn(f"{told}; ended without a goodbye: {', '.join(dead[:3])}{more}", mend)
    return Ok(told)


def judge_clock(speed: float, real_devices: int) -> Finding:
    if speed != 1 and real_devices:
        mend = "UPDATE clock SET speed = 1, real_anchor = now(), virtual_anchor = now()"
        return Problem(f"business time runs ×{speed:g} with {real_devices} real devices", mend)
    return Ok("real time" if speed == 1 else f"×{speed:g}, with simulated devices only")


def judge_devices(simulated: int, *, simulated_phones: bool) -> Finding:
    if simulated and not simulated_phones:
        mend = "set SIMULATOR=on (or SIMULATOR_URL), or remove them in the menus"
        return Problem(f"{simulated} simulated devices, but no simulated phones", mend)
    return Ok("every device has its transport")
