"""The SQL of joining. It runs in a session and on a connection of one's own alike (see engine/transactions.py).

No row of `contacts` is waited for: an import holds its people's rows for as long as it takes.
"""

# What joining these sequences depends on; a lost device is given to nobody, unless all of the pool are lost.
TARGETS = """
SELECT s.id, s.workspace_id, s.status, s.time_zone, s.use_contact_time_zone, s.reentry_policy,
       s.reentry_cooldown_days, s.skip_weekends, s.skip_holidays, w.rest_days, w.country,
       ARRAY(SELECT d.id FROM sequence_devices p JOIN user_devices d ON d.id = p.device_id
              WHERE p.sequence_id = s.id AND d.removed_at IS NULL
              ORDER BY d.id) AS pool,
       ARRAY(SELECT d.id FROM sequence_devices p JOIN user_devices d ON d.id = p.device_id
              WHERE p.sequence_id = s.id AND d.removed_at IS NULL AND d.state <> ALL(CAST(:lost AS text[]))
              ORDER BY d.id) AS usable
  FROM sequences s JOIN workspaces w ON w.id = s.workspace_id
 WHERE s.id = ANY(CAST(:ids AS bigint[]))
 ORDER BY s.id
"""

# Who of the chosen contacts may join, and why the others may not. The first reason that applies counts.
# `before_run`: as it was before this run.
CHOSEN = """
SELECT c.id, c.phone, c.name, c.time_zone, c.device_id,
       CASE WHEN x.id IS NOT NULL OR c.consent = 'opted_out' THEN 'opted_out'
            WHEN c.consent IS NULL THEN 'no_consent'
            WHEN past.open > 0 THEN 'already_in_it'
            WHEN past.runs > 0 AND CAST(:reentry AS text) = 'never' THEN 'had_it_before'
            WHEN past.completed > 0 AND CAST(:reentry AS text) = 'after_exit' THEN 'had_it_before'
            WHEN past.runs > 0 AND CAST(:reentry AS text) = 'after_cooldown'
                 AND past.last_ended_at
                     > CAST(:now AS timestamptz) - CAST(:cooldown AS bigint) * interval '1 day'
                 THEN 'had_it_lately'
       END AS refusal,
       past.last_run_no + 1 AS run_no
  FROM contacts c
  LEFT JOIN suppressions x ON x.workspace_id = c.workspace_id AND x.phone = c.phone
 CROSS JOIN LATERAL (
       SELECT count(*) AS runs, count(*) FILTER (WHERE e.status IN ('active', 'paused')) AS open,
              count(*) FILTER (WHERE e.status = 'completed') AS completed,
              max(e.ended_at) AS last_ended_at, coalesce(max(e.run_no), 0) AS last_run_no
         FROM sequence_contacts e
        WHERE e.contact_id = c.id AND e.sequence_id = CAST(:sequence_id AS bigint)
          AND (CAST(:before_run AS bigint) IS NULL OR e.id < CAST(:before_run AS bigint))) past
 WHERE c.workspace_id = CAST(:workspace_id AS bigint) AND NOT c.unlisted AND {chosen}
 ORDER BY c.id
"""
NAMED = CHOSEN.format(
    chosen="""c.id IN (
       SELECT unnest(CAST(:contact_ids AS bigint[]))
        UNION ALL
       SELECT l.contact_id FROM list_members l WHERE l.list_id = CAST(:list_id AS bigint)
        UNION ALL
       SELECT l.contact_id FROM leads l
        WHERE l.workspace_id = CAST(:workspace_id AS bigint) AND lower(l.niche) = lower(CAST(:niche AS text))
          AND l.status = 'prospect')"""
)
EVERYONE = CHOSEN.format(chosen="true")

FIND_CONTACTS = """
SELECT id, phone FROM contacts
 WHERE workspace_id = :workspace_id AND NOT unlisted AND id = ANY(CAST(:ids AS bigint[]))
 UNION
SELECT id, phone FROM contacts
 WHERE workspace_id = :workspace_id AND NOT unlisted AND phone = ANY(CAST(:phones AS text[]))
"""

