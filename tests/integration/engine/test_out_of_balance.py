"""What each test of the engine ends with sees whatever is wrong."""

import pytest
from sqlalchemy import text

from tests.conftest import EMPTY
from tests.integration.engine.world import World, at

LIST = """
INSERT INTO lists (workspace_id, name) SELECT workspace_id, 'People' FROM contacts LIMIT 1;
INSERT INTO list_members (workspace_id, list_id, contact_id)
SELECT c.workspace_id, l.id, c.id FROM contacts c, lists l
"""
CONSENT = """
INSERT INTO consents (workspace_id, contact_id, state, source, evidence, recorded_at)
SELECT workspace_id, id, 'opted_in', 'manual', '', now() FROM contacts
"""
LEAD = """
INSERT INTO leads (workspace_id, contact_id, niche, status) SELECT workspace_id, 99, 'Yoga', 'prospect' FROM contacts
 LIMIT 1
"""


@pytest.mark.parametrize(
    ("statements", "wrong"),
    [
        ("UPDATE sequence_contacts SET next_due_at = now(), status = 'active'", "waits for nothing, or for two"),
        ("UPDATE sequence_contacts SET status = 'completed'", "waits for nothing, or for two"),
        (LEAD, "leads of no contact"),
        (f"{CONSENT}; UPDATE consents SET contact_id = 99", "consents of no contact"),
        (f"{LIST}; UPDATE list_members SET contact_id = 99 WHERE contact_id = 1", "list_members of no contact"),
        (f"{LIST}; UPDATE list_members SET list_id = 99", "list_members of no list"),
        ("UPDATE user_devices SET in_flight_message_id = 4711, in_flight_since = now()", "in flight, but on no"),
        ("DELETE FROM queue", "waits, but not in the queue"),
        ("UPDATE queue SET message_id = 4711 WHERE message_id = 1", "waits, but not in the queue"),
        ("UPDATE messages SET outcome = 'sent'", "sent without a delivery"),
        ("UPDATE messages SET outcome = 'unknown'", "unknown, and nobody is asked"),
    ],
)
async def test_what_must_never_be_is_seen(world: World, statements: str, wrong: str) -> None:
    await world.running(people=2)
    await world.move_to(at(5, 11))
    await world.assert_books_balance()
    async with world.database.transaction() as session:
        await session.execute(text("SET LOCAL session_replication_role = replica"))
        for statement in statements.split(";"):
            await session.execute(text(statement))
    with pytest.raises(AssertionError, match=wrong):
        await world.assert_books_balance()
    async with world.database.transaction() as session:
        await session.execute(text(EMPTY))
