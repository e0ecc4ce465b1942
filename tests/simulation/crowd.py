"""A team, its devices, its people and its sequences: the work of a run."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from sqlalchemy import null, text

from engine.actor import Actor
from engine.clock import Clock
from engine.database import Database
from engine.sequences.control import SequenceControl
from engine.sequences.editor import SequenceEditor
from engine.sequences.enrolment import Enrolments
from engine.sequences.steps import NewStep
from models import UserDevice, Workspace
from models.enums import Face, Role, TransportKind
from tests.simulation.plan import Size

PEOPLE = """
INSERT INTO contacts (workspace_id, phone, name, consent)
SELECT :workspace_id, '+6012' || lpad(n::text, 7, '0'), 'Person ' || n, 'opted_in'
  FROM generate_series(CAST(:first AS int), CAST(:last AS int)) n
RETURNING id, phone
"""


@dataclass
class Crowd:
    """Everybody is in one sequence and gets each of its steps once."""

    database: Database
    clock: Clock
    actor: Actor
    devices: list[int] = field(default_factory=list)
    sequences: list[int] = field(default_factory=list)
    steps: dict[int, list[int]] = field(default_factory=dict)  # by sequence
    people: dict[int, dict[int, str]] = field(default_factory=dict)  # by sequence: phones by contact

    @classmethod
    async def gather(cls, database: Database, clock: Clock, size: Size) -> "Crowd":
        async with database.transaction() as session:
            workspace = Workspace(name="Chaos", country="MY", time_zone="Asia/Kuala_Lumpur", frequency_cap=null())
            session.add(workspace)
            await session.flush()
            actor = Actor(workspace.id, Role.OWNER, Face.CLI)
            devices = [_device(workspace.id, number, size) for number in range(size.devices)]
            session.add_all(devices)
        crowd = cls(database, clock, actor, [device.id for device in devices])
        each = size.messages // size.steps // max(1, size.sequences)
        for number in range(size.sequences):
            await crowd._add_sequence(number, size.steps, first=number * each, people=each)
        return crowd

    @property
    def expected(self) -> set[tuple[str, int]]:
        """A phone and a step."""
        return {
            (phone, step)
            for sequence, people in self.people.items()
            for phone in people.values()
            for step in self.steps[sequence]
        }

    async def join(self) -> None:
        """Everybody joins now; the first step of all is due at once."""
        enrolments = Enrolments(self.database, self.clock)
        for sequence, people in self.people.items():
            await enrolments.join_contacts(self.actor, sequence, list(people))

    async def _add_sequence(self, number: int, steps: int, *, first: int, people: int) -> None:
        editor = SequenceEditor(self.database, self.clock)
        sequence = await editor.create(
            self.actor,
            name=f"Sequence {number + 1}",
            device_ids=self.devices,
            niche=None,
            skip_weekends=False,
        )
        messages = [NewStep(1, None, minutes, f"{minutes}: dear {{{{ name }}}}") for minutes in range(steps)]
        self.steps[sequence] = await editor.add_steps(self.actor, sequence, messages)
        self.sequences.append(sequence)
        await SequenceControl(self.database, self.clock).start(self.actor, sequence)
        about = {"workspace_id": self.actor.workspace_id, "first": first, "last": first + people - 1}
        async with self.database.transaction() as session:
            rows = await session.execute(text(PEOPLE), about)
            self.people[sequence] = {row.id: row.phone for row in rows}


def _device(workspace_id: int, number: int, size: Size) -> UserDevice:
    return UserDevice(
        workspace_id=workspace_id,
        name=f"Device {number + 1}",
        transport=TransportKind.SIMULATOR,
        min_delay_seconds=size.min_delay,
        max_delay_seconds=size.max_delay,
    )


def latencies(devices: Sequence[int], seed: int) -> dict[int, int]:
    """How many milliseconds each device's network takes: long enough to be hit by a fault on the way."""
    random = Random(seed)
    return {device: random.randint(20, 200) for device in devices}
