"""A running sequence of three days with two people, on a device that an engine works; Monday, 10:00."""

from datetime import time

import pytest
from sqlalchemy import text

from engine.contacts.importing import ContactImports
from engine.devices.registry import Devices
from engine.sequences.control import SequenceControl
from engine.sequences.editor import SequenceEditor
from engine.sequences.enrolment import Enrolments, Who
from engine.sequences.steps import NewStep
from models.enums import ConsentSource
from tests.imports import bring_in


@pytest.fixture
async def running(container, database, owner) -> int:
    device = await (await container.get(Devices)).add_simulated(owner, "Sales-2")
    imports = await container.get(ContactImports)
    csv = b"phone,name,interest\n+15550100001,Ann,Solar\n+15550100002,Ben,\n"
    await bring_in(imports, owner, csv, "expo.csv", source=ConsentSource.EVENT)
    editor = await container.get(SequenceEditor)
    sequence = await editor.create(owner, name="Welcome", device_ids=[device], niche=None, skip_weekends=False)
    steps = [NewStep(day, time(11), None, f"text of {day}") for day in (1, 2, 3)]
    await editor.add_steps(owner, sequence, steps)
    await (await container.get(SequenceControl)).start(owner, sequence)
    await (await container.get(Enrolments)).join(owner, sequence, Who(everyone=True))
    async with database.transaction() as session:
        await session.execute(text("INSERT INTO engines (host, pid) VALUES ('here', 1)"))
        await session.execute(text("UPDATE user_devices SET state = 'online', owner = (SELECT id FROM engines)"))
    return sequence
