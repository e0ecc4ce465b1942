"""Is the product working? For load balancers, for Prometheus, and for whoever waits for the start."""

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, Gauge, generate_latest
from sqlalchemy import text

from bot.readiness import Readiness
from engine.batching import is_transient
from engine.database import Database

ANSWER_WITHIN = 3.0  # machine seconds

QUEUE = """
SELECT (SELECT count(*) FROM queue) AS pending,
       (SELECT count(*) FROM user_devices WHERE removed_at IS NULL) AS devices,
       (SELECT count(*) FROM user_devices WHERE removed_at IS NULL AND state = 'online') AS online,
       (SELECT count(*) FROM alerts WHERE status <> 'resolved') AS alerts
"""

HOSTS = """
SELECT engine_id, number, cardinality(devices) AS devices, memory_bytes, crashes FROM device_hosts
"""

PENDING = Gauge("dripdesk_messages_pending", "Messages that wait to be sent")
DEVICES = Gauge("dripdesk_devices", "Devices that are configured", ["state"])
ALERTS = Gauge("dripdesk_alerts_open", "Alerts that are not resolved")
A_HOST = ["engine", "host"]
HOST_MEMORY = Gauge("dripdesk_device_host_memory_bytes", "Memory of a process that holds real devices", A_HOST)
HOST_DEVICES = Gauge("dripdesk_device_host_devices", "Real devices in that process", A_HOST)
HOST_CRASHES = Gauge("dripdesk_device_host_crashes", "Its crashes since its engine started", A_HOST)


def health_routes(database: Database, readiness: Readiness) -> APIRouter:
    router = APIRouter(tags=["health"])

    @router.get("/healthz")
    async def healthz(response: Response) -> dict[str, str]:
        """Answer 200 when the database answers and everything that was started is running."""
        missing = readiness.missing
        if not missing:
            try:
                async with database.within(ANSWER_WITHIN).transaction() as session:
                    await session.execute(text("SELECT 1"))
            except Exception as error:
                if not is_transient(error):
                    raise
                missing = "the database"
        if missing:
            response.status_code = 503
            return {"status": "unavailable", "missing": missing}
        return {"status": "ok"}

    @router.get("/readyz")
    async def readyz(response: Response) -> dict[str, str]:
        """Answer 200 once the start is complete, whatever happens to the database later."""
        if readiness.missing:
            response.status_code = 503
            return {"status": "starting", "missing": readiness.missing}
        return {"status": "ready"}

    @router.get("/metrics", include_in_schema=False)
    async def metrics() -> Response:
        async with database.transaction() as session:
            row = (await session.execute(text(QUEUE))).one()
            hosts = (await session.execute(text(HOSTS))).all()
        PENDING.set(row.pending)
        DEVICES.labels("online").set(row.online)
        DEVICES.labels("not_online").set(row.devices - row.online)
        ALERTS.set(row.alerts)
        _show_hosts(hosts)
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return router


def _show_hosts(hosts: Sequence[Any]) -> None:
    for gauge in (HOST_MEMORY, HOST_DEVICES, HOST_CRASHES):
        gauge.clear()  # of hosts that are no more
    for host in hosts:
        HOST_MEMORY.labels(host.engine_id, host.number).set(host.memory_bytes)
        HOST_DEVICES.labels(host.engine_id, host.number).set(host.devices)
        HOST_CRASHES.labels(host.engine_id, host.number).set(host.crashes)
