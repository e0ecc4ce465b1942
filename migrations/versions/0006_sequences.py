"""Runs paused by whom and when, waves, what was answered to which message, operators' tests, and pastes."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

UP = """
ALTER TABLE sequences ADD revision bigint NOT NULL DEFAULT '1';

ALTER TABLE sequence_contacts
    ADD wave bigint NOT NULL DEFAULT '0' CONSTRAINT ck_sequence_contacts_wave CHECK (wave >= 0),
    ADD paused_at timestamptz,
    ADD paused_by bigint
        CONSTRAINT fk_sequence_contacts_paused_by REFERENCES operators (id) ON DELETE SET NULL,
    ADD paused_reason varchar(32) CONSTRAINT ck_sequence_contacts_pausereason
        CHECK (paused_reason IN ('replied', 'by_hand'));

ALTER TABLE messages
    ADD kind varchar(32) CONSTRAINT ck_messages_contentkind
        CHECK (kind IN ('text', 'image', 'video', 'document', 'audio')),
    ADD media_id bigint CONSTRAINT fk_messages_media_id REFERENCES media (id);

ALTER TABLE inbound_messages
    ADD answers_message_id bigint
        CONSTRAINT fk_inbound_messages_answers_message_id REFERENCES messages (id) ON DELETE SET NULL,
    ADD opted_out boolean NOT NULL DEFAULT false;
CREATE INDEX ix_inbound_messages_answers_message_id ON inbound_messages (answers_message_id)
 WHERE answers_message_id IS NOT NULL;

ALTER TABLE pruned_messages
    ADD reason text NOT NULL DEFAULT '',
    ADD delivered bigint NOT NULL DEFAULT '0',
    ADD read bigint NOT NULL DEFAULT '0',
    ADD replied bigint NOT NULL DEFAULT '0',
    ADD opted_out bigint NOT NULL DEFAULT '0',
    DROP CONSTRAINT uq_pruned_messages_step_id_outcome,
    DROP CONSTRAINT uq_pruned_messages_campaign_id_outcome,
    ADD CONSTRAINT uq_pruned_messages_step_id_outcome_reason UNIQUE (step_id, outcome, reason),
    ADD CONSTRAINT uq_pruned_messages_campaign_id_outcome_reason UNIQUE (campaign_id, outcome, reason);

ALTER TABLE operators ADD phone text;
ALTER TABLE contacts ADD for_tests boolean NOT NULL DEFAULT false;

CREATE TABLE pastes (
    chat_id bigint NOT NULL,
    message_id bigint NOT NULL,
    workspace_id bigint NOT NULL CONSTRAINT fk_pastes_workspace_id REFERENCES workspaces (id) ON DELETE CASCADE,
    sequence_id bigint NOT NULL CONSTRAINT fk_pastes_sequence_id REFERENCES sequences (id) ON DELETE CASCADE,
    text text NOT NULL,
    next_day bigint NOT NULL,
    step_ids bigint[] NOT NULL,
    file text,
    CONSTRAINT pk_pastes PRIMARY KEY (chat_id, message_id));
CREATE INDEX ix_pastes_sequence_id ON pastes (sequence_id);

ALTER TABLE messages
    DROP CONSTRAINT fk_messages_workspace_id, DROP CONSTRAINT fk_messages_device_id,
    DROP CONSTRAINT fk_messages_step_id, DROP CONSTRAINT fk_messages_enrolment_id;
ALTER TABLE sequence_contacts DROP CONSTRAINT fk_sequence_contacts_next_step_id;
DROP INDEX ix_sequence_contacts_next_step_id;
UPDATE sequence_contacts SET paused_reason = 'replied' WHERE status = 'paused';
DROP INDEX ix_sequence_contacts_due;
CREATE INDEX ix_sequence_contacts_due ON sequence_contacts (sequence_id, next_due_at)
 WHERE status = 'active' AND next_due_at IS NOT NULL
"""

DOWN = """
DROP INDEX ix_sequence_contacts_due;
CREATE INDEX ix_sequence_contacts_due ON sequence_contacts (next_due_at)
 WHERE status = 'active' AND next_due_at IS NOT NULL;
CREATE INDEX ix_sequence_contacts_next_step_id ON sequence_contacts (next_step_id);
ALTER TABLE sequence_contacts ADD CONSTRAINT fk_sequence_contacts_next_step_id
    FOREIGN KEY (next_step_id) REFERENCES sequence_steps (id);
ALTER TABLE messages
    ADD CONSTRAINT fk_messages_workspace_id FOREIGN KEY (workspace_id) REFERENCES workspaces (id) ON DELETE CASCADE,
    ADD CONSTRAINT fk_messages_device_id FOREIGN KEY (device_id) REFERENCES user_devices (id),
    ADD CONSTRAINT fk_messages_step_id FOREIGN KEY (step_id) REFERENCES sequence_steps (id),
    ADD CONSTRAINT fk_messages_enrolment_id
        FOREIGN KEY (enrolment_id) REFERENCES sequence_contacts (id) ON DELETE CASCADE;
DROP TABLE pastes;
DELETE FROM contacts WHERE for_tests;
ALTER TABLE contacts DROP for_tests;
ALTER TABLE operators DROP phone;
CREATE TEMP TABLE kept ON COMMIT DROP AS
SELECT workspace_id, step_id, campaign_id, outcome, sum(messages) AS messages FROM pruned_messages
 GROUP BY workspace_id, step_id, campaign_id, outcome;
DELETE FROM pruned_messages;
ALTER TABLE pruned_messages
    DROP CONSTRAINT uq_pruned_messages_step_id_outcome_reason,
    DROP CONSTRAINT uq_pruned_messages_campaign_id_outcome_reason,
    DROP reason, DROP delivered, DROP read, DROP replied, DROP opted_out,
    ADD CONSTRAINT uq_pruned_messages_step_id_outcome UNIQUE (step_id, outcome),
    ADD CONSTRAINT uq_pruned_messages_campaign_id_outcome UNIQUE (campaign_id, outcome);
INSERT INTO pruned_messages (workspace_id, step_id, campaign_id, outcome, messages)
SELECT workspace_id, step_id, campaign_id, outcome, messages FROM kept;
DROP INDEX ix_inbound_messages_answers_message_id;
ALTER TABLE inbound_messages DROP answers_message_id, DROP opted_out;
ALTER TABLE messages DROP kind, DROP media_id;
ALTER TABLE sequence_contacts DROP wave, DROP paused_at, DROP paused_by, DROP paused_reason;
ALTER TABLE sequences DROP revision
"""

# What the foreign key of `enrolment_id` did when a run is deleted, without its check of every message planned.
TRIGGERS = """
CREATE FUNCTION delete_messages_of_runs() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM messages USING deleted WHERE messages.enrolment_id = deleted.id;
    RETURN NULL;
END $$;

CREATE TRIGGER delete_messages AFTER DELETE ON sequence_contacts REFERENCING OLD TABLE AS deleted
   FOR EACH STATEMENT EXECUTE FUNCTION delete_messages_of_runs()
"""
DROP_TRIGGERS = """
DROP TRIGGER delete_messages ON sequence_contacts;
DROP FUNCTION delete_messages_of_runs()
"""


def upgrade() -> None:
    _run(UP)
    _run(TRIGGERS, separator=";\n\n")


def downgrade() -> None:
    _run(DROP_TRIGGERS)
    _run(DOWN)


def _run(script: str, *, separator: str = ";\n") -> None:
    for statement in script.strip().split(separator):
        op.execute(statement)
