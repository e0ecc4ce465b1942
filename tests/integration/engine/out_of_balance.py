"""One look at everything that must hold between any two transactions, whatever has happened."""

# What is in one of the two and not in the other, as often as it is there.
DIFFERENCE = """
SELECT '{what}', id FROM ((({one}) EXCEPT ALL ({other})) UNION ALL (({other}) EXCEPT ALL ({one}))) AS differing(id)
"""
ORPHANS = """
SELECT '{table} of no {owner}', t.{owner}_id
  FROM {table} t LEFT JOIN {owner}s o ON o.id = t.{owner}_id WHERE o.id IS NULL
"""
# Each row is something that must never be: what, and of which run, contact, list or message.
OUT_OF_BALANCE = " UNION ALL ".join((
    """
    SELECT 'a run that waits for nothing, or for two things at once', e.id FROM sequence_contacts e
      LEFT JOIN messages m ON m.enrolment_id = e.id AND m.outcome IS NULL AND NOT m.by_hand
     GROUP BY e.id
    HAVING count(m.id) > 1
        OR (e.status IN ('active', 'paused') AND (e.next_due_at IS NULL) <> (count(m.id) = 1))
        OR (e.status = 'completed' AND count(m.id) > 0)
    """,
    *(
        ORPHANS.format(table=table, owner=owner)
        for table, owner in (
            ("leads", "contact"), ("consents", "contact"), ("list_members", "contact"), ("list_members", "list"),
        )
    ),
    DIFFERENCE.format(
        what="in flight, but on no device, or the reverse",
        one="SELECT id FROM broadcast_messages WHERE status = 'processing'",
        other="SELECT in_flight_message_id FROM user_devices WHERE in_flight_message_id IS NOT NULL",
    ),
    DIFFERENCE.format(
        what="waits, but not in the queue, or the reverse",
        one="SELECT message_id FROM queue",
        other="SELECT id FROM broadcast_messages WHERE status = 'pending'",
    ),
    """
    SELECT 'sent without a delivery or a text, or delivered and not sent', m.id
      FROM messages m LEFT JOIN deliveries d ON d.message_id = m.id
     WHERE (m.outcome = 'sent' AND m.body IS NULL)
        OR (m.outcome = 'sent' AND d.message_id IS NULL AND NOT m.by_hand)
        OR (m.outcome IS DISTINCT FROM 'sent' AND d.message_id IS NOT NULL)
    """,
    DIFFERENCE.format(
        what="unknown, and nobody is asked, or the reverse",
        one=(
            "SELECT u.message_id FROM doubts u JOIN messages m ON m.id = u.message_id AND m.outcome = 'unknown'"
        ),
        other="SELECT id FROM messages WHERE outcome = 'unknown'",
    ),
))  # fmt: skip
