"""Problems as rows: a signal opens, repeats or resolves an alert; an operator acknowledges it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from engine.actor import Actor
from engine.clock import Clock
from engine.database import Database
from engine.devices.health import LOGGED_OUT_AFTER
from engine.devices.timeline import note_signals
from engine.errors import NotFoundError
from engine.signals import (
    DeviceBack,
    DeviceDown,
    DeviceFailing,
    DeviceLimited,
    DeviceSilent,
    DeviceWellAgain,
    NobodyWaiting,
    PeopleMoved,
    PeopleWaiting,
    PhoneAway,
    SendsFailed,
    SendsKnown,
    SendsUnknown,
    Signal,
    Trouble,
    WorkerRecovered,
    WorkerRestarted,
)
from engine.transactions import Transaction
from models import Alert
from models.enums import AlertKind, AlertStatus, DeviceState, Role

OPEN = """
INSERT INTO alerts (workspace_id, kind, subject, text, occurrences, first_at, last_at)
VALUES (:workspace_id, :kind, :subject, :text, greatest(1, CAST(:count AS int)), :now, :now)
    ON CONFLICT (workspace_id, kind, subject) WHERE status <> 'resolved'
    DO UPDATE SET text = excluded.text, occurrences = alerts.occurrences + CAST(:count AS int),
                  last_at = excluded.last_at, revision = alerts.revision + 1
       WHERE CAST(:count AS int) > 0 OR alerts.text <> excluded.text
"""

RESOLVE = """
UPDATE alerts SET status = 'resolved', resolved_at = :now, resolution = :text, revision = revision + 1
 WHERE workspace_id = :workspace_id AND kind = :kind AND subject = :subject AND status <> 'resolved'
"""

# Of one device: what it is about, or begins with it.
CLOSE = """
UPDATE alerts SET status = 'resolved', resolved_at = :now, resolution = :text, revision = revision + 1
 WHERE workspace_id = :workspace_id AND kind = ANY(CAST(:kinds AS text[])) AND status <> 'resolved'
   AND (subject = CAST(:subject AS text) OR starts_with(subject, CAST(:subject AS text) || ':'))
"""
ABOUT_ITS_LINE = (AlertKind.DEVICE_DOWN, AlertKind.WORKER_STUCK, AlertKind.DEVICE_TROUBLE)

OPEN_STATES = """
INSERT INTO alerts (workspace_id, kind, subject, text, first_at, last_at)
SELECT v.id, CAST(:kind AS text), CAST(:kind AS text), v.text, :now, :now
  FROM unnest(CAST(:ids AS bigint[]), CAST(:texts AS text[])) AS v(id, text)
    ON CONFLICT (workspace_id, kind, subject) WHERE status <> 'resolved'
    DO UPDATE SET text = excluded.text, last_at = excluded.last_at, revision = alerts.revision + 1
       WHERE alerts.text <> excluded.text
"""

LEAVE_STATES = """
UPDATE alerts SET status = 'resolved', resolved_at = :now, resolution = :resolution, revision = revision + 1
 WHERE kind = :kind AND status <> 'resolved' AND workspace_id <> ALL(CAST(:ids AS bigint[]))
