"""What the windows say, as Jinja templates."""

MAIN = """\
<b>{{ name }}</b>{% if name != card.phone %} · {{ card.phone }}{% endif %}

{{ permission }}

🏷 {{ interests or "no interest" }}
📝 {{ attributes or "no attributes" }}"""

NAME = """\
<b>{{ name }}</b>{% if name != card.phone %} · {{ card.phone }}{% endif %}


Type their name. Messages greet them by it."""

INTERESTS = """\
<b>{{ name }}</b> · interests

{% if labels %}
Tap one to change it.
{% else %}
Nothing is known yet.
{% endif %}
Type another{% if others %}, or tap one that others have{% endif %}. If a sequence takes new leads of it by \
itself, they join."""

INTEREST = """\
<b>{{ name }}</b> · 🏷 {{ niche }}

{% if prospect %}
A prospect. As a customer they leave the sequences of this interest, which are to win them.
{% elif customer %}
A customer: they get nothing more of what was to win them.
{% else %}
This is not an interest of theirs any more.
{% endif %}
To remove it ends nothing that they are in."""

ATTRIBUTES = """\
<b>{{ name }}</b> · attributes

{% if labels %}
Tap one to change it.
{% else %}
Nothing is known yet.
{% endif %}
Type one as <code>city = Ipoh</code>; a text can then say <code>{{ "{{ attributes.city }}" }}</code>."""

ATTRIBUTE = """\
<b>{{ name }}</b> · 📝 {{ key }}

Now: {{ value or "nothing" }}

Type what it is to be."""

PERMISSION = """\
<b>Where did {{ name }} opt in?</b>

A tap keeps it as evidence, with your name. Then they can be sent to.
{% if evidence %}

Evidence: “{{ evidence }}”
{% endif %}

What you type here is kept with it, such as “asked at the counter, 3 May”."""

DELETE = """\
<b>Delete {{ name }}?</b> This cannot be undone.

{% if before.runs %}
They leave {{ before.runs|counted("sequence") }}, and what waits for them is cancelled.
{% endif %}
{% if before.traces %}
What was sent stays counted in the results, but their name, number, attributes and all texts are erased.
{% else %}
Nothing was ever sent to them or heard from them: nothing of them is kept.
{% endif %}
{% if before.opted_out %}
That this number has opted out is kept, so that nobody writes to it by mistake.
{% endif %}"""