ENROL = """
INSERT INTO sequence_contacts
       (workspace_id, sequence_id, contact_id, run_no, joined_at, wave, anchor_date, time_zone, next_step_id,
        next_due_at, device_id)
SELECT CAST(:workspace_id AS bigint), CAST(:sequence_id AS bigint), v.contact_id, v.run_no,
       v.joined_at, v.wave, v.anchor, v.zone, v.step_id, v.due, v.device_id
  FROM unnest(
       CAST(:contact_ids AS bigint[]), CAST(:run_nos AS bigint[]), CAST(:joined_at AS timestamptz[]),
       CAST(:waves AS bigint[]), CAST(:anchors AS date[]), CAST(:zones AS text[]), CAST(:step_ids AS bigint[]),
       CAST(:dues AS timestamptz[]), CAST(:device_ids AS bigint[])
       ) AS v(contact_id, run_no, joined_at, wave, anchor, zone, step_id, due, device_id)
    ON CONFLICT DO NOTHING
RETURNING id, contact_id
"""

# A contact keeps its device. Whose row somebody else is changing right now gets that note another time.
KEEP_DEVICES = """
WITH free AS (
    SELECT c.id, v.device_id
      FROM unnest(CAST(:contact_ids AS bigint[]), CAST(:device_ids AS bigint[])) AS v(id, device_id)
      JOIN contacts c ON c.id = v.id
     WHERE c.device_id IS DISTINCT FROM v.device_id
     ORDER BY c.id
       FOR NO KEY UPDATE OF c SKIP LOCKED)
UPDATE contacts c SET device_id = free.device_id FROM free WHERE c.id = free.id
"""

# The last of those who join in waves: in a draft their wave counts, else their Day 1.
LAST_WAVE = """
SELECT max(e.wave) AS wave, max(e.anchor_date) AS day
  FROM sequence_contacts e WHERE e.sequence_id = :sequence_id AND e.wave > 0
"""

# Those of a sequence for whom nothing has happened yet: a draft's contacts join when it starts.
UNTOUCHED = """
SELECT e.id, e.status, e.time_zone, e.wave FROM sequence_contacts e
 WHERE e.sequence_id = :sequence_id AND e.status IN ('active', 'paused') AND e.last_day_number IS NULL
   AND NOT EXISTS (SELECT FROM messages m WHERE m.enrolment_id = e.id)
 ORDER BY e.id
   FOR UPDATE
"""
REJOIN = """
UPDATE sequence_contacts e SET joined_at = v.joined_at, anchor_date = v.anchor
  FROM unnest(
       CAST(:zones AS text[]), CAST(:waves AS bigint[]), CAST(:joined_at AS timestamptz[]),
       CAST(:anchors AS date[])
       ) AS v(zone, wave, joined_at, anchor)
 WHERE e.id = ANY(:ids) AND e.time_zone = v.zone AND e.wave = v.wave
"""

# --- joining by itself ---------------------------------------------------------------------------------------

# Locked before anything else of the import: nobody edits them until it is done.
OPEN_TO_NEW_LEADS = """
SELECT s.id, s.name, s.niche FROM sequences s
 WHERE s.workspace_id = :workspace_id AND s.status = 'active' AND s.auto_enroll AND s.niche IS NOT NULL
 ORDER BY s.id
   FOR SHARE
"""

# What runs of these go on to when they complete. Locked before any run is, as editors do it.
LOCK_NEXT = """
SELECT n.id FROM sequence_contacts e
  JOIN sequences s ON s.id = e.sequence_id
  JOIN sequences n ON n.id = s.next_sequence_id
 WHERE e.id = ANY(CAST(:ids AS bigint[]))
 ORDER BY n.id
   FOR SHARE OF s, n
"""

# Who was paused when their run completed (they had just replied) is paused in the next one as well.
INHERIT_PAUSES = """
UPDATE sequence_contacts n
   SET status = 'paused', paused_at = e.paused_at, paused_by = e.paused_by, paused_reason = e.paused_reason
  FROM sequence_contacts e
 WHERE e.id = ANY(CAST(:paused_ids AS bigint[])) AND n.id = ANY(CAST(:run_ids AS bigint[]))
   AND n.contact_id = e.contact_id
"""
RECORD = """
INSERT INTO audit_log (workspace_id, face, action, subject_id, detail, at)
VALUES (CAST(:workspace_id AS bigint), 'system', 'sequence.go_on', CAST(:sequence_id AS bigint),
        jsonb_build_object('from', CAST(:from_id AS bigint), 'joined', CAST(:joined AS bigint),
                           'refused', CAST(CAST(:refused AS text) AS jsonb)),
        CAST(:now AS timestamptz))
"""
