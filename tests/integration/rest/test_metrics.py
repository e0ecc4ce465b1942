"""What Prometheus reads."""

import httpx
from fastapi import FastAPI
from sqlalchemy import text

from bot.readiness import Readiness
from bot.rest.health import health_routes
from engine.database import Database

HOST = """
WITH engine AS (INSERT INTO engines (id, host, pid) OVERRIDING SYSTEM VALUE VALUES (7, 'here', 1) RETURNING id)
INSERT INTO device_hosts (engine_id, number, pid, devices, memory_bytes, crashes, started_at)
SELECT id, 3, 2, '{4,5,6}', 71400000, 1, now() FROM engine
"""


async def test_device_hosts_are_shown_for_as_long_as_they_are_there(database: Database) -> None:
    app = FastAPI()
    app.include_router(health_routes(database, Readiness()))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://dripdesk") as http:

        async def shown() -> set[str]:
            lines = (await http.get("/metrics")).text.splitlines()
            return {line for line in lines if line.startswith("dripdesk_device_host")}

        assert await shown() == set()
        async with database.transaction() as session:
            await session.execute(text(HOST))
        assert await shown() == {
            'dripdesk_device_host_memory_bytes{engine="7",host="3"} 7.14e+07',
            'dripdesk_device_host_devices{engine="7",host="3"} 3.0',
            'dripdesk_device_host_crashes{engine="7",host="3"} 1.0',
        }
        async with database.transaction() as session:
            await session.execute(text("DELETE FROM engines"))
        assert await shown() == set()
