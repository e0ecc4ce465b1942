"""What was learned about numbers, in the database."""

from collections.abc import Mapping, Sequence

from engine.database import Database

WITHIN = 5.0  # machine seconds: a send waits for it

# Who has no WhatsApp today may have it next week.
KNOWN = """
SELECT phone, on_whatsapp FROM number_checks
 WHERE workspace_id = :workspace AND phone = ANY(CAST(:phones AS text[]))
   AND checked_at > clock_timestamp() - CASE WHEN on_whatsapp THEN interval '30 days' ELSE interval '3 days' END
"""
LEARN = """
INSERT INTO number_checks (workspace_id, phone, on_whatsapp)
SELECT :workspace, phone, on_whatsapp
  FROM unnest(CAST(:phones AS text[]), CAST(:on_whatsapp AS boolean[])) AS answer(phone, on_whatsapp)
 ORDER BY phone
    ON CONFLICT (workspace_id, phone)
    DO UPDATE SET on_whatsapp = excluded.on_whatsapp, checked_at = clock_timestamp()
"""
# A LID goes with the account, and an account may get another number.
LETS_GO = """
UPDATE contacts c SET lid = NULL
  FROM unnest(CAST(:phones AS text[]), CAST(:lids AS text[])) AS learned(phone, lid)
 WHERE c.workspace_id = :workspace AND c.lid = learned.lid AND c.phone <> learned.phone
"""
GETS = """
UPDATE contacts c SET lid = learned.lid
  FROM unnest(CAST(:phones AS text[]), CAST(:lids AS text[])) AS learned(phone, lid)
 WHERE c.workspace_id = :workspace AND c.phone = learned.phone AND c.lid IS DISTINCT FROM learned.lid
"""


class NumberStore:
    def __init__(self, database: Database) -> None:
        self._database = database.within(WITHIN)

    async def known(self, workspace_id: int, phones: Sequence[str]) -> Mapping[str, bool]:
        async with self._database.transaction() as session:
            rows = await session.rows(KNOWN, {"workspace": workspace_id, "phones": list(phones)})
        return {row.phone: row.on_whatsapp for row in rows}

    async def learn(self, workspace_id: int, on_whatsapp: Mapping[str, bool], lids: Mapping[str, str]) -> None:
        answers = {"phones": list(on_whatsapp), "on_whatsapp": list(on_whatsapp.values())}
        learned = {"phones": list(lids), "lids": list(lids.values())}
        async with self._database.transaction() as session:
            await session.rows(LEARN, {"workspace": workspace_id, **answers})
            if lids:
                await session.rows(LETS_GO, {"workspace": workspace_id, **learned})
                await session.rows(GETS, {"workspace": workspace_id, **learned})
