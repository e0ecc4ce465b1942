"""What the windows say, as Jinja templates."""

MAIN = """\
<b>Settings</b> · {{ team }}

🌍 Country: {{ country }}
🕘 Time zone: {{ time_zone }}; it is {{ local_time }} there
🌙 Quiet hours: {{ quiet_hours }}
🚦 For one person: {{ frequency_cap }}
🚫 Stop words of your own: {{ stop_words or "none" }}
🧪 Your own number, for tests: {{ number or "not known yet" }}
{% if bound %}
🔔 Alerts are posted to {{ "“%s”"|format(group) if group else "a group that I cannot see any more" }}
{% else %}
🔔 Alerts are only at Home. Add me to a group, and they are posted there too.
{% endif %}
💬 Replies: {{ replies }}
🗞 Daily summary: {{ digest }}"""

REPLIES = """\
<b>Replies</b> · {{ replies }}

{% if not bound %}
They need a group: add me to one at Settings.

{% endif %}
What people write back can be posted to the alerts group, each as one message, many at a time as one. Whoever \
replies to such a post there answers the person. At Home → Replies they are in any case."""

LIMITS = """\
<b>Hours &amp; limits</b>

🌙 Quiet hours: {{ quiet_hours }}, by each person's own time where it is known. What would go out in them waits \
until they end.

🚦 For one person: {{ frequency_cap }}. All messages that one sequence has for a day count as one; answers and \
tests do not count. A campaign that comes too much waits for the next day, a sequence moves on by its own rule \
for what is late.

How many campaigns and sequences may reach one person on one day?"""

DIGEST = """\
<b>Daily summary</b> · {{ digest }}

{% if not bound %}
It needs a group: add me to one at Settings.

{% endif %}
Once a day the alerts group is told what was sent, what failed and why, who answered, who opted out, who waits \
for your decision, and what is due tomorrow. Somebody who writes STOP is counted there, not announced.

Tap a time, or type one, such as <code>17:30</code>."""

STOP_WORDS = """\
<b>Stop words</b>

Whoever writes one of these, and nothing else, gets no more messages. Capitals, spaces, signs and emoji make no \
difference.

For everybody: {{ everybody }}

Of your team: {{ own or "none yet" }}

Type a word to add it.{% if labels %} Tap one to remove it; who wrote it before stays opted out.{% endif %}"""
