"""Imports as rows, what undoes them; interests, lists and consents without foreign keys; segments."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

SOURCES = "'web_form', 'event', 'purchase', 'wrote_first', 'manual', 'stop_word', 'start_word'"
NEW_SOURCES = f"{SOURCES}, 'opt_out_list'"

UP = f"""
ALTER TABLE contacts RENAME for_tests TO unlisted;
ALTER TABLE contacts ADD import_id bigint;
ALTER TABLE leads ADD import_id bigint;
ALTER TABLE consents ADD import_id bigint;

ALTER TABLE leads DROP CONSTRAINT fk_leads_contact_id, DROP CONSTRAINT fk_leads_workspace_id;
ALTER TABLE list_members
    DROP CONSTRAINT fk_list_members_list_id, DROP CONSTRAINT fk_list_members_contact_id,
    DROP CONSTRAINT fk_list_members_workspace_id;
ALTER TABLE consents
    DROP CONSTRAINT fk_consents_contact_id, DROP CONSTRAINT fk_consents_recorded_by,
    DROP CONSTRAINT fk_consents_workspace_id, DROP CONSTRAINT ck_consents_consentsource,
    ADD CONSTRAINT ck_consents_consentsource CHECK (source IN ({NEW_SOURCES}));
ALTER TABLE suppressions
    DROP CONSTRAINT ck_suppressions_consentsource,
    ADD CONSTRAINT ck_suppressions_consentsource CHECK (source IN ({NEW_SOURCES}));

CREATE TABLE imports (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_imports PRIMARY KEY,
    status varchar(32) NOT NULL CONSTRAINT ck_imports_importstatus CHECK (
           status IN ('reviewed', 'running', 'cancelled', 'done', 'failed', 'undoing', 'undone')),
    file_name text NOT NULL,
    content bytea,
    choices jsonb NOT NULL,
    review jsonb,
    duplicates varchar(32) NOT NULL CONSTRAINT ck_imports_duplicatepolicy CHECK (duplicates IN ('update', 'skip')),
    niche text,
    attributes jsonb NOT NULL DEFAULT '{{}}',
    source varchar(32) CONSTRAINT ck_imports_consentsource CHECK (source IN ({NEW_SOURCES})),
    evidence text NOT NULL DEFAULT '',
    list_id bigint,
    rows_total bigint NOT NULL DEFAULT '0',
    rows_done bigint NOT NULL DEFAULT '0',
    created bigint NOT NULL DEFAULT '0',
    updated bigint NOT NULL DEFAULT '0',
    skipped bigint NOT NULL DEFAULT '0',
    rejected bigint NOT NULL DEFAULT '0',
    opted_out bigint NOT NULL DEFAULT '0',
    joined jsonb NOT NULL DEFAULT '{{}}',
    failure text,
    taken_until timestamptz,
    attempts bigint NOT NULL DEFAULT '0',
    created_from bigint,
    created_to bigint,
    undo boolean NOT NULL DEFAULT false,
    started_by bigint CONSTRAINT fk_imports_started_by REFERENCES operators (id) ON DELETE SET NULL,
    started_at timestamptz,
    ended_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    workspace_id bigint NOT NULL CONSTRAINT fk_imports_workspace_id REFERENCES workspaces (id) ON DELETE CASCADE,
    CONSTRAINT ck_imports_list CHECK (status = 'reviewed' OR list_id IS NOT NULL));
CREATE INDEX ix_imports_open ON imports (id) WHERE status IN ('running', 'undoing');
CREATE INDEX ix_imports_workspace_id ON imports (workspace_id, id);

CREATE TABLE import_changes (
    import_id bigint NOT NULL
              CONSTRAINT fk_import_changes_import_id REFERENCES imports (id) ON DELETE CASCADE,
    contact_id bigint NOT NULL,
    name text NOT NULL,
    attributes jsonb NOT NULL,
    consent varchar(32) CONSTRAINT ck_import_changes_consentstate CHECK (consent IN ('opted_in', 'opted_out')),
    unlisted boolean NOT NULL DEFAULT false,
    given_name text NOT NULL,
    given jsonb NOT NULL,
    CONSTRAINT pk_import_changes PRIMARY KEY (import_id, contact_id));

