"""How messages m are counted for results, whether they are still there or are just being pruned: parts of SQL."""

REASON = "CASE WHEN m.outcome IN ('skipped', 'failed') THEN coalesce(m.error_code, '') ELSE '' END"

# A person who answers twice has answered; asking to stop is no answer.
WITH_ANSWERS = """
      LEFT JOIN deliveries r ON r.message_id = m.id
      LEFT JOIN LATERAL (
           SELECT bool_or(NOT i.opted_out) AS replied, bool_or(i.opted_out) AS opted_out
             FROM inbound_messages i WHERE i.answers_message_id = m.id) a ON true
"""
# What one of their devices could not show has been delivered all the same if another one has it.
RECEIVED = """count(r.delivered_at) AS delivered, count(r.read_at) AS read,
           count(r.failed_at) FILTER (WHERE r.delivered_at IS NULL) AS not_shown"""
COUNTS = f"""count(*) AS messages, {RECEIVED},
           count(*) FILTER (WHERE a.replied) AS replied, count(*) FILTER (WHERE a.opted_out) AS opted_out"""
