"""What the windows say, as Jinja templates."""

MAIN = """\
<b>Contacts</b>

{% if contacts %}
👥 {{ contacts|counted("contact") }} · \
{{ "{:,}".format(opted_out) }} opted out
{% for list in lists %}
{% if loop.first %}

Latest lists:
{% endif %}
📋 {{ list.name }} · {{ "{:,}".format(list.size) }}
{% endfor %}
{% else %}
Nobody is here yet.
{% endif %}

📎 <b>Drop a CSV or Excel file into this chat to import it.</b> You see what was read before anything is saved.
Type a name to find somebody, a name and a number to add one."""

FIND = """\
<b>Find</b>

{% if query %}
{% if shown %}
These are the first {{ shown }}: type more of it to see the others.

{% endif %}
{% for contact in found %}
<b>{{ contact.name or "no name" }}</b> {{ contact.phone }}
{{ contact.permission }}{% if contact.niches %} · 🏷 {{ contact.niches }}{% endif %}


{% else %}
Nobody matches “{{ query }}”.

{% endfor %}
{% endif %}
Type a part of a name, at least three digits of a number, an interest, or an attribute such as \
<code>city = Ipoh</code>.\
{% if found %} Tap one to see where they are.{% endif %}"""

ADD = """\
<b>Add a person</b>

Type a name and a number, such as <code>Aisyah 012-345 6789</code>, or a number alone. Or share their contact \
card with 📎. To add many, drop a file."""

LISTS = """\
<b>Lists</b>

{% if labels %}
Every import makes a list. Tap one to see who is on it.
{% else %}
No list yet. Drop a CSV or Excel file into this chat: every import makes one.
{% endif %}"""

TO_SEQUENCE = """\
📋 <b>{{ list_name }}</b>

{% if labels %}
Which sequence are these people to join? Before they do, you see how many would, and who is left out.
{% else %}
There is no sequence yet. Make one, and add these people to it.
{% endif %}"""
