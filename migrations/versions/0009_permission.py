"""The frequency cap, requests to stop in free words, the daily digest, alerts of campaigns."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

ALERT_KINDS = (
    "device_down", "worker_stuck", "send_failed", "send_unknown", "books_unbalanced", "no_worker", "database_away",
    "device_trouble", "people_moved", "people_waiting",
)
NEW_ALERT_KINDS = ("asks_to_stop", "campaign_paused", "campaign_late")

UP = """
ALTER TABLE workspaces
    ADD frequency_cap bigint DEFAULT '1' CONSTRAINT ck_workspaces_frequency_cap CHECK (frequency_cap > 0),
    ADD digest_at time DEFAULT '18:00',
    ADD digest_on date;
DROP TRIGGER notify_control ON workspaces;
CREATE TRIGGER notify_control
 AFTER UPDATE OF stopped_at, quiet_start, quiet_end, time_zone, frequency_cap ON workspaces
   FOR EACH STATEMENT EXECUTE FUNCTION notify_channel('dripdesk_control');
ALTER TABLE inbound_messages ADD asks_to_stop boolean NOT NULL DEFAULT false;

CREATE TABLE digests (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_digests PRIMARY KEY,
    day date NOT NULL,
    since timestamptz NOT NULL,
    until timestamptz NOT NULL,
    figures jsonb NOT NULL,
    posting_at timestamptz,
    telegram_message_id bigint,
    workspace_id bigint NOT NULL CONSTRAINT fk_digests_workspace_id REFERENCES workspaces (id) ON DELETE CASCADE,
    CONSTRAINT uq_digests_workspace_id_day UNIQUE (workspace_id, day));
CREATE INDEX ix_digests_unposted ON digests (id) WHERE posting_at IS NULL;
CREATE TRIGGER notify_alerts AFTER INSERT ON digests
   FOR EACH STATEMENT EXECUTE FUNCTION notify_channel('dripdesk_alerts')
"""

DOWN = """
DROP TABLE digests;
ALTER TABLE inbound_messages DROP asks_to_stop;
DROP TRIGGER notify_control ON workspaces;
CREATE TRIGGER notify_control AFTER UPDATE OF stopped_at, quiet_start, quiet_end, time_zone ON workspaces
   FOR EACH STATEMENT EXECUTE FUNCTION notify_channel('dripdesk_control');
ALTER TABLE workspaces DROP frequency_cap, DROP digest_at, DROP digest_on
"""


def upgrade() -> None:
    _run(UP)
    _alert_kinds(*ALERT_KINDS, *NEW_ALERT_KINDS)


def downgrade() -> None:
    op.execute(f"DELETE FROM alerts WHERE kind IN ({_listed(NEW_ALERT_KINDS)})")
    _alert_kinds(*ALERT_KINDS)
    _run(DOWN)


def _run(script: str) -> None:
    for statement in script.strip().split(";\n"):
        op.execute(statement)


def _alert_kinds(*kinds: str) -> None:
    op.execute("ALTER TABLE alerts DROP CONSTRAINT ck_alerts_alertkind")
    op.execute(f"ALTER TABLE alerts ADD CONSTRAINT ck_alerts_alertkind CHECK (kind IN ({_listed(kinds)}))")


def _listed(kinds: tuple[str, ...]) -> str:
    return ", ".join(f"'{kind}'" for kind in kinds)
