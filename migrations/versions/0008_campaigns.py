"""Campaigns: audience, devices, pacing, windows, how far the fan-out is, pauses; revocations; click-to-chat."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

UP = """
ALTER TABLE campaigns
    ADD audience_set boolean NOT NULL DEFAULT false,
    ADD segment_id bigint CONSTRAINT fk_campaigns_segment_id REFERENCES segments (id),
    ADD follows_id bigint CONSTRAINT fk_campaigns_follows_id REFERENCES campaigns (id),
    ADD device_choice varchar(32) NOT NULL DEFAULT 'pool'
        CONSTRAINT ck_campaigns_devicechoice CHECK (device_choice IN ('pool', 'known')),
    ADD min_delay_seconds double precision,
    ADD max_delay_seconds double precision,
    ADD window_start time,
    ADD window_end time,
    ADD late_policy varchar(32) NOT NULL DEFAULT 'next_window'
        CONSTRAINT ck_campaigns_latepolicy CHECK (late_policy IN ('next_window', 'expire')),
    ADD late_window_minutes bigint NOT NULL DEFAULT '720',
    ADD first_ones bigint,
    ADD fanned_to bigint NOT NULL DEFAULT '0',
    ADD fanned_at timestamptz,
    ADD left_out jsonb NOT NULL DEFAULT '{}',
    ADD pause_reason varchar(32) CONSTRAINT ck_campaigns_campaignpause
        CHECK (pause_reason IN ('by_hand', 'stopped', 'first_ones', 'breaker')),
    ADD paused_at timestamptz,
    ADD paused_by bigint CONSTRAINT fk_campaigns_paused_by REFERENCES operators (id) ON DELETE SET NULL,
    ADD watched_from timestamptz,
    ADD revision bigint NOT NULL DEFAULT '1',
    ADD launched_by bigint CONSTRAINT fk_campaigns_launched_by REFERENCES operators (id) ON DELETE SET NULL;
UPDATE campaigns SET audience_set = true WHERE status <> 'draft';
UPDATE campaigns SET pause_reason = 'by_hand' WHERE status = 'paused';
UPDATE campaigns SET fanned_at = started_at WHERE started_at IS NOT NULL;
UPDATE campaigns SET finished_at = coalesce(started_at, scheduled_at) WHERE status = 'cancelled' AND finished_at IS NULL;
ALTER TABLE campaigns
    ADD CONSTRAINT ck_campaigns_one_audience CHECK (num_nonnulls(niche, list_id, segment_id, follows_id) <= 1),
    ADD CONSTRAINT ck_campaigns_delays CHECK ((min_delay_seconds IS NULL) = (max_delay_seconds IS NULL)
        AND 0 <= min_delay_seconds AND min_delay_seconds <= max_delay_seconds),
    ADD CONSTRAINT ck_campaigns_window_whole CHECK ((window_start IS NULL) = (window_end IS NULL)),
    ADD CONSTRAINT ck_campaigns_positive CHECK (late_window_minutes > 0 AND first_ones > 0),
    ADD CONSTRAINT ck_campaigns_paused CHECK ((status = 'paused') = (pause_reason IS NOT NULL));
CREATE INDEX ix_campaigns_open ON campaigns (workspace_id, id) WHERE status IN ('running', 'paused');
CREATE INDEX ix_campaigns_cancelling ON campaigns (id) WHERE status = 'cancelled' AND finished_at IS NULL;
CREATE INDEX ix_campaigns_workspace_id ON campaigns (workspace_id, id);

CREATE TABLE revocations (
    message_id bigint NOT NULL CONSTRAINT pk_revocations PRIMARY KEY
               CONSTRAINT fk_revocations_message_id REFERENCES messages (id) ON DELETE CASCADE,
    campaign_id bigint NOT NULL
                CONSTRAINT fk_revocations_campaign_id REFERENCES campaigns (id) ON DELETE CASCADE,
    device_id bigint NOT NULL,
    asked_at timestamptz NOT NULL,
    asked_by bigint,
    ended_at timestamptz,
    revoked boolean,
    workspace_id bigint NOT NULL
                 CONSTRAINT fk_revocations_workspace_id REFERENCES workspaces (id) ON DELETE CASCADE);
