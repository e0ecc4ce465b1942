"""A team at its planned size in an empty database, for benches to work on."""

from datetime import UTC, datetime

from sqlalchemy import text

from engine.database import Database

NOW = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)  # 09:00 in Kuala Lumpur: the sequence's first message is due

CLEAN = "TRUNCATE workspaces, operators, engines, queue RESTART IDENTITY CASCADE"
TEAM = """
INSERT INTO workspaces (name, country, time_zone) VALUES ('bench', 'MY', 'Asia/Kuala_Lumpur');
INSERT INTO user_devices (workspace_id, name, transport, state, min_delay_seconds, max_delay_seconds)
SELECT 1, 'device ' || n, 'simulator', 'online', 0, 0 FROM generate_series(1, {devices}) n;
INSERT INTO contacts (workspace_id, phone, name, consent)
SELECT 1, '+1555' || lpad(n::text, 7, '0'), 'Person ' || n, 'opted_in' FROM generate_series(1, {people}) n
"""
CAMPAIGN = """
INSERT INTO campaigns (workspace_id, name, body, status, scheduled_at)
VALUES (1, 'bench', 'Hi {{{{ name }}}}, here is the price list you asked for.', 'running', '{now}');
INSERT INTO messages (workspace_id, lane, campaign_id, contact_id, device_id, due_at)
SELECT 1, 'campaign', (SELECT max(id) FROM campaigns), id, 1 + id % {devices}, '{now}' FROM contacts ORDER BY id
"""
TESTS = """
INSERT INTO messages (workspace_id, lane, contact_id, device_id, due_at, body)
SELECT 1, 'test', id, 1 + id % {devices}, '{now}', 'Hi' FROM contacts ORDER BY id
"""
SEQUENCE = """
INSERT INTO sequences (workspace_id, name, status, time_zone) VALUES (1, 'bench', 'active', 'Asia/Kuala_Lumpur');
INSERT INTO sequence_steps (workspace_id, sequence_id, day_number, send_time, body)
SELECT 1, 1, n, '09:00', 'Hi {{{{ name }}}}, welcome to day ' || n || ' of our studio!' FROM generate_series(1, 3) n;
INSERT INTO sequence_contacts
       (workspace_id, sequence_id, contact_id, joined_at, anchor_date, time_zone, next_step_id, next_due_at, device_id)
SELECT 1, 1, id, '{now}', '{now:%Y-%m-%d}', 'Asia/Kuala_Lumpur', 1, '{now}', 1 + id % {devices}
  FROM contacts ORDER BY id
"""


async def fill(database: Database, *, devices: int, people: int, work: str) -> None:
    """Begin afresh with so many devices and people, and with `work` (CAMPAIGN, TESTS or SEQUENCE) spread over them."""
    await run(database, CLEAN)
    for script in (TEAM, work):
        await run(database, script.format(devices=devices, people=people, now=NOW))


async def run(database: Database, script: str) -> None:
    """Run statements one by one, outside of a transaction: VACUUM wants it so."""
    async with database.engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        for statement in script.strip().split(";\n"):
            await connection.execute(text(statement))
