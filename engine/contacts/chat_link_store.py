"""The SQL of click-to-chat links, and of somebody who writes in by one."""

VIEWS = """
SELECT l.id, l.code, l.greeting, l.joined, l.created_at, l.closed_at, l.sequence_id, l.campaign_id,
       coalesce(s.name, k.name) AS target, d.id AS device_id, d.name AS device, d.phone
  FROM chat_links l
  JOIN user_devices d ON d.id = l.device_id
  LEFT JOIN sequences s ON s.id = l.sequence_id
  LEFT JOIN campaigns k ON k.id = l.campaign_id
 WHERE l.workspace_id = :workspace_id
   AND (l.id = CAST(:id AS bigint) OR l.sequence_id = CAST(:sequence_id AS bigint)
        OR l.campaign_id = CAST(:campaign_id AS bigint))
 ORDER BY l.id
"""

OPEN_LINK = """
SELECT l.id, l.sequence_id, l.campaign_id, l.device_id FROM chat_links l
 WHERE l.workspace_id = :workspace_id AND l.code = ANY(CAST(:codes AS text[])) AND l.closed_at IS NULL
 LIMIT 1
"""

# Locked before any contact is: nobody edits it, pauses it or ends it until they have joined.
LOCK_SEQUENCE = "SELECT id FROM sequences WHERE id = :id FOR SHARE"
LOCK_CAMPAIGN = "SELECT id, status FROM campaigns WHERE id = :id FOR SHARE"

# Who writes in is in the book from then on, and keeps the device that they wrote to if they know no other.
KEEP_CONTACT = """
INSERT INTO contacts AS c (workspace_id, phone, device_id, created_at)
VALUES (:workspace_id, :phone, :device_id, :at)
    ON CONFLICT (workspace_id, phone) DO UPDATE
   SET unlisted = false, device_id = coalesce(c.device_id, excluded.device_id)
RETURNING c.id
"""
OF_CONTACT = "UPDATE inbound_messages SET contact_id = :contact_id WHERE id = :id"

# Each time is evidence of its own, also of somebody who had given their permission before.
OPT_IN = """
WITH given AS (
    UPDATE contacts SET consent = 'opted_in'
     WHERE workspace_id = :workspace_id AND id = :contact_id AND consent IS DISTINCT FROM 'opted_in')
INSERT INTO consents (workspace_id, contact_id, state, source, evidence, recorded_at)
VALUES (:workspace_id, :contact_id, 'opted_in', 'wrote_first', :evidence, :at)
"""

# A campaign's message is due when the campaign is; who has got it does not get it twice.
GIVE_CAMPAIGN = """
INSERT INTO messages (workspace_id, lane, campaign_id, contact_id, device_id, due_at)
SELECT k.workspace_id, 'campaign', k.id, :contact_id, :device_id, greatest(k.scheduled_at, :at)
  FROM campaigns k
 WHERE k.id = :campaign_id AND k.status IN ('scheduled', 'running', 'paused')
    ON CONFLICT (campaign_id, contact_id) WHERE campaign_id IS NOT NULL DO NOTHING
RETURNING id
"""
COUNT_JOINED = "UPDATE chat_links SET joined = joined + 1 WHERE id = :id"
