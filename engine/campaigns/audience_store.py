"""Whom a campaign chooses, and who of them does not get it and why: one definition, for all who ask.

The review counts by it, the forecast lays it out over the devices, and the fan-out makes its messages from it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.campaigns.audience import LeftOut
from engine.contacts import segments
from engine.contacts.segment_store import condition_sql
from engine.transactions import Session
from models import Campaign
from models.enums import DeviceChoice, DeviceState

# Everybody that is chosen, as rows of `contacts`. Each source has an index in the order of the contacts' ids: a
# chunk costs what it holds.
EVERYBODY = "SELECT c.* FROM contacts c WHERE true"
OF_NICHE = """SELECT c.* FROM leads l JOIN contacts c ON c.id = l.contact_id
         WHERE l.workspace_id = :workspace_id AND lower(l.niche) = lower(CAST(:niche AS text))"""
OF_LIST = """SELECT c.* FROM list_members l JOIN contacts c ON c.id = l.contact_id
         WHERE l.list_id = :list_id AND l.workspace_id = :workspace_id"""
# Who got that campaign or may have got it: also who is being sent it at this moment, or once more.
OF_FOLLOWED = """SELECT c.* FROM messages l JOIN contacts c ON c.id = l.contact_id
         WHERE l.campaign_id = :follows_id AND l.workspace_id = :workspace_id
           AND (l.outcome IN ('sent', 'unknown')
                OR (l.outcome IS NULL
                    AND (l.by_hand OR NOT EXISTS (SELECT FROM queue q WHERE q.message_id = l.id))))"""
WITH_STATUS = "EXISTS (SELECT FROM leads s WHERE s.contact_id = c.id AND s.status = CAST(:lead_status AS text))"

# Devices that can send to these people, now or in a while: neither removed nor lost.
IN_POOL = """SELECT d.id FROM campaign_devices p JOIN user_devices d ON d.id = p.device_id
              WHERE p.campaign_id = :campaign_id AND d.removed_at IS NULL
                AND d.state <> ALL(CAST(:lost AS text[]))"""
OF_WORKSPACE = """SELECT d.id FROM user_devices d
              WHERE d.workspace_id = :workspace_id AND d.removed_at IS NULL
                AND d.state <> ALL(CAST(:lost AS text[]))"""

# `own_device_id`: the device that they know, if the campaign may use it. The first reason that applies counts.
PEOPLE = """
SELECT c.id, c.phone, c.name, c.attributes, c.time_zone, o.id AS own_device_id,
       CASE WHEN x.id IS NOT NULL OR c.consent = 'opted_out' THEN 'opted_out'
            WHEN c.consent IS NULL THEN 'no_consent'
            WHEN {no_device} THEN 'no_device' END AS left_out
  FROM ({chosen}) c
  LEFT JOIN suppressions x ON x.workspace_id = c.workspace_id AND x.phone = c.phone
  LEFT JOIN ({devices}) o ON o.id = c.device_id"""
COUNT = "SELECT p.left_out, count(*) AS people FROM ({people}) p GROUP BY p.left_out"
ANYBODY = "SELECT EXISTS (SELECT FROM ({people}) p WHERE p.left_out IS NULL) AS so"
SEGMENT = "SELECT conditions FROM segments WHERE id = :id AND workspace_id = :workspace_id"


@dataclass(frozen=True, slots=True)
class People:
    """Queries of those whom a campaign chooses, and the values that they take.

    Their rows: id, phone, name, attributes, time_zone, own_device_id, left_out (a LeftOut; None: they get it).
    """

    chosen: str  # rows of contacts c
    order: str  # their id, as the source has it
    devices: str  # the ids of those that may be somebody's own
    no_device: str  # the condition for having none
    values: Mapping[str, object]

    @property
    def everybody(self) -> str:
        return self._query("")

    def behind(self, contact_id: int) -> str:
        """Those whose ids are above this one."""
        return self._query(self._behind(contact_id))

    def next_behind(self, contact_id: int) -> str:
        """The first of them, in the order of their ids: it takes one more value, `chunk`, how many."""
        return self._query(f"{self._behind(contact_id)} ORDER BY {self.order} LIMIT :chunk")

    def _behind(self, contact_id: int) -> str:
        """Said of both sides of a join: the planner draws no such conclusion itself."""
        return "".join(f" AND {column} > {contact_id:d}" for column in dict.fromkeys(("c.id", self.order)))

    def _query(self, which: str) -> str:
        return PEOPLE.format(chosen=self.chosen + which, devices=self.devices, no_device=self.no_device)


async def people_of(session: Session, campaign: Campaign, now: datetime) -> People:
    """Write the query. `now`: what a segment's "within so many days" counts back from."""
    conditions, values = await _segment(session, campaign, now)
    if not campaign.audience_set:  # never everybody because nobody has said who
        conditions.append("false")
    source, order = EVERYBODY, "c.id"
    for column, of in (("niche", OF_NICHE), ("list_id", OF_LIST), ("follows_id", OF_FOLLOWED)):
        if (chosen_by := getattr(campaign, column)) is not None:
            source, order, values[column] = of, "l.contact_id", chosen_by
    if campaign.lead_status is not None:
        conditions.append("l.status = CAST(:lead_status AS text)" if campaign.niche is not None else WITH_STATUS)
        values["lead_status"] = campaign.lead_status.value
    chosen = " AND ".join([source, "c.workspace_id = :workspace_id", "NOT c.unlisted", *conditions])
    devices, no_device = IN_POOL, f"NOT EXISTS ({IN_POOL})"
    if campaign.device_choice is DeviceChoice.KNOWN:
        devices, no_device = OF_WORKSPACE, "o.id IS NULL"
    else:
        values["campaign_id"] = campaign.id
    values |= {
        "workspace_id": campaign.workspace_id,
        "lost": [state.value for state in DeviceState if state.is_lost],
    }
    return People(chosen, order, devices, no_device, values)


async def _segment(session: Session, campaign: Campaign, now: datetime) -> tuple[list[str], dict[str, Any]]:
    """The conditions and values of the campaign's segment, if it has one; nobody is in one that is gone."""
    if campaign.segment_id is None:
        return [], {}
    found = await session.rows(SEGMENT, {"id": campaign.segment_id, "workspace_id": campaign.workspace_id})
    if not found:
        return ["false"], {}
    condition, values = condition_sql(segments.from_json(found[0].conditions), now=now, prefix="segment")
    return [condition], values


async def count(session: Session, campaign: Campaign, now: datetime) -> dict[LeftOut | None, int]:
    """How many people it chooses: who gets it (None), and who does not, by reason."""
    people = await people_of(session, campaign, now)
    rows = await session.rows(COUNT.format(people=people.everybody), people.values)
    return {LeftOut(row.left_out) if row.left_out else None: row.people for row in rows}


async def gets_anybody(session: Session, campaign: Campaign, now: datetime) -> bool:
    """Whether there is at least one who would get it."""
    people = await people_of(session, campaign, now)
    (found,) = await session.rows(ANYBODY.format(people=people.everybody), people.values)
    return bool(found.so)
