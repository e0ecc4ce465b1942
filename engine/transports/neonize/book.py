"""What every process of an installation can read of an engine's device hosts."""

import asyncio
import json

from engine.batching import is_transient
from engine.database import Database
from engine.transports.neonize.hosts import Hosts

WRITE_EVERY = 30.0  # machine seconds
WITHIN = 2.0

# The row of an engine that slept for a day is gone for a moment; with it go those of its hosts.
WRITE = """
WITH now AS (
    SELECT host.number, host.pid, host.memory_bytes, host.crashes, host.started_at,
           ARRAY(SELECT CAST(id AS bigint) FROM jsonb_array_elements_text(host.devices) AS id) AS devices
      FROM jsonb_to_recordset(CAST(:hosts AS jsonb)) AS host(
               number bigint, pid bigint, devices jsonb, memory_bytes bigint, crashes bigint,
               started_at timestamptz)),
gone AS (
    DELETE FROM device_hosts WHERE engine_id = :engine AND number NOT IN (SELECT number FROM now))
INSERT INTO device_hosts (engine_id, number, pid, devices, memory_bytes, crashes, started_at)
SELECT engines.id, now.number, now.pid, now.devices, now.memory_bytes, now.crashes, now.started_at
  FROM now JOIN engines ON engines.id = :engine
    ON CONFLICT (engine_id, number) DO UPDATE
   SET pid = excluded.pid, devices = excluded.devices, memory_bytes = excluded.memory_bytes,
       crashes = excluded.crashes, started_at = excluded.started_at, seen_at = clock_timestamp()
"""


class HostBook:
    def __init__(self, database: Database, hosts: Hosts, engine_id: int) -> None:
        self._database = database.within(WITHIN)
        self._hosts = hosts
        self._engine_id = engine_id

    async def run(self) -> None:
        """Keep the book until cancelled; then, as far as others are concerned, there are no hosts any more."""
        try:
            while True:
                await self._write(self._figures())
                await asyncio.sleep(WRITE_EVERY)
        finally:
            await self._write([])

    async def _write(self, hosts: list[dict[str, object]]) -> None:
        values = {"engine": self._engine_id, "hosts": json.dumps(hosts)}
        try:
            async with self._database.transaction() as session:
                await session.rows(WRITE, values)
        except Exception as error:
            if not is_transient(error):
                raise

    def _figures(self) -> list[dict[str, object]]:
        return [
            {
                "number": host.number,
                "pid": host.pid,
                "devices": host.devices,
                "memory_bytes": host.memory,
                "crashes": host.crashes,
                "started_at": host.started_at.isoformat(),
            }
            for host in self._hosts.figures
        ]
