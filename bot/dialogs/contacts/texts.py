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

📎 <b>Drop a CSV file into this chat to import it.</b> You see what was read before anything is saved."""

FIND = """\
<b>Find</b>

{% if query %}
{% for contact in found %}
<b>{{ contact.name or "no name" }}</b> {{ contact.phone }}
{{ contact.permission }}{% if contact.niches %} · 🏷 {{ contact.niches }}{% endif %}


{% else %}
Nobody matches “{{ query }}”.

{% endfor %}
{% endif %}
Type a part of a name, or at least three digits of a number.\
{% if found %} Tap one to see where they are.{% endif %}"""

LISTS = """\
<b>Lists</b>

{% if labels %}
Every import makes a list. Tap one to add its people to a sequence.
{% else %}
No list yet. Drop a CSV file into this chat: every import makes one.
{% endif %}"""

REVIEW = """\
📄 <b>{{ file.name|truncate(80) }}</b>

{{ file.rows|counted("row") }} read\
{% if file.crowded_rows %} ({{ "{:,}".format(file.crowded_rows) }} with more than one number, so \
{{ (file.contacts + file.rejected)|counted("entry", "entries") }}){% endif %}: \
{{ file.contacts|people }} ({{ "{:,}".format(file.new) }} new, \
{{ "{:,}".format(file.known) }} known already)
{% if file.opted_out %}
🚫 {{ "{:,}".format(file.opted_out) }} of them opted out: left out
{% endif %}
{% if file.rejected %}
⚠️ {{ "{:,}".format(file.rejected) }} rejected:
{% for reason in file.reasons %}
· {{ reason }}
{% endfor %}
{% if file.rejected > file.reasons|length %}
· … and {{ "{:,}".format(file.rejected - file.reasons|length) }} more
{% endif %}
{% endif %}

Phone is the column “{{ file.phone_column }}”, \
{% if file.name_columns %}name “{{ file.name_columns }}”{% else %}no column is a name{% endif %}, \
{% if file.niche_column %}interest “{{ file.niche_column }}”{% else %}no column is an interest{% endif %}.
{% for name, phone in file.samples %}
· {{ name or "no name" }} {{ phone }}
{% endfor %}

{% if usable %}
<b>Where did these people opt in?</b> Nothing is saved before you answer.
{% else %}
None of the rows can be used. Take the rejects as a file, mend them and drop it here again.
{% endif %}"""

INTEREST = """\
📄 <b>{{ file.name|truncate(80) }}</b>

What are these people interested in? \
{% if file.niche_column %}
The column “{{ file.niche_column }}” says it for each; what you choose here counts for the rows where it is empty.
{% else %}
It counts for all of them.
{% endif %}

Type it{% if niches %}, or tap one{% endif %}. Now: {{ interest }}."""

IMPORTED = """\
✅ <b>{{ "{:,}".format(result.created + result.updated) }} imported</b> \
({{ "{:,}".format(result.created) }} new, {{ "{:,}".format(result.updated) }} updated), \
{{ "{:,}".format(file.rejected) }} rejected\
{% if result.opted_out %}, {{ "{:,}".format(result.opted_out) }} opted out and left out{% endif %}


📋 {{ result.list_name }}
{% for name, joined in result.by_themselves %}
➡️ {{ "{:,}".format(joined) }} joined {{ name }} by themselves
{% endfor %}
{% if result.without_consent %}

⚠️ Nobody knows where they opted in, so <b>they cannot be sent to</b>, except those whose permission was known \
before. When you know it, drop the file again and say where.
{% endif %}"""

ADD = """\
📋 <b>{{ list_name }}</b>

{% if labels %}
Which sequence are these people to join? Before they do, you see how many would, and who is left out.
{% else %}
There is no sequence yet. Make one, and add these people to it.
{% endif %}"""
