"""Engines say how many devices they work; whoever frees a device tells the others; two more kinds of alerts."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

KINDS = "'device_down', 'worker_stuck', 'send_failed', 'send_unknown', 'books_unbalanced'"

# A row at a time, because only the change tells a device that has become free from one that was taken, released or
# worked. The condition is cheap, and a transaction sends equal notifications once.
TRIGGER = """
CREATE TRIGGER notify_ownership AFTER UPDATE OF owner, state ON user_devices
   FOR EACH ROW WHEN (NEW.owner IS NULL AND (OLD.owner IS NOT NULL OR NEW.state <> OLD.state))
   EXECUTE FUNCTION notify_channel('dripdesk_ownership')
"""


def upgrade() -> None:
    op.execute("ALTER TABLE engines ADD capacity bigint NOT NULL DEFAULT '0'")
    op.execute(TRIGGER)
    _set_kinds(f"{KINDS}, 'no_worker', 'database_away'")


def downgrade() -> None:
    op.execute("DELETE FROM alerts WHERE kind IN ('no_worker', 'database_away')")
    _set_kinds(KINDS)
    op.execute("DROP TRIGGER notify_ownership ON user_devices")
    op.execute("ALTER TABLE engines DROP capacity")


def _set_kinds(kinds: str) -> None:
    op.execute("ALTER TABLE alerts DROP CONSTRAINT ck_alerts_alertkind")
    op.execute(f"ALTER TABLE alerts ADD CONSTRAINT ck_alerts_alertkind CHECK (kind IN ({kinds}))")
