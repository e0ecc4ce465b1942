"""The builder, opened at a sequence of the owner's team."""

from datetime import time

import pytest

from engine.contacts.importing import ContactImports
from engine.devices.registry import Devices
from engine.sequences.catalogue import SequenceCatalogue
from engine.sequences.control import SequenceControl
from engine.sequences.editor import SequenceEditor
from engine.sequences.enrolment import Enrolments, Who
from engine.sequences.steps import NewStep
from models.enums import ConsentSource
from tests.imports import bring_in


@pytest.fixture
async def catalogue(container) -> SequenceCatalogue:
    return await container.get(SequenceCatalogue)


@pytest.fixture
async def editor(container) -> SequenceEditor:
    return await container.get(SequenceEditor)


@pytest.fixture
async def sequence_id(container, editor, owner) -> int:
    device = await (await container.get(Devices)).add_simulated(owner, "Sales-1")
    return await editor.create(owner, name="Welcome", device_ids=[device], niche=None, skip_weekends=False)


@pytest.fixture
async def builder(chat, sequence_id):
    """The owner's chat at the messages of a new sequence."""
    await chat.press("✉️ Sequences")
    await chat.press("Drafts")
    await chat.press("Welcome · 0")
    await chat.press("✉️ Messages")
    return chat


@pytest.fixture
async def steps(catalogue, owner, sequence_id):
    async def read() -> list[tuple[str, str]]:
        return [(step.header, step.body) for step in (await catalogue.card(owner, sequence_id)).steps]

    return read


@pytest.fixture
async def running(container, editor, owner, sequence_id) -> int:
    """The same sequence with three messages, active, and three people who wait for the first."""
    imports, control = await container.get(ContactImports), await container.get(SequenceControl)
    csv = b"phone,name\n+15550100001,Ann\n+15550100002,Ben\n+15550100003,Cho\n"
    await bring_in(imports, owner, csv, "three.csv", source=ConsentSource.WEB_FORM)
    steps = [NewStep(day, time(9), None, f"Text {day}") for day in (1, 2, 4)]
    await editor.add_steps(owner, sequence_id, steps)
    await (await container.get(Enrolments)).join(owner, sequence_id, Who(everyone=True))
    await control.start(owner, sequence_id)
    return sequence_id


@pytest.fixture
async def flight(chat, running):
    """The owner's chat at the messages of the sequence that runs."""
    await chat.press("✉️ Sequences")
    await chat.press("Welcome · 3")
    await chat.press("✉️ Messages")
    return chat
