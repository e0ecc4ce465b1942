"""How right the forecast of a campaign is, and how long the review of a large one takes.

Right: campaigns of every kind are foreseen and then sent message by message, with random delays and the claim's own
rule (tests/unit/engine/sending.py); how far the finish lies from what was told, as a part of the duration.

Large: a million people on 45 devices, for whom another campaign's messages wait already, 200,000 of them in a
sequence that sends from the same devices for a week.
"""

import time
from collections.abc import AsyncIterator
from datetime import timedelta
from random import Random
from statistics import quantiles

from sqlalchemy import text

from engine.actor import Actor
from engine.campaigns.review import CampaignReviews
from engine.clock import ManualClock
from engine.database import Database
from models.enums import Face, Role
from tests.bench.figures import Figure
from tests.bench.filled import NOW, run
from tests.unit.engine.sending import drawn

CAMPAIGNS = 200
FAR_OFF = 5.0  # per cent
PEOPLE, DEVICES, IN_SEQUENCE = 1_000_000, 45, 200_000
SLOWEST = 30.0  # seconds for a review

FIXTURE = f"""
INSERT INTO workspaces (name, country, time_zone, quiet_start, quiet_end)
VALUES ('bench', 'MY', 'Asia/Kuala_Lumpur', '21:00', '09:00');
INSERT INTO user_devices (workspace_id, name, transport, state, min_delay_seconds, max_delay_seconds, hourly_cap)
SELECT 1, 'device ' || n, 'simulator', 'online', 20, 60, 60 FROM generate_series(1, {DEVICES}) n;
INSERT INTO contacts (workspace_id, phone, name, attributes, consent, device_id)
SELECT 1, '+6012' || lpad(n::text, 7, '0'), 'Person ' || n, '{{"city": "Ipoh"}}', 'opted_in',
       CASE WHEN n % 3 = 0 THEN 1 + n % {DEVICES} END
  FROM generate_series(1, {PEOPLE}) n;
INSERT INTO sequences (workspace_id, name, status, time_zone) VALUES (1, 'bench', 'active', 'Asia/Kuala_Lumpur');
INSERT INTO sequence_steps (workspace_id, sequence_id, day_number, send_time, body)
SELECT 1, 1, n, '10:00', 'Hi' FROM generate_series(1, 7) n;
INSERT INTO sequence_contacts
       (workspace_id, sequence_id, contact_id, joined_at, anchor_date, time_zone, next_step_id, next_due_at, device_id)
SELECT 1, 1, id, '{NOW}', date '{NOW:%Y-%m-%d}' + (id % 30)::int, 'Asia/Kuala_Lumpur', 1,
       timestamptz '{NOW}' + (id % 30) * interval '1 day' + interval '1 hour', 1 + id % {DEVICES}
  FROM contacts WHERE id <= {IN_SEQUENCE};
INSERT INTO campaigns (workspace_id, name, status, scheduled_at, started_at, fanned_at, audience_set, body)
VALUES (1, 'before', 'running', '{NOW}', '{NOW}', '{NOW}', true, 'Hi');
INSERT INTO messages (workspace_id, lane, campaign_id, contact_id, device_id, due_at)
SELECT 1, 'campaign', 1, id, 1 + id % {DEVICES}, '{NOW}' FROM contacts WHERE id % 10 = 0;
INSERT INTO campaigns (workspace_id, name, audience_set, body)
VALUES (1, 'bench', true, 'Hi {{{{ name }}}} of {{{{ attributes.city }}}}');
INSERT INTO campaign_devices (workspace_id, campaign_id, device_id) SELECT 1, 2, id FROM user_devices;
VACUUM ANALYZE
"""
ACTOR = Actor(workspace_id=1, role=Role.OWNER, face=Face.SYSTEM)


async def measure(database: Database) -> AsyncIterator[Figure]:
    errors = sorted(error for seed in range(CAMPAIGNS) if (error := _error(seed)) is not None)
    percentiles = quantiles(errors, n=100)
    yield Figure("forecast", "error of the finish, median", round(percentiles[49], 3), "% of the duration")
    yield Figure("forecast", "error of the finish, 95 of 100 campaigns", round(percentiles[94], 3),
                 "% of the duration", bar=FAR_OFF, holds=percentiles[94] <= FAR_OFF)  # fmt: skip
    far_off = sum(error > FAR_OFF for error in errors)
    yield Figure("forecast", f"of {len(errors)} campaigns, off by more than {FAR_OFF:g} %", far_off, "campaigns")
    await run(database, FIXTURE)
    async with database.transaction() as session:
        people = await session.scalar(text("SELECT count(*) FROM contacts"))
    began = time.perf_counter()
    review = await CampaignReviews(database, ManualClock(NOW + timedelta(minutes=5))).review(ACTOR, 2)
    took = time.perf_counter() - began
    assert review.gets == people
    yield Figure("forecast", f"the review of {people:,} people on {DEVICES} devices", round(took, 1), "s",
                 bar=SLOWEST, holds=took <= SLOWEST)  # fmt: skip


def _error(seed: int) -> float | None:
    """In per cent of how long it took; None: nothing went out, as foreseen."""
    random = Random(seed)
    scenario = drawn(random)
    told, sent = scenario.foreseen(), scenario.sent(random)
    if not sent.at or told.last_at is None:
        return None
    return 100 * abs(told.last_at - sent.at[-1]) / (sent.at[-1] - scenario.terms.starts_at)