CREATE INDEX ix_revocations_campaign_id ON revocations (campaign_id);
CREATE INDEX ix_revocations_open ON revocations (device_id) WHERE ended_at IS NULL;

CREATE TABLE chat_links (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_chat_links PRIMARY KEY,
    code text NOT NULL CONSTRAINT uq_chat_links_code UNIQUE,
    sequence_id bigint CONSTRAINT fk_chat_links_sequence_id REFERENCES sequences (id) ON DELETE CASCADE,
    campaign_id bigint CONSTRAINT fk_chat_links_campaign_id REFERENCES campaigns (id) ON DELETE CASCADE,
    device_id bigint NOT NULL CONSTRAINT fk_chat_links_device_id REFERENCES user_devices (id),
    greeting text NOT NULL,
    joined bigint NOT NULL DEFAULT '0',
    created_by bigint CONSTRAINT fk_chat_links_created_by REFERENCES operators (id) ON DELETE SET NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    closed_at timestamptz,
    workspace_id bigint NOT NULL
                 CONSTRAINT fk_chat_links_workspace_id REFERENCES workspaces (id) ON DELETE CASCADE,
    CONSTRAINT ck_chat_links_of_one CHECK ((sequence_id IS NULL) <> (campaign_id IS NULL)));
CREATE INDEX ix_chat_links_workspace_id ON chat_links (workspace_id);

ALTER TABLE queue ADD campaign_id bigint;
UPDATE queue q SET campaign_id = m.campaign_id FROM messages m WHERE m.id = q.message_id AND m.lane = 'campaign' AND NOT m.by_hand;
DROP INDEX ix_queue_ready;
CREATE INDEX ix_queue_ready ON queue (device_id, lane, campaign_id, due_at, message_id);

CREATE TRIGGER notify_control AFTER INSERT ON revocations
   FOR EACH STATEMENT EXECUTE FUNCTION notify_channel('dripdesk_control')
"""

# As it was, but for the campaign.
ENQUEUE = """
CREATE OR REPLACE FUNCTION enqueue() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    devices text;
BEGIN
    INSERT INTO queue ({columns})
    SELECT id, {values} FROM inserted WHERE outcome IS NULL ORDER BY id;
    SELECT string_agg(DISTINCT device_id::text, ',') INTO devices FROM inserted;
    IF devices IS NOT NULL THEN -- a payload holds 8000 bytes; the empty one means every device
        PERFORM pg_notify('dripdesk_queue', CASE WHEN length(devices) < 7000 THEN devices ELSE '' END);
    END IF;
    RETURN NULL;
END $$
"""

DOWN = """
DROP INDEX ix_queue_ready;
ALTER TABLE queue DROP campaign_id;
CREATE INDEX ix_queue_ready ON queue (device_id, lane, due_at, message_id);
DROP TABLE chat_links;
DROP TABLE revocations;
ALTER TABLE campaigns
    DROP audience_set, DROP segment_id, DROP follows_id, DROP device_choice, DROP min_delay_seconds,
    DROP max_delay_seconds, DROP window_start, DROP window_end, DROP late_policy, DROP late_window_minutes,
    DROP first_ones, DROP fanned_to, DROP fanned_at, DROP left_out, DROP pause_reason, DROP paused_at,
    DROP paused_by, DROP watched_from, DROP revision, DROP launched_by;
DROP INDEX ix_campaigns_open;
DROP INDEX ix_campaigns_cancelling;
DROP INDEX ix_campaigns_workspace_id
"""


def upgrade() -> None:
    _run(UP)
    _enqueue("device_id, lane, due_at, campaign_id")


def downgrade() -> None:
    _enqueue("device_id, lane, due_at")
    _run(DOWN)


def _enqueue(copied: str) -> None:
    op.execute(ENQUEUE.format(columns=f"message_id, {copied}", values=copied))


def _run(script: str) -> None:
    for statement in script.strip().split(";\n"):
        op.execute(statement)
