"""One person's story, clean as it stands: the audit's own tests spoil it."""

from dataclasses import replace
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from models.enums import EnrolmentStatus, MissedPolicy
from tests.simulation.quarter.almanac import Moment, Quiet
from tests.simulation.quarter.audit import audit_sends
from tests.simulation.quarter.record import Attempt, Device, Fate, Known, Person, Record, Run, Sequence, Step, Team
from tests.simulation.quarter.rest import Rest, RunRow, StepBooks, audit_rest

BERLIN = ZoneInfo("Europe/Berlin")
BEGAN = datetime(2026, 3, 26, tzinfo=UTC)  # Thursday; the clocks go forward on Sunday
EVENING = datetime(2026, 3, 27, 20, tzinfo=UTC)
FRIDAY = date(2026, 3, 27)


def local(day: int, hour: int, minute: int = 0) -> datetime:
    """An instant of March 2026 in Berlin."""
    return datetime(2026, 3, day, hour, minute, tzinfo=BERLIN)


class Story:
    """One person joins on Thursday evening and has Day 1 on Friday at 9:00 and 14:00; Day 2 is to come on Monday."""

    def __init__(self) -> None:
        team = Team(1, "DE", BERLIN, frozenset({6, 7}), Quiet(time(21), time(8)))
        self.device = Device(5, team, min_delay=60)
        self.sequence = Sequence(
            3, team, BERLIN, own_zones=True, policy=MissedPolicy.SHIFT, late_window=720, skip_rest=True,
            skip_holidays=True,
        )  # fmt: skip
        moments = [Moment(1, time(9)), Moment(1, time(14)), Moment(2, time(9))]
        for number, moment in enumerate(moments, 1):
            self.sequence.steps[number] = Step(
                number, moment, f"{{{{ name }}}}, {number}", BEGAN, self.sequence.days
            )
        person = Person(8, team, "+491510000001", "Person 1", BERLIN)
        self.run = Run(9, self.sequence, person, BERLIN, local(26, 19), FRIDAY)
        self.record = Record([team], {5: self.device}, [self.sequence], {8: person}, {9: self.run})
        self.sends = [self.send(1, local(27, 9)), self.send(2, local(27, 14))]

    def send(self, step: int, at: datetime, message: int | None = None, fate: Fate = Fate.SENT) -> Attempt:
        known = Known(self.run, step, self.run.person)
        message = message or 100 + step
        self.record.messages[message] = known
        attempt = Attempt(
            at=at.astimezone(UTC),
            device=self.device,
            message=message,
            epoch=self.device.epoch,
            body=f"Person 1, {step}",
            to=self.run.person,
            run=self.run,
            step=step,
            stood=self.record.stood(message, known),
            forbidden=self.record.forbidden(known, self.device),
            current_epoch=self.device.epoch,
            min_delay=self.device.min_delay,
            hourly_cap=self.device.hourly_cap,
            daily_cap=self.device.daily_cap,
            fate=fate,
        )
        self.record.begun(attempt)
        self.record.ended(attempt, attempt.at)
        self.record.outcomes[message] = "sent"
        return attempt

    def row(self) -> RunRow:
        return RunRow(
            9, EnrolmentStatus.ACTIVE, self.run.joined_at, FRIDAY, self.run.place, 3, local(30, 9), None,
            frozenset(self.run.had),
        )  # fmt: skip

    def rest(self, **changed: object) -> Rest:
        books = [StepBooks(step, 1, 0, {"sent": 1}) for step in (1, 2)]
        counts = {(1, "sent"): 1, (2, "sent"): 1}
        return replace(Rest(EVENING, [self.row()], books, counts, {}), **changed)

    def broken(self) -> set[str]:
        return {violation.rule for violation in audit_sends(self.record, BEGAN)}

    def broken_at_rest(self, **changed: object) -> set[str]:
        return {violation.rule for violation in audit_rest(self.record, self.rest(**changed))}

    def waiting(self, **changed: object) -> set[str]:
        return self.broken_at_rest(runs=[replace(self.row(), **changed)])


def stop(story: Story) -> None:
    story.device.team.stopped = True


def pause_device(story: Story) -> None:
    story.device.paused = True


def pause_sequence(story: Story) -> None:
    story.sequence.paused = True


def pause_run(story: Story) -> None:
    story.run.paused = True


def opt_out(story: Story) -> None:
    story.run.person.opted_out = True


def end_run(story: Story) -> None:
    story.run.over = "not on WhatsApp"
