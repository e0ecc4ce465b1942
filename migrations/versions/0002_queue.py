"""What waits is in a narrow table, what is on its way is in its device's row; a view shows every message."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# One mechanism for everybody who plans a message: what is inserted is queued, and the devices are told. Triggers
# are statement-level, so that a fan-out of a million rows notifies once.
TRIGGERS = """
CREATE FUNCTION enqueue() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    devices text;
BEGIN
    INSERT INTO queue (message_id, device_id, lane, due_at)
    SELECT id, device_id, lane, due_at FROM inserted WHERE outcome IS NULL ORDER BY id;
    SELECT string_agg(DISTINCT device_id::text, ',') INTO devices FROM inserted;
    IF devices IS NOT NULL THEN -- a payload holds 8000 bytes; the empty one means every device
        PERFORM pg_notify('dripdesk_queue', CASE WHEN length(devices) < 7000 THEN devices ELSE '' END);
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION dequeue() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM queue USING deleted WHERE queue.message_id = deleted.id;
    RETURN NULL;
END $$;

CREATE TRIGGER enqueue AFTER INSERT ON messages REFERENCING NEW TABLE AS inserted
   FOR EACH STATEMENT EXECUTE FUNCTION enqueue();

CREATE TRIGGER dequeue AFTER DELETE ON messages REFERENCING OLD TABLE AS deleted
   FOR EACH STATEMENT EXECUTE FUNCTION dequeue()
"""

VIEW = """
CREATE VIEW broadcast_messages AS
SELECT m.id, m.workspace_id, m.lane, m.campaign_id, m.enrolment_id, m.step_id, m.contact_id, m.device_id,
       CASE WHEN m.outcome IS NOT NULL THEN m.outcome WHEN d.id IS NOT NULL THEN 'processing' ELSE 'pending' END
       AS status,
       m.due_at, m.expires_at, coalesce(d.in_flight_since, m.claimed_at) AS claimed_at,
       coalesce(CASE WHEN d.id IS NOT NULL THEN d.epoch END, m.claim_epoch) AS claim_epoch,
       m.attempts + CASE WHEN d.id IS NOT NULL THEN 1 ELSE 0 END AS attempts, m.error_code, m.error,
       coalesce(d.in_flight_body, m.body) AS body, m.sent_at, m.created_at
  FROM messages m LEFT JOIN user_devices d ON d.id = m.device_id AND d.in_flight_message_id = m.id
"""

UP = """
ALTER TABLE broadcast_messages RENAME TO messages;
DROP TRIGGER notify_queue ON messages;
DROP FUNCTION notify_queue();

CREATE TABLE queue (
    message_id bigint NOT NULL CONSTRAINT pk_queue PRIMARY KEY,
    device_id bigint NOT NULL,
    lane lane NOT NULL,
    due_at timestamptz NOT NULL);
INSERT INTO queue SELECT id, device_id, lane, due_at FROM messages WHERE claimed_at IS NULL;
CREATE INDEX ix_queue_ready ON queue (device_id, lane, due_at, message_id);

ALTER TABLE user_devices ADD day_failed bigint NOT NULL DEFAULT '0';
ALTER TABLE user_devices ADD day_unknown bigint NOT NULL DEFAULT '0';
ALTER TABLE user_devices ADD in_flight_since timestamptz;
ALTER TABLE user_devices ADD in_flight_body text;
UPDATE user_devices d SET in_flight_since = m.claimed_at, in_flight_body = m.body
  FROM messages m WHERE m.id = d.in_flight_message_id;
ALTER TABLE user_devices ADD CONSTRAINT ck_user_devices_in_flight
      CHECK ((in_flight_message_id IS NULL) = (in_flight_since IS NULL));

DROP INDEX ix_broadcast_messages_ready;
DROP INDEX ix_broadcast_messages_ready_contact;
DROP INDEX ix_broadcast_messages_step_id;
ALTER TABLE messages DROP CONSTRAINT ck_broadcast_messages_claimed;
ALTER TABLE messages DROP CONSTRAINT ck_broadcast_messages_messagestatus;
ALTER TABLE messages DROP CONSTRAINT uq_broadcast_messages_campaign_id_contact_id;
ALTER TABLE messages DROP CONSTRAINT uq_broadcast_messages_enrolment_id_step_id;
ALTER TABLE messages RENAME status TO outcome;
ALTER TABLE messages ALTER outcome DROP NOT NULL;
ALTER TABLE messages ALTER outcome DROP DEFAULT;
UPDATE messages SET outcome = NULL, attempts = attempts - CASE WHEN claimed_at IS NULL THEN 0 ELSE 1 END,
       claimed_at = NULL, claim_epoch = NULL
 WHERE outcome IN ('pending', 'processing');
ALTER TABLE messages ADD CONSTRAINT ck_messages_messagestatus CHECK (outcome IN (
      'pending', 'processing', 'sent', 'failed', 'skipped', 'unknown', 'cancelled'));
