"""What is not sure to have arrived, what has been pruned, and who waits for a lost device."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ALERT_KINDS = (
    "device_down", "worker_stuck", "send_failed", "send_unknown", "books_unbalanced", "no_worker", "database_away",
    "device_trouble",
)
NEW_ALERT_KINDS = ("people_moved", "people_waiting")

UP = """
ALTER TABLE messages ADD by_hand boolean NOT NULL DEFAULT false;

CREATE TABLE doubts (
    message_id bigint NOT NULL CONSTRAINT pk_doubts PRIMARY KEY
               CONSTRAINT fk_doubts_message_id REFERENCES messages (id) ON DELETE CASCADE,
    device_id bigint NOT NULL,
    contact_id bigint NOT NULL,
    claimed_at timestamptz NOT NULL,
    left_at timestamptz,
    workspace_id bigint NOT NULL CONSTRAINT fk_doubts_workspace_id REFERENCES workspaces (id) ON DELETE CASCADE);
INSERT INTO doubts (message_id, device_id, contact_id, claimed_at, workspace_id)
SELECT id, device_id, contact_id, coalesce(claimed_at, due_at), workspace_id FROM messages WHERE outcome = 'unknown';
CREATE INDEX ix_doubts_workspace_id ON doubts (workspace_id, device_id);
CREATE INDEX ix_doubts_contact_id ON doubts (contact_id);

CREATE TABLE pruned_messages (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_pruned_messages PRIMARY KEY,
    step_id bigint CONSTRAINT fk_pruned_messages_step_id REFERENCES sequence_steps (id) ON DELETE CASCADE,
    campaign_id bigint CONSTRAINT fk_pruned_messages_campaign_id REFERENCES campaigns (id) ON DELETE CASCADE,
    outcome varchar(32) NOT NULL CONSTRAINT ck_pruned_messages_messagestatus CHECK (outcome IN (
            'pending', 'processing', 'sent', 'failed', 'skipped', 'unknown', 'cancelled')),
    messages bigint NOT NULL,
    workspace_id bigint NOT NULL
                 CONSTRAINT fk_pruned_messages_workspace_id REFERENCES workspaces (id) ON DELETE CASCADE,
    CONSTRAINT ck_pruned_messages_of_one CHECK ((step_id IS NULL) <> (campaign_id IS NULL)),
    CONSTRAINT uq_pruned_messages_step_id_outcome UNIQUE (step_id, outcome),
    CONSTRAINT uq_pruned_messages_campaign_id_outcome UNIQUE (campaign_id, outcome));

CREATE INDEX ix_sequence_contacts_device_id ON sequence_contacts (device_id) WHERE status IN ('active', 'paused')
"""

DOWN = """
DROP INDEX ix_sequence_contacts_device_id;
DROP TABLE pruned_messages;
DROP TABLE doubts;
ALTER TABLE messages DROP by_hand
"""


def upgrade() -> None:
    _run(UP)
    _alert_kinds(*ALERT_KINDS, *NEW_ALERT_KINDS)


def downgrade() -> None:
    _run(DOWN)
    op.execute(f"DELETE FROM alerts WHERE kind IN ({_listed(NEW_ALERT_KINDS)})")
    _alert_kinds(*ALERT_KINDS)


def _run(script: str) -> None:
    for statement in script.strip().split(";\n"):
        op.execute(statement)


def _alert_kinds(*kinds: str) -> None:
    op.execute("ALTER TABLE alerts DROP CONSTRAINT ck_alerts_alertkind")
    op.execute(f"ALTER TABLE alerts ADD CONSTRAINT ck_alerts_alertkind CHECK (kind IN ({_listed(kinds)}))")


def _listed(kinds: tuple[str, ...]) -> str:
    return ", ".join(f"'{kind}'" for kind in kinds)