"""
ENDED_BY_BEING_SEEN = {
    AlertKind.SEND_FAILED,
    AlertKind.SEND_UNKNOWN,
    AlertKind.PEOPLE_MOVED,
    AlertKind.CAMPAIGN_LATE,
}


FLEET = "fleet"  # the subject of what is wrong with all real devices at once


@dataclass(frozen=True, slots=True)
class Problem:
    kind: AlertKind
    subject: str
    text: str
    count: int = 1  # what it adds to the occurrences of an open alert


@dataclass(frozen=True, slots=True)
class Solution:
    kind: AlertKind
    subject: str
    text: str


def meaning(signal: Signal) -> Problem | Solution:
    """What a signal means to the operators."""
    subject = f"device:{signal.device_id}"
    match signal:
        case DeviceDown(state=DeviceState.OUTDATED):
            told = "WhatsApp does not accept this version of dripdesk any more, so no real device can send. "
            told += "Update dripdesk and start it again: the devices come back by themselves."
            return Problem(AlertKind.CLIENT_OUTDATED, FLEET, told, 0)
        case DeviceDown(device=name, state=state, reason=reason, wants_pairing=wants_pairing):
            told = f"{name} is not sending: {reason.rstrip('.') or state.replace('_', ' ')}."
            if state.is_terminal:
                mend = "Re-pair" if wants_pairing else "Restart"
                told += f" It comes back only when you say so: Devices → {name} → {mend}."
            return Problem(AlertKind.DEVICE_DOWN, subject, told)
        case DeviceBack(device=name):
            return Solution(AlertKind.DEVICE_DOWN, subject, f"{name} is online again.")
        case WorkerRestarted(device=name, reason=reason):
            told = f"{name} was stuck ({reason}) and has been restarted."
            return Problem(AlertKind.WORKER_STUCK, subject, told)
        case WorkerRecovered(device=name):
            return Solution(AlertKind.WORKER_STUCK, subject, f"{name} is sending again.")
        case DeviceFailing(device=name, reason=reason, count=count):
            told = f"{name}: the last {count} sends all failed, each to somebody else: {reason.rstrip('.')}."
            return Problem(AlertKind.DEVICE_TROUBLE, trouble_subject(signal.device_id, Trouble.FAILING), told)
        case DeviceSilent(device=name, count=count):
            told = f"{name} is connected, but no receipt came for its last {count} messages: look at its phone."
            return Problem(AlertKind.DEVICE_TROUBLE, trouble_subject(signal.device_id, Trouble.SILENT), told)
        case DeviceLimited(device=name, until=until):
            told = f"{name} may not write to new people until {until}: WhatsApp has limited it. Who has written "
            told += "to it gets answers; everybody else waits. Add consent, not speed, before you go on."
            return Problem(AlertKind.DEVICE_TROUBLE, trouble_subject(signal.device_id, Trouble.LIMITED), told)
        case PhoneAway(device=name, days=days):
            told = f"{name}: its own phone was not online for {days} days. WhatsApp logs the device out after "
            told += f"{LOGGED_OUT_AFTER.days}: switch the phone on and open WhatsApp."
            return Problem(AlertKind.DEVICE_TROUBLE, trouble_subject(signal.device_id, Trouble.PHONE_AWAY), told)
        case DeviceWellAgain(device=name, trouble=trouble):
            told = {
                Trouble.FAILING: f"A message of {name} has gone out again.",
                Trouble.SILENT: f"{name} gets receipts again.",
                Trouble.LIMITED: f"{name} may write to new people again.",
                Trouble.PHONE_AWAY: f"The phone of {name} was online again.",
            }[trouble]
            return Solution(AlertKind.DEVICE_TROUBLE, trouble_subject(signal.device_id, trouble), told)
        case SendsFailed(device=name, code=code, text=reason, count=count):
            told = f"Not sent from {name}: {reason.rstrip('.')}."
            return Problem(AlertKind.SEND_FAILED, f"{subject}:{code}", told, count)
        case SendsUnknown(device=name, text=reason, count=count):
            told = f"Not sure it arrived: {name}, {reason.rstrip('.')}. It will not be sent again by itself."
            return Problem(AlertKind.SEND_UNKNOWN, subject, f"{told} Decide at Home → Not sure.", count)
        case SendsKnown(device=name):
            return Solution(AlertKind.SEND_UNKNOWN, subject, f"Nothing that {name} sent is unsure any more.")
        case PeopleMoved(device=name, why=why, people=people, to=to):
            told = f"{name} {why}; {number_of_people(people)} moved to {_joined(to)}."
            return Problem(AlertKind.PEOPLE_MOVED, subject, told)
        case PeopleWaiting(device=name, why=why, people=people):
            wait = "waits" if people == 1 else "wait"
            told = f"{name} {why}; {number_of_people(people)} {wait} for it."
            return Problem(
                AlertKind.PEOPLE_WAITING, subject, f"{told} Choose at Devices → {name} → Move people.", 0
            )
        case NobodyWaiting(device=name):
            return Solution(
                AlertKind.PEOPLE_WAITING, subject, f"Nobody of {name} waits for another device any more."
            )
    raise TypeError(signal)


def trouble_subject(device_id: int, trouble: Trouble) -> str:
    return f"device:{device_id}:{trouble}"


def number_of_people(count: int) -> str:
    return f"{count:,} {'person' if count == 1 else 'people'}"


def _joined(names: Sequence[str]) -> str:
    return " and ".join(part for part in (", ".join(names[:-1]), *names[-1:]) if part)


async def raise_signals(transaction: Transaction, signals: Sequence[Signal], now: datetime) -> None:
    """Write what the signals mean, in the transaction in which they happened."""
    await note_signals(transaction, signals)
    for signal in signals:
        await tell(transaction, signal.workspace_id, meaning(signal), now)
        if isinstance(signal, DeviceBack):
            told = Solution(AlertKind.CLIENT_OUTDATED, FLEET, "WhatsApp accepts this version of dripdesk.")
            await tell(transaction, signal.workspace_id, told, now)


async def tell(transaction: Transaction, workspace_id: int, told: Problem | Solution, now: datetime) -> None:
    """Open or repeat the alert of a problem, or resolve it."""
    about = {
        "workspace_id": workspace_id,
        "kind": told.kind,
        "subject": told.subject,
        "text": told.text,
        "now": now,
    }
    match told:
        case Problem(count=count):
            await transaction.rows(OPEN, {**about, "count": count})
        case Solution():
            await transaction.rows(RESOLVE, about)


async def close_alerts(
    transaction: Transaction, workspace_id: int, device_id: int, words: str, now: datetime
) -> None:
    """Resolve what is told of the line of a device that is out of service: no worker of its own will."""
    about = {"workspace_id": workspace_id, "subject": f"device:{device_id}", "text": words, "now": now}
    await transaction.rows(CLOSE, {**about, "kinds": list(ABOUT_ITS_LINE)})


async def hold_state(
    transaction: Transaction, kind: AlertKind, texts: Mapping[int, str], resolution: str, now: datetime
) -> None:
    """Make the open alerts of a kind say which workspaces are in a state, and how; all others are out of it.

    It may be called as often as one likes: nothing is counted, and only what has changed is told.
    """
    about = {"kind": kind, "ids": list(texts), "texts": list(texts.values()), "now": now}
    await transaction.rows(OPEN_STATES, about)
    await transaction.rows(LEAVE_STATES, {**about, "resolution": resolution})


class Alerts:
    """What operators do with alerts."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def open(self, actor: Actor) -> list[Alert]:
        """Return the alerts that are not resolved, the newest first."""
        query = select(Alert).where(Alert.workspace_id == actor.workspace_id, Alert.status != AlertStatus.RESOLVED)
        async with self._database.transaction() as session:
            return list(await session.scalars(query.order_by(Alert.last_at.desc())))

    async def acknowledge(self, actor: Actor, alert_id: int) -> Alert:
        """Say that somebody has seen it. Idempotent. What cannot end by itself ends with this."""
        actor.must_be(Role.OPERATOR)
        now = self._clock.now()
        async with self._database.transaction() as session:
            alert = await session.scalar(
                select(Alert)
                .where(Alert.id == alert_id, Alert.workspace_id == actor.workspace_id)
                .with_for_update()
            )
            if alert is None:
                raise NotFoundError("This alert does not exist any more.")
            if alert.status is AlertStatus.FIRING:
                alert.acknowledged_at, alert.acknowledged_by = now, actor.operator_id
                alert.status = AlertStatus.ACKNOWLEDGED
                if alert.kind in ENDED_BY_BEING_SEEN:
                    alert.status, alert.resolved_at = AlertStatus.RESOLVED, now
                alert.revision += 1
                actor.record(session, now, "alert.acknowledge", alert.id)
            return alert
