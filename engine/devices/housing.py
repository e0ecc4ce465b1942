"""What a real device's host tells of it: how many live there, and how much memory each takes."""

from dataclasses import dataclass

from engine.transactions import Session

# The device was looked for in the actor's workspace; its host is the engine's, and has those of other teams too.
HOUSING = """
SELECT cardinality(devices) AS devices, memory_bytes FROM device_hosts
 WHERE CAST(:device AS bigint) = ANY(devices) ORDER BY seen_at DESC LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Housing:
    devices: int
    memory: int  # bytes, of all of them

    @property
    def memory_each(self) -> float:
        return self.memory / self.devices


async def read_housing(session: Session, device_id: int) -> Housing | None:
    """None for a device that has no host, or has just got one."""
    rows = await session.rows(HOUSING, {"device": device_id})
    return Housing(rows[0].devices, rows[0].memory_bytes) if rows else None
