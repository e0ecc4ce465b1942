"""Sets the stage: two teams with their devices, people and sequences, as the plan has them."""

from zoneinfo import ZoneInfo

from sqlalchemy import null, text, update

from engine.actor import Actor
from engine.clock import ManualClock
from engine.database import Database
from engine.sequences.steps import NewStep
from models import Sequence as SequenceRow
from models import UserDevice, Workspace
from models.enums import DeviceState, Face, Role, SequenceStatus, TransportKind
from tests.integration.engine.world import World
from tests.simulation.quarter.fleet import Fleet
from tests.simulation.quarter.plan import SEQUENCES, TEAMS, Plan, TeamPlan
from tests.simulation.quarter.record import Device, Person, Record, Sequence, Step, Team
from tests.simulation.quarter.stage import Stage

SHORTEST, LONGEST = 300.0, 2400.0  # seconds between two sends of a device
HOURLY_CAP, DAILY_CAP = 1, 12
ENGINES = 2

PEOPLE = """
INSERT INTO contacts (workspace_id, phone, name, time_zone, consent)
SELECT :team, '+49151' || lpad(n::text, 7, '0'), 'Person ' || n, zone, 'opted_in'
  FROM unnest(CAST(:numbers AS bigint[]), CAST(:zones AS text[])) AS v(n, zone)
RETURNING id, phone, name, time_zone
"""


async def set_stage(database: Database, plan: Plan) -> Stage:
    clock = ManualClock(plan.begins)
    record = Record()
    actors: dict[int, Actor] = {}
    first = 0
    for number, team_plan in enumerate(TEAMS):
        team = await _team(database, team_plan, number)
        actors[team.id] = Actor(team.id, Role.OWNER, Face.MENU)
        record.teams.append(team)
        await _devices(database, record, team, team_plan.devices)
        numbers = range(first, first + team_plan.people)
        await _people(database, record, team, numbers, [plan.zones[one] for one in numbers])
        first += team_plan.people
    world = World(database, clock, actors[record.teams[0].id])
    fleet = Fleet(database, clock, record, plan.seed)
    await fleet.start(ENGINES)
    stage = Stage(world, fleet, record, actors)
    for number in range(len(SEQUENCES)):
        await _sequence(stage, number)
    return stage


async def _team(database: Database, planned: TeamPlan, number: int) -> Team:
    quiet = planned.quiet
    workspace = Workspace(
        name=f"Team {number}",
        country=planned.country,
        time_zone=planned.zone,
        rest_days=sorted(planned.rest),
        quiet_start=quiet and quiet.start,
        quiet_end=quiet and quiet.end,
        frequency_cap=null(),  # people are in several sequences, and the plan says when each of their messages goes
    )
    async with database.transaction() as session:
        session.add(workspace)
    return Team(workspace.id, planned.country, ZoneInfo(planned.zone), planned.rest, quiet)


async def _devices(database: Database, record: Record, team: Team, count: int) -> None:
    """Every fifth may send a few an hour, every seventh a few a day."""
    rows = [
        UserDevice(
            workspace_id=team.id,
            name=f"Device {number}",
            transport=TransportKind.SIMULATOR,
            state=DeviceState.ONLINE,
            min_delay_seconds=SHORTEST,
            max_delay_seconds=LONGEST,
            hourly_cap=None if number % 5 else HOURLY_CAP,
            daily_cap=None if number % 7 else DAILY_CAP,
        )
        for number in range(1, count + 1)
    ]
    async with database.transaction() as session:
        session.add_all(rows)
    for row in rows:
        record.devices[row.id] = Device(row.id, team, SHORTEST, row.hourly_cap, row.daily_cap)


async def _people(database: Database, record: Record, team: Team, numbers: range, zones: list[str]) -> None:
    about = {"team": team.id, "numbers": list(numbers), "zones": zones}
    async with database.transaction() as session:
        rows = (await session.execute(text(PEOPLE), about)).all()
    for row in sorted(rows, key=lambda row: row.phone):
        record.people[row.id] = Person(row.id, team, row.phone, row.name, ZoneInfo(row.time_zone))


async def _sequence(stage: Stage, number: int) -> None:
    planned, record, editor = SEQUENCES[number], stage.record, stage.world.editor
    team = record.teams[planned.team]
    actor = stage.actor(team)
    devices = [device.id for device in record.devices.values() if device.team is team]
    sequence_id = await editor.create(
        actor,
        name=f"Sequence {number}",
        device_ids=devices,
        niche=None,
        skip_weekends=planned.skip_rest,
    )
    sequence = Sequence(
        sequence_id,
        team,
        team.zone,
        planned.own_zones,
        planned.policy,
        planned.late_window,
        planned.skip_rest,
        planned.skip_holidays,
    )
    bodies = [f"{{{{ name }}}}, step {place} of sequence {number}" for place in range(len(planned.steps))]
    new = [
        NewStep(moment.day, moment.at, moment.after, body)
        for moment, body in zip(planned.steps, bodies, strict=True)
    ]
    ids = await editor.add_steps(actor, sequence_id, new)
    now = stage.world.clock.now()
    for step_id, moment, body in zip(ids, planned.steps, bodies, strict=True):
        sequence.steps[step_id] = Step(step_id, moment, body, now, sequence.days)
    settings = {
        "status": SequenceStatus.ACTIVE,
        "missed_policy": planned.policy,
        "late_window_minutes": planned.late_window,
        "skip_holidays": planned.skip_holidays,
        "use_contact_time_zone": planned.own_zones,
    }
    async with stage.world.database.transaction() as session:
        await session.execute(update(SequenceRow).where(SequenceRow.id == sequence_id).values(settings))
    record.sequences.append(sequence)
