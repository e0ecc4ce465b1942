"""Real WhatsApp: sessions, device hosts, number checks, replies by LID and from the phone itself, posted replies."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

ALERT_KINDS = (
    "device_down",
    "worker_stuck",
    "send_failed",
    "send_unknown",
    "books_unbalanced",
    "no_worker",
    "database_away",
    "device_trouble",
    "people_moved",
    "people_waiting",
    "asks_to_stop",
    "campaign_paused",
    "campaign_late",
)
NEW_ALERT_KINDS = ("client_outdated",)
EVENT_KINDS = (
    "state",
    "restarted",
    "taken_over",
    "failing",
    "silent",
    "well_again",
    "cap_reached",
    "moved",
    "added",
    "paused",
    "resumed",
    "paced",
    "restart_asked",
)
NEW_EVENT_KINDS = ("paired", "unlinked")

UP = """
ALTER TABLE user_devices
    ADD paired_at timestamptz,
    ADD phone_seen_at timestamptz,
    ADD cold_held_until timestamptz;
CREATE UNIQUE INDEX uq_user_devices_phone ON user_devices (phone)
 WHERE transport <> 'simulator' AND removed_at IS NULL;
CREATE TABLE device_sessions (
    device_id bigint CONSTRAINT pk_device_sessions PRIMARY KEY
        CONSTRAINT fk_device_sessions_device_id REFERENCES user_devices (id) ON DELETE CASCADE,
    content bytea NOT NULL,
    home text NOT NULL,
    saved_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    workspace_id bigint NOT NULL
        CONSTRAINT fk_device_sessions_workspace_id REFERENCES workspaces (id) ON DELETE CASCADE);
CREATE TABLE device_hosts (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_device_hosts PRIMARY KEY,
    engine_id bigint NOT NULL CONSTRAINT fk_device_hosts_engine_id REFERENCES engines (id) ON DELETE CASCADE,
    number bigint NOT NULL,
    pid bigint NOT NULL,
    devices bigint[] NOT NULL,
    memory_bytes bigint NOT NULL,
    crashes bigint NOT NULL,
    started_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT uq_device_hosts_engine_id_number UNIQUE (engine_id, number));
CREATE TABLE number_checks (
    workspace_id bigint CONSTRAINT fk_number_checks_workspace_id REFERENCES workspaces (id) ON DELETE CASCADE,
    phone text,
    on_whatsapp boolean NOT NULL,
    checked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT pk_number_checks PRIMARY KEY (workspace_id, phone));
ALTER TABLE contacts ADD lid text;
CREATE UNIQUE INDEX uq_contacts_workspace_id_lid ON contacts (workspace_id, lid) WHERE lid IS NOT NULL;
ALTER TABLE deliveries ADD failed_at timestamptz;
ALTER TABLE messages ADD typed_on_phone boolean NOT NULL DEFAULT false;
ALTER TABLE inbound_messages
    ALTER phone DROP NOT NULL,
    ADD lid text,
    ADD attached text NOT NULL DEFAULT '',
    ADD answered_at timestamptz,
    ADD posting_at timestamptz,
    ADD posted_to bigint,
    ADD telegram_message_id bigint;
UPDATE inbound_messages SET posting_at = received_at, answered_at = received_at;
CREATE INDEX ix_inbound_messages_open ON inbound_messages (workspace_id, id) WHERE answered_at IS NULL;
CREATE INDEX ix_inbound_messages_unposted ON inbound_messages (workspace_id, id)
 WHERE answered_at IS NULL AND posting_at IS NULL;
CREATE INDEX ix_inbound_messages_posted ON inbound_messages (posted_to, telegram_message_id)
 WHERE telegram_message_id IS NOT NULL;
CREATE INDEX ix_inbound_messages_forgotten ON inbound_messages (id)
 WHERE telegram_message_id IS NOT NULL AND phone = '';
CREATE INDEX ix_inbound_messages_lid ON inbound_messages (workspace_id, lid) WHERE lid IS NOT NULL;
CREATE TABLE answers (
    message_id bigint CONSTRAINT pk_answers PRIMARY KEY
        CONSTRAINT fk_answers_message_id REFERENCES messages (id) ON DELETE CASCADE,
    inbound_id bigint NOT NULL
        CONSTRAINT fk_answers_inbound_id REFERENCES inbound_messages (id) ON DELETE CASCADE,
    chat_id bigint,
    telegram_message_id bigint,
    ended_at timestamptz,
    workspace_id bigint NOT NULL
        CONSTRAINT fk_answers_workspace_id REFERENCES workspaces (id) ON DELETE CASCADE);
CREATE INDEX ix_answers_open ON answers (message_id) WHERE ended_at IS NULL;
CREATE INDEX ix_answers_inbound_id ON answers (inbound_id);
ALTER TABLE pruned_messages ADD not_shown bigint NOT NULL DEFAULT '0'::bigint;
ALTER TABLE workspaces ADD replies_posted boolean NOT NULL DEFAULT true
"""

DOWN = """
ALTER TABLE workspaces DROP replies_posted;
ALTER TABLE pruned_messages DROP not_shown;
DROP TABLE answers;
DROP INDEX ix_inbound_messages_lid;
DROP INDEX ix_inbound_messages_forgotten;
DROP INDEX ix_inbound_messages_posted;
DROP INDEX ix_inbound_messages_unposted;
DROP INDEX ix_inbound_messages_open;
DELETE FROM inbound_messages WHERE phone IS NULL;
ALTER TABLE inbound_messages
    ALTER phone SET NOT NULL,
    DROP lid,
    DROP attached,
    DROP answered_at,
    DROP posting_at,
    DROP posted_to,
    DROP telegram_message_id;
ALTER TABLE messages DROP typed_on_phone;
ALTER TABLE deliveries DROP failed_at;
DROP INDEX uq_contacts_workspace_id_lid;
ALTER TABLE contacts DROP lid;
DROP TABLE number_checks;
DROP TABLE device_hosts;
DROP TABLE device_sessions;
DROP INDEX uq_user_devices_phone;
ALTER TABLE user_devices DROP paired_at, DROP phone_seen_at, DROP cold_held_until
"""


def upgrade() -> None:
    _run(UP)
    _kinds("alerts", "alertkind", *ALERT_KINDS, *NEW_ALERT_KINDS)
    _kinds("device_events", "deviceeventkind", *EVENT_KINDS, *NEW_EVENT_KINDS)


def downgrade() -> None:
    op.execute(f"DELETE FROM alerts WHERE kind IN ({_listed(NEW_ALERT_KINDS)})")
    op.execute(f"DELETE FROM device_events WHERE kind IN ({_listed(NEW_EVENT_KINDS)})")
    _kinds("alerts", "alertkind", *ALERT_KINDS)
    _kinds("device_events", "deviceeventkind", *EVENT_KINDS)
    _run(DOWN)


def _run(script: str) -> None:
    for statement in script.strip().split(";\n"):
        op.execute(statement)


def _kinds(table: str, enum: str, *kinds: str) -> None:
    op.execute(f"ALTER TABLE {table} DROP CONSTRAINT ck_{table}_{enum}")
    op.execute(f"ALTER TABLE {table} ADD CONSTRAINT ck_{table}_{enum} CHECK (kind IN ({_listed(kinds)}))")


def _listed(kinds: tuple[str, ...]) -> str:
    return ", ".join(f"'{kind}'" for kind in kinds)
