"""What the windows say, as Jinja templates."""

MAIN = """\
<b>Opted out</b> · {{ "{:,}".format(count) }}

{% if taken %}
✅ {{ "{:,}".format(taken.new) }} new, {{ "{:,}".format(taken.already) }} were out already\
{% if taken.runs_ended or taken.cancelled %}; {{ taken.runs_ended|counted("run") }} ended and \
{{ taken.cancelled|counted("message") }} cancelled{% endif %}.

{% endif %}
{% for person in found %}
{{ person.phone }}{% if person.name %} {{ person.name }}{% endif %}

<i>{{ person.how }}{{ person.since }}</i>
{% else %}
{% if query %}
No number with “{{ query }}” in it is opted out.
{% else %}
Nobody. Who answers STOP (or another stop word) is listed here, and is not written to again \
unless they write START, or write in by a link of yours.
{% endif %}
{% endfor %}
{% if more %}

… and {{ "{:,}".format(more) }} more.
{% endif %}
{% if count %}

Type at least three digits to look for a number. \
Only they themselves come back: by START, or by writing in by a link of yours.
{% endif %}"""

FILE = """\
<b>Import an opted-out list</b>

📎 Drop a CSV or Excel file into this chat now. Every number in it is opted out for the whole team: nothing is \
sent to it any more, and no import brings it back. You see what was read before anything is done."""

REVIEW = """\
📄 <b>{{ file_name|truncate(80) }}</b>

{{ review.numbers|counted("number") }}: {{ "{:,}".format(review.new) }} new, \
{{ "{:,}".format(review.already) }} already out\
{% if review.unreadable %}; {{ "{:,}".format(review.unreadable) }} cannot be read{% endif %}.
{% for reason in review.reasons %}
· {{ reason }}
{% endfor %}

{% if review.numbers %}
<b>Opt them all out?</b> Those of them in your contacts leave their sequences, and what waits for them is \
cancelled. Only they undo it, by START or a link's words.
{% else %}
There is nothing to opt out in it. Mend the file and drop it here again.
{% endif %}"""

RUNNING = """\
⏳ {{ "{:,}".format(done) }} of {{ review.numbers|counted("number") }} opted out…"""
