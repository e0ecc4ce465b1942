"""What happens to a device is a row: its timeline. And how long a ban lasts, and when it last sent."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

STATES = (
    "unpaired", "pairing", "passkey_required", "connecting", "online", "degraded", "phone_offline", "replaced",
    "reachout_limited", "temp_banned", "logged_out", "outdated", "parked",
)
KINDS = (
    "state", "restarted", "taken_over", "failing", "silent", "well_again", "cap_reached", "moved", "added",
    "paused", "resumed", "paced", "restart_asked",
)
ALERTS_BEFORE = (
    "device_down", "worker_stuck", "send_failed", "send_unknown", "books_unbalanced", "no_worker", "database_away",
)


def _in(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


TABLE = f"""
CREATE TABLE device_events (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_device_events PRIMARY KEY,
    device_id bigint NOT NULL
        CONSTRAINT fk_device_events_device_id REFERENCES user_devices (id) ON DELETE CASCADE,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    kind varchar(32) NOT NULL CONSTRAINT ck_device_events_deviceeventkind CHECK ({_in("kind", KINDS)}),
    state varchar(32) CONSTRAINT ck_device_events_devicestate CHECK ({_in("state", STATES)}),
    text text NOT NULL DEFAULT '',
    until timestamptz,
    workspace_id bigint NOT NULL
        CONSTRAINT fk_device_events_workspace_id REFERENCES workspaces (id) ON DELETE CASCADE,
    CONSTRAINT ck_device_events_of_a_state CHECK ((kind = 'state') = (state IS NOT NULL)))
"""

# Whoever changes a state or an owner, by whatever statement, leaves a point on the timeline in the same
# transaction. Claims and outcomes set neither column, so they do not pay for it. From a free device to an owner
# is the ordinary course of things; from one owner to another is a crash.
NOTE_DEVICE = """
CREATE FUNCTION note_device() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state <> OLD.state THEN
        INSERT INTO device_events (workspace_id, device_id, kind, state, text, until)
        VALUES (NEW.workspace_id, NEW.id, 'state', NEW.state, coalesce(NEW.last_error, ''), NEW.state_until);
    END IF;
    IF NEW.owner <> OLD.owner THEN
        INSERT INTO device_events (workspace_id, device_id, kind, text)
        SELECT NEW.workspace_id, NEW.id, 'taken_over', 'by engine ' || e.id || ' on ' || e.host
          FROM engines e WHERE e.id = NEW.owner;
    END IF;
    RETURN NULL;
END $$
"""
TRIGGER = """
CREATE TRIGGER note_device AFTER UPDATE OF state, owner ON user_devices FOR EACH ROW
  WHEN (OLD.state <> NEW.state OR OLD.owner <> NEW.owner) EXECUTE FUNCTION note_device()
"""


def upgrade() -> None:
    op.execute("ALTER TABLE user_devices ADD state_until timestamptz")
    op.execute("ALTER TABLE user_devices ADD last_sent_at timestamptz")
    op.execute(TABLE)
    op.execute("CREATE INDEX ix_device_events_device_id_at ON device_events (device_id, at, id)")
    op.execute(NOTE_DEVICE)
    op.execute(TRIGGER)
    _allow_alerts((*ALERTS_BEFORE, "device_trouble"))


def downgrade() -> None:
    op.execute("DELETE FROM alerts WHERE kind = 'device_trouble'")
    _allow_alerts(ALERTS_BEFORE)
    op.execute("DROP TRIGGER note_device ON user_devices")
    op.execute("DROP FUNCTION note_device()")
    op.execute("DROP TABLE device_events")
    op.execute("ALTER TABLE user_devices DROP last_sent_at")
    op.execute("ALTER TABLE user_devices DROP state_until")


def _allow_alerts(kinds: tuple[str, ...]) -> None:
    op.execute("ALTER TABLE alerts DROP CONSTRAINT ck_alerts_alertkind")
    op.execute(f"ALTER TABLE alerts ADD CONSTRAINT ck_alerts_alertkind CHECK ({_in('kind', kinds)})")