CREATE TABLE segments (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_segments PRIMARY KEY,
    name text NOT NULL,
    conditions jsonb NOT NULL,
    created_by bigint CONSTRAINT fk_segments_created_by REFERENCES operators (id) ON DELETE SET NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    workspace_id bigint NOT NULL CONSTRAINT fk_segments_workspace_id REFERENCES workspaces (id) ON DELETE CASCADE);
CREATE UNIQUE INDEX uq_segments_name ON segments (workspace_id, lower(name))
"""

# What foreign keys did, once a statement instead of once a row.
TRIGGERS = """
CREATE FUNCTION forget_contacts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM leads USING deleted WHERE leads.contact_id = deleted.id;
    DELETE FROM consents USING deleted WHERE consents.contact_id = deleted.id;
    DELETE FROM list_members USING deleted WHERE list_members.contact_id = deleted.id;
    RETURN NULL;
END $$;

CREATE FUNCTION forget_lists() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM list_members USING deleted WHERE list_members.list_id = deleted.id;
    RETURN NULL;
END $$;

CREATE FUNCTION notify_imports() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('dripdesk_imports', '');
    RETURN NULL;
END $$;

CREATE TRIGGER forget_contacts AFTER DELETE ON contacts REFERENCING OLD TABLE AS deleted
   FOR EACH STATEMENT EXECUTE FUNCTION forget_contacts();

CREATE TRIGGER forget_lists AFTER DELETE ON lists REFERENCING OLD TABLE AS deleted
   FOR EACH STATEMENT EXECUTE FUNCTION forget_lists();

CREATE TRIGGER notify_imports AFTER INSERT OR UPDATE OF status ON imports
   FOR EACH STATEMENT EXECUTE FUNCTION notify_imports()
"""

DOWN = f"""
DROP TABLE segments;
DROP TABLE import_changes;
DROP TABLE imports;
DROP TRIGGER forget_contacts ON contacts;
DROP TRIGGER forget_lists ON lists;
DROP FUNCTION forget_contacts();
DROP FUNCTION forget_lists();
DROP FUNCTION notify_imports();
DELETE FROM suppressions WHERE source = 'opt_out_list';
ALTER TABLE suppressions
    DROP CONSTRAINT ck_suppressions_consentsource,
    ADD CONSTRAINT ck_suppressions_consentsource CHECK (source IN ({SOURCES}));
DELETE FROM consents WHERE source = 'opt_out_list';
ALTER TABLE consents
    DROP CONSTRAINT ck_consents_consentsource,
    ADD CONSTRAINT ck_consents_consentsource CHECK (source IN ({SOURCES})),
    ADD CONSTRAINT fk_consents_contact_id FOREIGN KEY (contact_id) REFERENCES contacts (id) ON DELETE CASCADE,
    ADD CONSTRAINT fk_consents_recorded_by FOREIGN KEY (recorded_by) REFERENCES operators (id),
    ADD CONSTRAINT fk_consents_workspace_id FOREIGN KEY (workspace_id) REFERENCES workspaces (id) ON DELETE CASCADE;
ALTER TABLE list_members
    ADD CONSTRAINT fk_list_members_list_id FOREIGN KEY (list_id) REFERENCES lists (id) ON DELETE CASCADE,
    ADD CONSTRAINT fk_list_members_contact_id FOREIGN KEY (contact_id) REFERENCES contacts (id) ON DELETE CASCADE,
    ADD CONSTRAINT fk_list_members_workspace_id
        FOREIGN KEY (workspace_id) REFERENCES workspaces (id) ON DELETE CASCADE;
ALTER TABLE leads
    ADD CONSTRAINT fk_leads_contact_id FOREIGN KEY (contact_id) REFERENCES contacts (id) ON DELETE CASCADE,
    ADD CONSTRAINT fk_leads_workspace_id FOREIGN KEY (workspace_id) REFERENCES workspaces (id) ON DELETE CASCADE;
ALTER TABLE consents DROP import_id;
ALTER TABLE leads DROP import_id;
ALTER TABLE contacts DROP import_id;
ALTER TABLE contacts RENAME unlisted TO for_tests
"""


def upgrade() -> None:
    _run(UP, separator=";\n")
    _run(TRIGGERS, separator=";\n\n")


def downgrade() -> None:
    _run(DOWN, separator=";\n")


def _run(script: str, *, separator: str) -> None:
    for statement in script.strip().split(separator):
        op.execute(statement)
