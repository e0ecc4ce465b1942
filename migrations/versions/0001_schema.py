"""The whole schema, and the triggers that say "look" to sleeping processes."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# NOTIFY wakes; it never informs: what must be known is in the rows. Statement-level, so that a fan-out of a
# million rows notifies once. The claim and outcome statements set none of the columns listed here.
NOTIFY_FUNCTIONS = """
CREATE FUNCTION notify_queue() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    devices text;
BEGIN
    SELECT string_agg(DISTINCT device_id::text, ',') INTO devices FROM inserted;
    IF devices IS NOT NULL THEN -- a payload holds 8000 bytes; the empty one means every device
        PERFORM pg_notify('dripdesk_queue', CASE WHEN length(devices) < 7000 THEN devices ELSE '' END);
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION notify_channel() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify(TG_ARGV[0], '');
    RETURN NULL;
END $$
"""
DEVICE_CONTROLS = (
    "paused_at, min_delay_seconds, max_delay_seconds, hourly_cap, daily_cap, ramp_start_cap, ramp_days, "
    "ramp_started_on, removed_at, transport"
)
NOTIFY_TRIGGERS = (
    (
        "CREATE TRIGGER notify_queue AFTER INSERT ON broadcast_messages REFERENCING NEW TABLE AS inserted "
        "FOR EACH STATEMENT EXECUTE FUNCTION notify_queue()"
    ),
    *(
        f"CREATE TRIGGER notify_{channel} AFTER {events} ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION notify_channel('dripdesk_{channel}')"
        for table, channel, events in (
            ("clock", "clock", "INSERT OR UPDATE"),
            ("alerts", "alerts", "INSERT OR UPDATE OF revision"),
            ("workspaces", "control", "UPDATE OF stopped_at, quiet_start, quiet_end, time_zone"),
            ("sequences", "control", "UPDATE OF status"),
            ("campaigns", "control", "UPDATE OF status"),
            ("sequence_contacts", "control", "INSERT"),
            ("user_devices", "control", f"INSERT OR UPDATE OF {DEVICE_CONTROLS}"),
        )
    ),
)


def upgrade() -> None:
    op.create_table('clock',
    sa.Column('id', sa.SmallInteger(), server_default='1', autoincrement=False, nullable=False),
    sa.Column('real_anchor', postgresql.TIMESTAMP(timezone=True), nullable=False),
    sa.Column('virtual_anchor', postgresql.TIMESTAMP(timezone=True), nullable=False),
    sa.Column('speed', sa.Double(), nullable=False),
    sa.CheckConstraint('id = 1', name=op.f('ck_clock_one_row')),
    sa.CheckConstraint('speed > 0', name=op.f('ck_clock_speed')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_clock'))
    )
    op.create_table('dialog_states',
    sa.Column('key', sa.Text(), nullable=False),
    sa.Column('state', sa.Text(), nullable=True),
    sa.Column('data', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('updated_at', postgresql.TIMESTAMP(timezone=True), server_default=sa.text('clock_timestamp()'), nullable=False),
    sa.PrimaryKeyConstraint('key', name=op.f('pk_dialog_states'))
    )
    op.create_table('engines',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column('host', sa.Text(), nullable=False),
    sa.Column('pid', sa.BigInteger(), nullable=False),
    sa.Column('started_at', postgresql.TIMESTAMP(timezone=True), server_default=sa.text('clock_timestamp()'), nullable=False),
    sa.Column('heartbeat_at', postgresql.TIMESTAMP(timezone=True), server_default=sa.text('clock_timestamp()'), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_engines'))
    )
    op.create_table('operators',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column('telegram_user_id', sa.BigInteger(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('created_at', postgresql.TIMESTAMP(timezone=True), server_default=sa.text('clock_timestamp()'), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_operators')),
    sa.UniqueConstraint('telegram_user_id', name=op.f('uq_operators_telegram_user_id'))
    )
    op.create_table('workspaces',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('country', sa.Text(), nullable=False),
    sa.Column('time_zone', sa.Text(), nullable=False),
    sa.Column('rest_days', postgresql.ARRAY(sa.SmallInteger()), server_default=sa.text("'{6,7}'"), nullable=False),
    sa.Column('quiet_start', sa.Time(), nullable=True),
    sa.Column('quiet_end', sa.Time(), nullable=True),
    sa.Column('stop_words', postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
    sa.Column('alerts_chat_id', sa.BigInteger(), nullable=True),
    sa.Column('stopped_at', postgresql.TIMESTAMP(timezone=True), nullable=True),
    sa.Column('created_at', postgresql.TIMESTAMP(timezone=True), server_default=sa.text('clock_timestamp()'), nullable=False),
    sa.CheckConstraint("country ~ '^[A-Z]{2}$'", name=op.f('ck_workspaces_country_code')),
    sa.CheckConstraint('(quiet_start IS NULL) = (quiet_end IS NULL)', name=op.f('ck_workspaces_quiet_hours_whole')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_workspaces'))
    )
    op.create_table('alerts',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column('kind', sa.Enum('device_down', 'worker_stuck', 'send_failed', 'send_unknown', 'books_unbalanced', name='alertkind', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('subject', sa.Text(), nullable=False),
    sa.Column('status', sa.Enum('firing', 'acknowledged', 'resolved', name='alertstatus', native_enum=False, create_constraint=True, length=32), server_default='firing', nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('occurrences', sa.BigInteger(), server_default='1', nullable=False),
    sa.Column('first_at', postgresql.TIMESTAMP(timezone=True), nullable=False),
    sa.Column('last_at', postgresql.TIMESTAMP(timezone=True), nullable=False),
    sa.Column('acknowledged_at', postgresql.TIMESTAMP(timezone=True), nullable=True),
    sa.Column('acknowledged_by', sa.BigInteger(), nullable=True),
    sa.Column('resolved_at', postgresql.TIMESTAMP(timezone=True), nullable=True),
    sa.Column('resolution', sa.Text(), nullable=True),
    sa.Column('revision', sa.BigInteger(), server_default='1', nullable=False),
    sa.Column('posted_revision', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('chat_id', sa.BigInteger(), nullable=True),
    sa.Column('telegram_message_id', sa.BigInteger(), nullable=True),
    sa.Column('workspace_id', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['acknowledged_by'], ['operators.id'], name=op.f('fk_alerts_acknowledged_by')),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspaces.id'], name=op.f('fk_alerts_workspace_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_alerts'))
    )
    op.create_index('ix_alerts_unposted', 'alerts', ['id'], unique=False, postgresql_where=sa.text('revision > posted_revision'))
    op.create_index('uq_alerts_open', 'alerts', ['workspace_id', 'kind', 'subject'], unique=True, postgresql_where=sa.text("status <> 'resolved'"))
    op.create_table('api_tokens',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('token_hash', sa.LargeBinary(), nullable=False),
    sa.Column('scope', sa.Enum('read', 'write', 'intake', name='tokenscope', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('created_at', postgresql.TIMESTAMP(timezone=True), server_default=sa.text('clock_timestamp()'), nullable=False),
    sa.Column('revoked_at', postgresql.TIMESTAMP(timezone=True), nullable=True),
    sa.Column('workspace_id', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspaces.id'], name=op.f('fk_api_tokens_workspace_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_api_tokens')),
    sa.UniqueConstraint('token_hash', name=op.f('uq_api_tokens_token_hash'))
    )
    op.create_table('audit_log',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column('operator_id', sa.BigInteger(), nullable=True),
    sa.Column('face', sa.Enum('menu', 'rest', 'cli', 'system', name='face', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('action', sa.Text(), nullable=False),
    sa.Column('subject_id', sa.BigInteger(), nullable=True),
    sa.Column('detail', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
    sa.Column('at', postgresql.TIMESTAMP(timezone=True), nullable=False),
    sa.Column('workspace_id', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['operator_id'], ['operators.id'], name=op.f('fk_audit_log_operator_id')),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspaces.id'], name=op.f('fk_audit_log_workspace_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_audit_log'))
    )
    op.create_index('ix_audit_log_workspace_id_at', 'audit_log', ['workspace_id', 'at'], unique=False)
    op.create_table('invites',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column('workspace_id', sa.BigInteger(), nullable=True),
    sa.Column('token_hash', sa.LargeBinary(), nullable=False),
    sa.Column('role', sa.Enum('owner', 'operator', 'viewer', name='role', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('expires_at', postgresql.TIMESTAMP(timezone=True), nullable=True),
    sa.Column('used_at', postgresql.TIMESTAMP(timezone=True), nullable=True),
    sa.Column('used_by', sa.BigInteger(), nullable=True),
    sa.Column('created_at', postgresql.TIMESTAMP(timezone=True), server_default=sa.text('clock_timestamp()'), nullable=False),
    sa.ForeignKeyConstraint(['used_by'], ['operators.id'], name=op.f('fk_invites_used_by')),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspaces.id'], name=op.f('fk_invites_workspace_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_invites')),
    sa.UniqueConstraint('token_hash', name=op.f('uq_invites_token_hash'))
    )
    op.create_table('lists',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('created_by', sa.BigInteger(), nullable=True),
    sa.Column('created_at', postgresql.TIMESTAMP(timezone=True), server_default=sa.text('clock_timestamp()'), nullable=False),
    sa.Column('workspace_id', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['created_by'], ['operators.id'], name=op.f('fk_lists_created_by')),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspaces.id'], name=op.f('fk_lists_workspace_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_lists'))
    )
    op.create_index('ix_lists_workspace_id', 'lists', ['workspace_id'], unique=False)
    op.create_table('media',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column('sha256', sa.Text(), nullable=False),
    sa.Column('mime_type', sa.Text(), nullable=False),
    sa.Column('file_name', sa.Text(), nullable=False),
    sa.Column('content', sa.LargeBinary(), nullable=True),
    sa.Column('created_at', postgresql.TIMESTAMP(timezone=True), server_default=sa.text('clock_timestamp()'), nullable=False),
    sa.Column('workspace_id', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspaces.id'], name=op.f('fk_media_workspace_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_media')),
    sa.UniqueConstraint('workspace_id', 'sha256', name=op.f('uq_media_workspace_id_sha256'))
    )
    op.create_table('memberships',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column('operator_id', sa.BigInteger(), nullable=False),
    sa.Column('role', sa.Enum('owner', 'operator', 'viewer', name='role', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('created_at', postgresql.TIMESTAMP(timezone=True), server_default=sa.text('clock_timestamp()'), nullable=False),
    sa.Column('workspace_id', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['operator_id'], ['operators.id'], name=op.f('fk_memberships_operator_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspaces.id'], name=op.f('fk_memberships_workspace_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_memberships')),
    sa.UniqueConstraint('workspace_id', 'operator_id', name=op.f('uq_memberships_workspace_id_operator_id'))
    )
    op.create_index(op.f('ix_memberships_operator_id'), 'memberships', ['operator_id'], unique=False)
    op.create_table('sequences',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('status', sa.Enum('draft', 'active', 'paused', 'archived', name='sequencestatus', native_enum=False, create_constraint=True, length=32), server_default='draft', nullable=False),
    sa.Column('niche', sa.Text(), nullable=True),
    sa.Column('auto_enroll', sa.Boolean(), server_default=sa.text('false'), nullable=False),
    sa.Column('skip_weekends', sa.Boolean(), server_default=sa.text('false'), nullable=False),
    sa.Column('skip_holidays', sa.Boolean(), server_default=sa.text('false'), nullable=False),
    sa.Column('time_zone', sa.Text(), nullable=False),
    sa.Column('use_contact_time_zone', sa.Boolean(), server_default=sa.text('false'), nullable=False),
    sa.Column('default_time', sa.Time(), server_default=sa.text("'09:00'"), nullable=False),
    sa.Column('missed_policy', sa.Enum('shift', 'skip', 'send_now', name='missedpolicy', native_enum=False, create_constraint=True, length=32), server_default='shift', nullable=False),
    sa.Column('late_window_minutes', sa.BigInteger(), server_default='720', nullable=False),
    sa.Column('reentry_policy', sa.Enum('never', 'after_exit', 'after_cooldown', name='reentrypolicy', native_enum=False, create_constraint=True, length=32), server_default='never', nullable=False),
    sa.Column('reentry_cooldown_days', sa.BigInteger(), server_default='30', nullable=False),
    sa.Column('on_reply', sa.Enum('pause', 'exit', 'continue', name='onreply', native_enum=False, create_constraint=True, length=32), server_default='pause', nullable=False),
    sa.Column('next_sequence_id', sa.BigInteger(), nullable=True),
    sa.Column('created_at', postgresql.TIMESTAMP(timezone=True), server_default=sa.text('clock_timestamp()'), nullable=False),
    sa.Column('workspace_id', sa.BigInteger(), nullable=False),
    sa.CheckConstraint('late_window_minutes > 0', name=op.f('ck_sequences_late_window')),
    sa.CheckConstraint('next_sequence_id <> id', name=op.f('ck_sequences_next_is_another')),
    sa.ForeignKeyConstraint(['next_sequence_id'], ['sequences.id'], name=op.f('fk_sequences_next_sequence_id')),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspaces.id'], name=op.f('fk_sequences_workspace_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sequences'))
    )
    op.create_index('uq_sequences_name', 'sequences', ['workspace_id', sa.literal_column('lower(name)')], unique=True, postgresql_where=sa.text("status <> 'archived'"))
    op.create_table('suppressions',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column('phone', sa.Text(), nullable=False),
    sa.Column('source', sa.Enum('web_form', 'event', 'purchase', 'wrote_first', 'manual', 'stop_word', 'start_word', name='consentsource', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('evidence', sa.Text(), nullable=False),
    sa.Column('created_at', postgresql.TIMESTAMP(timezone=True), nullable=False),
    sa.Column('workspace_id', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspaces.id'], name=op.f('fk_suppressions_workspace_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_suppressions')),
    sa.UniqueConstraint('workspace_id', 'phone', name=op.f('uq_suppressions_workspace_id_phone'))
    )
    op.create_table('user_devices',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('phone', sa.Text(), nullable=True),
    sa.Column('transport', sa.Enum('simulator', 'neonize', 'cloud', name='transportkind', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('state', sa.Enum('unpaired', 'pairing', 'passkey_required', 'connecting', 'online', 'degraded', 'phone_offline', 'replaced', 'reachout_limited', 'temp_banned', 'logged_out', 'outdated', 'parked', name='devicestate', native_enum=False, create_constraint=True, length=32), server_default='connecting', nullable=False),
    sa.Column('state_since', postgresql.TIMESTAMP(timezone=True), server_default=sa.text('clock_timestamp()'), nullable=False),
    sa.Column('last_error', sa.Text(), nullable=True),
    sa.Column('min_delay_seconds', sa.Double(), server_default='10', nullable=False),
    sa.Column('max_delay_seconds', sa.Double(), server_default='30', nullable=False),
    sa.Column('hourly_cap', sa.BigInteger(), nullable=True),
    sa.Column('daily_cap', sa.BigInteger(), nullable=True),
    sa.Column('ramp_start_cap', sa.BigInteger(), nullable=True),
    sa.Column('ramp_days', sa.BigInteger(), nullable=True),
    sa.Column('ramp_started_on', sa.Date(), nullable=True),
    sa.Column('next_send_at', postgresql.TIMESTAMP(timezone=True), nullable=True),
    sa.Column('hour_started_at', postgresql.TIMESTAMP(timezone=True), nullable=True),
    sa.Column('hour_count', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('day', sa.Date(), nullable=True),
    sa.Column('day_count', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('paused_at', postgresql.TIMESTAMP(timezone=True), nullable=True),
    sa.Column('paused_reason', sa.Text(), nullable=True),
    sa.Column('owner', sa.BigInteger(), nullable=True),
    sa.Column('epoch', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('in_flight_message_id', sa.BigInteger(), nullable=True),
    sa.Column('created_at', postgresql.TIMESTAMP(timezone=True), server_default=sa.text('clock_timestamp()'), nullable=False),
    sa.Column('removed_at', postgresql.TIMESTAMP(timezone=True), nullable=True),
    sa.Column('workspace_id', sa.BigInteger(), nullable=False),
    sa.CheckConstraint('0 <= min_delay_seconds AND min_delay_seconds <= max_delay_seconds', name=op.f('ck_user_devices_delays')),
    sa.CheckConstraint('hourly_cap > 0 AND daily_cap > 0', name=op.f('ck_user_devices_caps')),
    sa.CheckConstraint('ramp_start_cap > 0 AND ramp_days > 0', name=op.f('ck_user_devices_ramp')),
    sa.ForeignKeyConstraint(['owner'], ['engines.id'], name=op.f('fk_user_devices_owner'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspaces.id'], name=op.f('fk_user_devices_workspace_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_user_devices')),
    postgresql_with={'fillfactor': '50'}
    )
    op.create_index('ix_user_devices_owner', 'user_devices', ['owner'], unique=False)
    op.create_index('uq_user_devices_name', 'user_devices', ['workspace_id', sa.literal_column('lower(name)')], unique=True, postgresql_where=sa.text('removed_at IS NULL'))
    op.create_table('campaigns',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('status', sa.Enum('draft', 'scheduled', 'running', 'paused', 'finished', 'cancelled', name='campaignstatus', native_enum=False, create_constraint=True, length=32), server_default='draft', nullable=False),
    sa.Column('niche', sa.Text(), nullable=True),
    sa.Column('list_id', sa.BigInteger(), nullable=True),
    sa.Column('lead_status', sa.Enum('prospect', 'customer', name='leadstatus', native_enum=False, create_constraint=True, length=32), nullable=True),
    sa.Column('kind', sa.Enum('text', 'image', 'video', 'document', 'audio', name='contentkind', native_enum=False, create_constraint=True, length=32), server_default='text', nullable=False),
    sa.Column('body', sa.Text(), server_default='', nullable=False),
    sa.Column('media_id', sa.BigInteger(), nullable=True),
    sa.Column('scheduled_at', postgresql.TIMESTAMP(timezone=True), nullable=True),
    sa.Column('started_at', postgresql.TIMESTAMP(timezone=True), nullable=True),
    sa.Column('finished_at', postgresql.TIMESTAMP(timezone=True), nullable=True),
    sa.Column('created_at', postgresql.TIMESTAMP(timezone=True), server_default=sa.text('clock_timestamp()'), nullable=False),
    sa.Column('workspace_id', sa.BigInteger(), nullable=False),
    sa.CheckConstraint("kind = 'text' OR media_id IS NOT NULL", name=op.f('ck_campaigns_media')),
    sa.CheckConstraint("status = 'draft' OR scheduled_at IS NOT NULL", name=op.f('ck_campaigns_scheduled')),
    sa.ForeignKeyConstraint(['list_id'], ['lists.id'], name=op.f('fk_campaigns_list_id')),
    sa.ForeignKeyConstraint(['media_id'], ['media.id'], name=op.f('fk_campaigns_media_id')),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspaces.id'], name=op.f('fk_campaigns_workspace_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_campaigns'))
    )
    op.create_index('ix_campaigns_due', 'campaigns', ['scheduled_at'], unique=False, postgresql_where=sa.text("status = 'scheduled'"))
    op.create_table('contacts',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column('phone', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), server_default='', nullable=False),
    sa.Column('attributes', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
    sa.Column('time_zone', sa.Text(), nullable=True),
    sa.Column('consent', sa.Enum('opted_in', 'opted_out', name='consentstate', native_enum=False, create_constraint=True, length=32), nullable=True),
    sa.Column('device_id', sa.BigInteger(), nullable=True),
    sa.Column('created_at', postgresql.TIMESTAMP(timezone=True), server_default=sa.text('clock_timestamp()'), nullable=False),
    sa.Column('workspace_id', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['device_id'], ['user_devices.id'], name=op.f('fk_contacts_device_id')),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspaces.id'], name=op.f('fk_contacts_workspace_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_contacts')),
    sa.UniqueConstraint('workspace_id', 'phone', name=op.f('uq_contacts_workspace_id_phone'))
    )
    op.create_table('sequence_devices',
    sa.Column('sequence_id', sa.BigInteger(), nullable=False),
    sa.Column('device_id', sa.BigInteger(), nullable=False),
    sa.Column('workspace_id', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['device_id'], ['user_devices.id'], name=op.f('fk_sequence_devices_device_id')),
    sa.ForeignKeyConstraint(['sequence_id'], ['sequences.id'], name=op.f('fk_sequence_devices_sequence_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspaces.id'], name=op.f('fk_sequence_devices_workspace_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('sequence_id', 'device_id', name=op.f('pk_sequence_devices'))
    )
    op.create_index(op.f('ix_sequence_devices_device_id'), 'sequence_devices', ['device_id'], unique=False)
    op.create_table('sequence_steps',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column('sequence_id', sa.BigInteger(), nullable=False),
    sa.Column('day_number', sa.BigInteger(), nullable=False),
    sa.Column('send_time', sa.Time(), nullable=True),
    sa.Column('after_join_minutes', sa.BigInteger(), nullable=True),
    sa.Column('kind', sa.Enum('text', 'image', 'video', 'document', 'audio', name='contentkind', native_enum=False, create_constraint=True, length=32), server_default='text', nullable=False),
    sa.Column('body', sa.Text(), server_default='', nullable=False),
    sa.Column('media_id', sa.BigInteger(), nullable=True),
    sa.Column('retired_at', postgresql.TIMESTAMP(timezone=True), nullable=True),
    sa.Column('created_at', postgresql.TIMESTAMP(timezone=True), server_default=sa.text('clock_timestamp()'), nullable=False),
    sa.Column('workspace_id', sa.BigInteger(), nullable=False),
    postgresql.ExcludeConstraint((sa.column('sequence_id'), '='), (sa.column('after_join_minutes'), '='), where=sa.text('retired_at IS NULL'), deferrable=True, using='btree', name='ex_sequence_steps_after_join'),
    postgresql.ExcludeConstraint((sa.column('sequence_id'), '='), (sa.column('day_number'), '='), (sa.column('send_time'), '='), where=sa.text('retired_at IS NULL'), deferrable=True, using='btree', name='ex_sequence_steps_day_and_time'),
    sa.CheckConstraint("kind = 'text' OR media_id IS NOT NULL", name=op.f('ck_sequence_steps_media')),
    sa.CheckConstraint('(send_time IS NULL) <> (after_join_minutes IS NULL)', name=op.f('ck_sequence_steps_one_time')),
    sa.CheckConstraint('after_join_minutes IS NULL OR (after_join_minutes BETWEEN 0 AND 1439 AND day_number = 1)', name=op.f('ck_sequence_steps_after_join')),
    sa.CheckConstraint('day_number >= 1', name=op.f('ck_sequence_steps_day_number')),
    sa.ForeignKeyConstraint(['media_id'], ['media.id'], name=op.f('fk_sequence_steps_media_id')),
    sa.ForeignKeyConstraint(['sequence_id'], ['sequences.id'], name=op.f('fk_sequence_steps_sequence_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspaces.id'], name=op.f('fk_sequence_steps_workspace_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sequence_steps'))
    )
    op.create_table('campaign_devices',
    sa.Column('campaign_id', sa.BigInteger(), nullable=False),
    sa.Column('device_id', sa.BigInteger(), nullable=False),
    sa.Column('workspace_id', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['campaign_id'], ['campaigns.id'], name=op.f('fk_campaign_devices_campaign_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['device_id'], ['user_devices.id'], name=op.f('fk_campaign_devices_device_id')),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspaces.id'], name=op.f('fk_campaign_devices_workspace_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('campaign_id', 'device_id', name=op.f('pk_campaign_devices'))
    )
    op.create_index(op.f('ix_campaign_devices_device_id'), 'campaign_devices', ['device_id'], unique=False)
    op.create_table('consents',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column('contact_id', sa.BigInteger(), nullable=False),
    sa.Column('state', sa.Enum('opted_in', 'opted_out', name='consentstate', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('source', sa.Enum('web_form', 'event', 'purchase', 'wrote_first', 'manual', 'stop_word', 'start_word', name='consentsource', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('evidence', sa.Text(), nullable=False),
    sa.Column('recorded_at', postgresql.TIMESTAMP(timezone=True), nullable=False),
    sa.Column('recorded_by', sa.BigInteger(), nullable=True),
    sa.Column('workspace_id', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['contact_id'], ['contacts.id'], name=op.f('fk_consents_contact_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['recorded_by'], ['operators.id'], name=op.f('fk_consents_recorded_by')),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspaces.id'], name=op.f('fk_consents_workspace_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_consents'))
    )
    op.create_index(op.f('ix_consents_contact_id'), 'consents', ['contact_id'], unique=False)
    op.create_table('inbound_messages',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column('device_id', sa.BigInteger(), nullable=False),
    sa.Column('contact_id', sa.BigInteger(), nullable=True),
    sa.Column('phone', sa.Text(), nullable=False),
    sa.Column('provider_message_id', sa.Text(), nullable=False),
    sa.Column('body', sa.Text(), nullable=False),
    sa.Column('received_at', postgresql.TIMESTAMP(timezone=True), nullable=False),
    sa.Column('workspace_id', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['contact_id'], ['contacts.id'], name=op.f('fk_inbound_messages_contact_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['device_id'], ['user_devices.id'], name=op.f('fk_inbound_messages_device_id')),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspaces.id'], name=op.f('fk_inbound_messages_workspace_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_inbound_messages')),
    sa.UniqueConstraint('device_id', 'provider_message_id', name=op.f('uq_inbound_messages_device_id_provider_message_id'))
    )
    op.create_index(op.f('ix_inbound_messages_contact_id'), 'inbound_messages', ['contact_id'], unique=False)
    op.create_table('leads',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column('contact_id', sa.BigInteger(), nullable=False),
    sa.Column('niche', sa.Text(), nullable=False),
    sa.Column('status', sa.Enum('prospect', 'customer', name='leadstatus', native_enum=False, create_constraint=True, length=32), server_default='prospect', nullable=False),
    sa.Column('created_at', postgresql.TIMESTAMP(timezone=True), server_default=sa.text('clock_timestamp()'), nullable=False),
    sa.Column('workspace_id', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['contact_id'], ['contacts.id'], name=op.f('fk_leads_contact_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspaces.id'], name=op.f('fk_leads_workspace_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_leads'))
    )
    op.create_index('ix_leads_niche', 'leads', ['workspace_id', sa.literal_column('lower(niche)')], unique=False)
    op.create_index('uq_leads_contact_niche', 'leads', ['contact_id', sa.literal_column('lower(niche)')], unique=True)
    op.create_table('list_members',
    sa.Column('list_id', sa.BigInteger(), nullable=False),
    sa.Column('contact_id', sa.BigInteger(), nullable=False),
    sa.Column('workspace_id', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['contact_id'], ['contacts.id'], name=op.f('fk_list_members_contact_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['list_id'], ['lists.id'], name=op.f('fk_list_members_list_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspaces.id'], name=op.f('fk_list_members_workspace_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('list_id', 'contact_id', name=op.f('pk_list_members'))
    )
    op.create_index(op.f('ix_list_members_contact_id'), 'list_members', ['contact_id'], unique=False)
    op.create_table('sequence_contacts',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column('sequence_id', sa.BigInteger(), nullable=False),
    sa.Column('contact_id', sa.BigInteger(), nullable=False),
    sa.Column('run_no', sa.BigInteger(), server_default='1', nullable=False),
    sa.Column('status', sa.Enum('active', 'paused', 'completed', 'exited', name='enrolmentstatus', native_enum=False, create_constraint=True, length=32), server_default='active', nullable=False),
    sa.Column('joined_at', postgresql.TIMESTAMP(timezone=True), nullable=False),
    sa.Column('anchor_date', sa.Date(), nullable=False),
    sa.Column('time_zone', sa.Text(), nullable=False),
    sa.Column('next_step_id', sa.BigInteger(), nullable=True),
    sa.Column('next_due_at', postgresql.TIMESTAMP(timezone=True), nullable=True),
    sa.Column('last_day_number', sa.BigInteger(), nullable=True),
    sa.Column('last_minute', sa.BigInteger(), nullable=True),
    sa.Column('reached_day', sa.BigInteger(), nullable=True),
    sa.Column('reached_on', sa.Date(), nullable=True),
    sa.Column('device_id', sa.BigInteger(), nullable=False),
    sa.Column('exit_reason', sa.Text(), nullable=True),
    sa.Column('ended_at', postgresql.TIMESTAMP(timezone=True), nullable=True),
    sa.Column('workspace_id', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['contact_id'], ['contacts.id'], name=op.f('fk_sequence_contacts_contact_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['device_id'], ['user_devices.id'], name=op.f('fk_sequence_contacts_device_id')),
    sa.ForeignKeyConstraint(['next_step_id'], ['sequence_steps.id'], name=op.f('fk_sequence_contacts_next_step_id')),
    sa.ForeignKeyConstraint(['sequence_id'], ['sequences.id'], name=op.f('fk_sequence_contacts_sequence_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspaces.id'], name=op.f('fk_sequence_contacts_workspace_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sequence_contacts')),
    sa.UniqueConstraint('sequence_id', 'contact_id', 'run_no', name=op.f('uq_sequence_contacts_sequence_id_contact_id_run_no'))
    )
    op.create_index('ix_sequence_contacts_contact_id', 'sequence_contacts', ['contact_id'], unique=False)
    op.create_index('ix_sequence_contacts_due', 'sequence_contacts', ['next_due_at'], unique=False, postgresql_where=sa.text("status = 'active' AND next_due_at IS NOT NULL"))
    op.create_index('ix_sequence_contacts_next_step_id', 'sequence_contacts', ['next_step_id'], unique=False)
    op.create_index('uq_sequence_contacts_open', 'sequence_contacts', ['sequence_id', 'contact_id'], unique=True, postgresql_where=sa.text("status IN ('active', 'paused')"))
    op.create_table('broadcast_messages',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column('lane', sa.Enum('reply', 'test', 'sequence', 'campaign', name='lane'), nullable=False),
    sa.Column('campaign_id', sa.BigInteger(), nullable=True),
    sa.Column('enrolment_id', sa.BigInteger(), nullable=True),
    sa.Column('step_id', sa.BigInteger(), nullable=True),
    sa.Column('contact_id', sa.BigInteger(), nullable=False),
    sa.Column('device_id', sa.BigInteger(), nullable=False),
    sa.Column('status', sa.Enum('pending', 'processing', 'sent', 'failed', 'skipped', 'unknown', 'cancelled', name='messagestatus', native_enum=False, create_constraint=True, length=32), server_default='pending', nullable=False),
    sa.Column('due_at', postgresql.TIMESTAMP(timezone=True), nullable=False),
    sa.Column('expires_at', postgresql.TIMESTAMP(timezone=True), nullable=True),
    sa.Column('claimed_at', postgresql.TIMESTAMP(timezone=True), nullable=True),
    sa.Column('claim_epoch', sa.BigInteger(), nullable=True),
    sa.Column('attempts', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('error_code', sa.Text(), nullable=True),
    sa.Column('error', sa.Text(), nullable=True),
    sa.Column('body', sa.Text(), nullable=True),
    sa.Column('sent_at', postgresql.TIMESTAMP(timezone=True), nullable=True),
    sa.Column('created_at', postgresql.TIMESTAMP(timezone=True), server_default=sa.text('clock_timestamp()'), nullable=False),
    sa.Column('workspace_id', sa.BigInteger(), nullable=False),
    sa.CheckConstraint("(lane = 'campaign') = (campaign_id IS NOT NULL)", name=op.f('ck_broadcast_messages_of_a_campaign')),
    sa.CheckConstraint("(lane = 'sequence') = (enrolment_id IS NOT NULL)", name=op.f('ck_broadcast_messages_of_an_enrolment')),
    sa.CheckConstraint("(status = 'pending') = (claimed_at IS NULL)", name=op.f('ck_broadcast_messages_claimed')),
    sa.CheckConstraint('(enrolment_id IS NULL) = (step_id IS NULL)', name=op.f('ck_broadcast_messages_of_a_step')),
    sa.ForeignKeyConstraint(['campaign_id'], ['campaigns.id'], name=op.f('fk_broadcast_messages_campaign_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['contact_id'], ['contacts.id'], name=op.f('fk_broadcast_messages_contact_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['device_id'], ['user_devices.id'], name=op.f('fk_broadcast_messages_device_id')),
    sa.ForeignKeyConstraint(['enrolment_id'], ['sequence_contacts.id'], name=op.f('fk_broadcast_messages_enrolment_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['step_id'], ['sequence_steps.id'], name=op.f('fk_broadcast_messages_step_id')),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspaces.id'], name=op.f('fk_broadcast_messages_workspace_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_broadcast_messages')),
    sa.UniqueConstraint('campaign_id', 'contact_id', name=op.f('uq_broadcast_messages_campaign_id_contact_id')),
    sa.UniqueConstraint('enrolment_id', 'step_id', name=op.f('uq_broadcast_messages_enrolment_id_step_id')),
    postgresql_with={'fillfactor': '50'}
    )
    op.create_index('ix_broadcast_messages_ready', 'broadcast_messages', ['device_id', 'lane', 'due_at', 'id'], unique=False, postgresql_where=sa.text('claimed_at IS NULL'))
    op.create_index('ix_broadcast_messages_ready_contact', 'broadcast_messages', ['contact_id'], unique=False, postgresql_where=sa.text('claimed_at IS NULL'))
    op.create_index('ix_broadcast_messages_step_id', 'broadcast_messages', ['step_id'], unique=False)
    op.create_table('deliveries',
    sa.Column('message_id', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('device_id', sa.BigInteger(), nullable=False),
    sa.Column('provider_message_id', sa.Text(), nullable=False),
    sa.Column('delivered_at', postgresql.TIMESTAMP(timezone=True), nullable=True),
    sa.Column('read_at', postgresql.TIMESTAMP(timezone=True), nullable=True),
    sa.Column('workspace_id', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['device_id'], ['user_devices.id'], name=op.f('fk_deliveries_device_id')),
    sa.ForeignKeyConstraint(['message_id'], ['broadcast_messages.id'], name=op.f('fk_deliveries_message_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspaces.id'], name=op.f('fk_deliveries_workspace_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('message_id', name=op.f('pk_deliveries')),
    sa.UniqueConstraint('device_id', 'provider_message_id', name=op.f('uq_deliveries_device_id_provider_message_id'))
    )
    for statement in NOTIFY_FUNCTIONS.strip().split(";\n\n"):
        op.execute(statement)
    for statement in NOTIFY_TRIGGERS:
        op.execute(statement)


def downgrade() -> None:
    for table in (
        "deliveries", "broadcast_messages", "sequence_contacts", "list_members", "leads",
        "inbound_messages", "consents", "campaign_devices", "sequence_steps",
        "sequence_devices", "contacts", "campaigns", "user_devices", "suppressions",
        "sequences", "memberships", "media", "lists", "invites", "audit_log", "api_tokens",
        "alerts", "workspaces", "operators", "engines", "dialog_states", "clock",
    ):
        op.drop_table(table)
    op.execute("DROP FUNCTION notify_queue()")
    op.execute("DROP FUNCTION notify_channel()")
    op.execute("DROP TYPE lane")
