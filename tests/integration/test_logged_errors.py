"""What an error of the database leaves in the log: which statement failed and why, and nobody's number or words."""

import traceback

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from engine.actor import Actor
from engine.database import Database
from engine.logs import redact

WRITE = "INSERT INTO contacts (workspace_id, phone, name) VALUES (:workspace, :phone, :name)"
WRITE_ODD = "INSERT INTO contacts (workspace_id, phone, name, consent) VALUES (:workspace, :phone, :name, 'odd')"


async def write(database: Database, statement: str, values: dict[str, object]) -> None:
    async with database.transaction() as session:
        await session.execute(text(statement), values)


@pytest.mark.parametrize(
    ("statement", "cause"), [(WRITE, "uq_contacts_workspace_id_phone"), (WRITE_ODD, "ck_contacts_")]
)
async def test_a_row_that_is_not_taken_is_not_in_the_log(
    database: Database, owner: Actor, statement: str, cause: str
) -> None:
    values = {"workspace": owner.workspace_id, "phone": "+60123456789", "name": "Aisyah\n\nbinti Ali"}
    await write(database, WRITE, values)
    with pytest.raises(IntegrityError) as failed:
        await write(database, statement, values)
    logged = redact("".join(traceback.format_exception(failed.value)))
    assert cause in logged
    assert "INSERT INTO contacts" in logged
    for private in ("60123456789", "Aisyah", "binti Ali"):
        assert private not in logged
