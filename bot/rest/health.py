"""Is the product working? For load balancers, for Prometheus, and for whoever waits for the start."""

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

PENDING = Gauge("dripdesk_messages_pending", "Messages that wait to be sent")
DEVICES = Gauge("dripdesk_devices", "Devices that are configured", ["state"])
ALERTS = Gauge("dripdesk_alerts_open", "Alerts that are not resolved")


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
        PENDING.set(row.pending)
        DEVICES.labels("online").set(row.online)
        DEVICES.labels("not_online").set(row.devices - row.online)
        ALERTS.set(row.alerts)
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return router
