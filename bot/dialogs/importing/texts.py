"""What the windows say, as Jinja templates."""

REVIEW = """\
📄 <b>{{ review.file_name|truncate(80) }}</b>
{{ rows }}

<b>{{ outcome }}</b>
{% if review.landlines %}
☎️ {{ review.landlines|counted("landline") }}: WhatsApp may not reach \
{{ "it" if review.landlines == 1 else "them" }}
{% endif %}
{% for reason in review.reasons %}
{% if loop.first %}
⚠️ Rejected:
{% endif %}
· {{ reason|truncate(120) }}
{% endfor %}
{% if more_rejected %}
· … and {{ "{:,}".format(more_rejected) }} more
{% endif %}

{% for line in layout %}
{{ line }}
{% endfor %}
{% if attributes %}
For all: {{ attributes }}
{% endif %}
{% for name, phone in review.samples[:3] %}
· {{ name|truncate(40) or "no name" }} {{ phone }}
{% endfor %}

{% if usable %}
<b>Where did these people opt in?</b> A tap starts the import; nothing is saved before.
{% if evidence %}
Evidence: “{{ evidence }}”
{% else %}
What you type here is kept as evidence.
{% endif %}
{% else %}
None of the rows can be used. Correct how it is read, or take the rejects as a file, mend them and drop it \
here again.
{% endif %}"""

SHEET = """\
📄 <b>{{ review.file_name|truncate(80) }}</b>

Which sheet are the people on?"""

SEPARATOR = """\
📄 <b>{{ review.file_name|truncate(80) }}</b>

What is between two columns?"""

ENCODING = """\
📄 <b>{{ review.file_name|truncate(80) }}</b>

If names look garbled, the letters were written in another way. Which?
{% for name, phone in review.samples[:3] %}
· {{ name|truncate(40) or "no name" }}
{% endfor %}"""

HEADER = """\
📄 <b>{{ review.file_name|truncate(80) }}</b>

In which row are the names of the columns? Tap it, or type its number as your spreadsheet counts. Rows above it \
are left out."""

PHONE = """\
📄 <b>{{ review.file_name|truncate(80) }}</b>

In which column are the phone numbers?"""

NAMES = """\
📄 <b>{{ review.file_name|truncate(80) }}</b>

In which column is the name? Tick several, such as first and last name, and they are joined."""

NICHE_COLUMN = """\
📄 <b>{{ review.file_name|truncate(80) }}</b>

Which column says what somebody is interested in?"""

COUNTRY = """\
📄 <b>{{ review.file_name|truncate(80) }}</b>

Of which country are numbers without a country code? Tap one, or type a name or a code."""

INTEREST = """\
📄 <b>{{ review.file_name|truncate(80) }}</b>

What are these people interested in? \
{% if by_column %}
The column “{{ niche_column }}” says it for each; what you choose here counts for the rows where it is empty.
{% else %}
It counts for all of them.
{% endif %}

Type it{% if niches %}, or tap one{% endif %}. Now: {{ review.niche or "none" }}."""

ATTRIBUTES = """\
📄 <b>{{ review.file_name|truncate(80) }}</b>

What holds for everybody in this file whose row does not say otherwise? Type it as <code>city = Ipoh</code>; a \
text can then say <code>{{ "{{ attributes.city }}" }}</code>.
{% if labels %}

Tap one to remove it.
{% endif %}"""

CARD = """\
📥 <b>{{ progress.file_name|truncate(80) }}</b>

<b>{{ state }}</b>
{% if bar %}
{{ bar }}
row {{ "{:,}".format(progress.rows_done) }} of {{ "{:,}".format(progress.rows_total) }}
{% endif %}
{{ numbers }}
{% if progress.list_name %}

📋 {{ progress.list_name }}
{% endif %}
{% for name, joined in progress.by_themselves %}
{% if joined %}
➡️ {{ "{:,}".format(joined) }} joined {{ name }} by themselves
{% endif %}
{% endfor %}
{% if warn %}

⚠️ Nobody knows where they opted in, so <b>they cannot be sent to</b>, except those whose permission was known \
before. When you know it, drop the file again and say where.
{% endif %}
{% if rests %}

<i>as of {{ now }}</i>
{% endif %}"""

UNDO = """\
<b>Undo the import of {{ progress.file_name|truncate(80) }}?</b>

{% for line in lines %}
{{ line }}
{% endfor %}"""

RECENT = """\
📥 <b>Import</b>

Drop a file into this chat: .csv, .tsv, .txt or .xlsx, up to {{ most }} MB, a row for each person and a column \
with their numbers. You see what was read before anything is saved, and each import makes a list.

One person alone: type a name and a number at Contacts, or share their contact card.
{% if labels %}

The latest imports:
{% endif %}"""