ALTER TABLE messages ADD CONSTRAINT ck_messages_ended CHECK (outcome NOT IN ('pending', 'processing'));
CREATE UNIQUE INDEX uq_messages_campaign_id ON messages (campaign_id, contact_id) WHERE campaign_id IS NOT NULL;
CREATE UNIQUE INDEX uq_messages_enrolment_id ON messages (enrolment_id, step_id) WHERE enrolment_id IS NOT NULL;
CREATE INDEX ix_messages_step_id ON messages (step_id) WHERE step_id IS NOT NULL;
CREATE INDEX ix_messages_contact_id ON messages (contact_id);
"""

DOWN = """
ALTER TABLE messages RENAME TO broadcast_messages;
DROP INDEX uq_messages_campaign_id;
DROP INDEX uq_messages_enrolment_id;
DROP INDEX ix_messages_step_id;
DROP INDEX ix_messages_contact_id;
ALTER TABLE broadcast_messages DROP CONSTRAINT ck_messages_ended;
ALTER TABLE broadcast_messages DROP CONSTRAINT ck_messages_messagestatus;
UPDATE broadcast_messages m SET outcome = 'processing', claimed_at = d.in_flight_since, claim_epoch = d.epoch,
       attempts = m.attempts + 1, body = d.in_flight_body
  FROM user_devices d WHERE d.in_flight_message_id = m.id;
UPDATE broadcast_messages SET claimed_at = coalesce(claimed_at, created_at) WHERE outcome IS NOT NULL;
UPDATE broadcast_messages SET outcome = 'pending', claimed_at = NULL WHERE outcome IS NULL;
ALTER TABLE broadcast_messages RENAME outcome TO status;
ALTER TABLE broadcast_messages ALTER status SET NOT NULL;
ALTER TABLE broadcast_messages ALTER status SET DEFAULT 'pending';
ALTER TABLE broadcast_messages ADD CONSTRAINT ck_broadcast_messages_messagestatus CHECK (status IN (
      'pending', 'processing', 'sent', 'failed', 'skipped', 'unknown', 'cancelled'));
ALTER TABLE broadcast_messages ADD CONSTRAINT ck_broadcast_messages_claimed
      CHECK ((status = 'pending') = (claimed_at IS NULL));
ALTER TABLE broadcast_messages ADD CONSTRAINT uq_broadcast_messages_campaign_id_contact_id
      UNIQUE (campaign_id, contact_id);
ALTER TABLE broadcast_messages ADD CONSTRAINT uq_broadcast_messages_enrolment_id_step_id
      UNIQUE (enrolment_id, step_id);
CREATE INDEX ix_broadcast_messages_ready ON broadcast_messages (device_id, lane, due_at, id)
 WHERE claimed_at IS NULL;
CREATE INDEX ix_broadcast_messages_ready_contact ON broadcast_messages (contact_id) WHERE claimed_at IS NULL;
CREATE INDEX ix_broadcast_messages_step_id ON broadcast_messages (step_id);
DROP TABLE queue;
ALTER TABLE user_devices DROP CONSTRAINT ck_user_devices_in_flight;
ALTER TABLE user_devices DROP day_failed;
ALTER TABLE user_devices DROP day_unknown;
ALTER TABLE user_devices DROP in_flight_since;
ALTER TABLE user_devices DROP in_flight_body;
"""

NOTIFY_QUEUE = """
CREATE FUNCTION notify_queue() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    devices text;
BEGIN
    SELECT string_agg(DISTINCT device_id::text, ',') INTO devices FROM inserted;
    IF devices IS NOT NULL THEN
        PERFORM pg_notify('dripdesk_queue', CASE WHEN length(devices) < 7000 THEN devices ELSE '' END);
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER notify_queue AFTER INSERT ON broadcast_messages REFERENCING NEW TABLE AS inserted
   FOR EACH STATEMENT EXECUTE FUNCTION notify_queue()
"""


def upgrade() -> None:
    run(UP, separator=";\n")
    _rename("broadcast_messages", "messages")
    run(VIEW, separator=";\n")
    run(TRIGGERS, separator=";\n\n")


def downgrade() -> None:
    op.execute("DROP TRIGGER enqueue ON messages")
    op.execute("DROP TRIGGER dequeue ON messages")
    op.execute("DROP FUNCTION enqueue()")
    op.execute("DROP FUNCTION dequeue()")
    op.execute("DROP VIEW broadcast_messages")
    run(DOWN, separator=";\n")
    _rename("messages", "broadcast_messages")
    run(NOTIFY_QUEUE, separator=";\n\n")


def run(script: str, *, separator: str) -> None:
    for statement in script.strip().removesuffix(";").split(separator):
        op.execute(statement)


def _rename(old: str, new: str) -> None:
    """Give what is named after the table its new name: the primary key, foreign keys, checks, the identity."""
    for constraint in (
        "pk_{}", "ck_{}_of_an_enrolment", "ck_{}_of_a_step", "ck_{}_of_a_campaign", "fk_{}_campaign_id",
        "fk_{}_enrolment_id", "fk_{}_step_id", "fk_{}_contact_id", "fk_{}_device_id", "fk_{}_workspace_id",
    ):  # fmt: skip
        op.execute(f"ALTER TABLE {new} RENAME CONSTRAINT {constraint.format(old)} TO {constraint.format(new)}")
    op.execute(f"ALTER SEQUENCE {old}_id_seq RENAME TO {new}_id_seq")
