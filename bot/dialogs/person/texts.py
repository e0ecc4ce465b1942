"""What the windows say, as Jinja templates."""

CARD = """\
<b>{{ name }}</b>{% if name != card.phone %} · {{ card.phone }}{% endif %}

{{ permission }}
{% if request %}
❗ {{ request }}
{% endif %}
{% if interests %}
🏷 {{ interests }}
{% endif %}
{% if attributes %}
📝 {{ attributes }}
{% endif %}
{% if card.device %}
📱 {{ card.device }}
{% endif %}
🕓 {{ zone }}
{% for run in runs %}

<b>{{ run.sequence }}</b> · {{ run.where }}
{% if run.next %}
{{ run.next }}
{% for reason in run.why %}
⏳ {{ reason }}
{% endfor %}
{% endif %}
{% else %}

In no sequence. “Add to a sequence” lets them join one.
{% endfor %}
{% if past %}

{% for run in past %}
<i>{{ run.sequence }} · {{ run.where }}</i>
{% endfor %}
{% endif %}
{% if lately %}

<b>Lately</b>
{% for line in lately %}
{{ line }}
{% endfor %}
{% endif %}"""

RUN = """\
<b>{{ name }}</b> in <b>{{ run.sequence }}</b>

{{ where }}
{{ joined }}
{% if next %}

{{ next }}
{% if why %}
In its way:
{% for reason in why %}
⏳ {{ reason }}
{% endfor %}
{% endif %}
{% endif %}"""

HISTORY = """\
<b>{{ name }}</b> · what was sent and answered{% if page %} · page {{ page + 1 }}{% endif %}


{% for line in lines %}
{{ line }}
{% else %}
Nothing yet. What is sent to them, and what they write, is listed here.
{% endfor %}"""

PERMISSION = """\
<b>{{ name }}</b> · permission

{{ permission }}
{% if listed %}
🚫 {{ card.phone }} is in the opted-out list: only they bring it back, by START or a link's words.
{% endif %}

{% for line in lines %}
{{ line }}
{% else %}
No record of where they opted in, so nothing is sent to them. An import that says where these people opted in \
makes one.
{% endfor %}
{% if more %}
<i>… and older ones</i>
{% endif %}"""

ADD = """\
<b>{{ name }}</b>

{% if labels %}
Which sequence are they to join?
{% else %}
There is no sequence yet. Make one at Sequences, then add them to it.
{% endif %}"""

ZONE = """\
<b>{{ name }}</b> · time zone

Now: {{ zone }}.

It counts in sequences that send by each person's own time. Type the largest city near them, such as London or \
Kuala Lumpur. A run that they are in keeps the time that it began with."""

CUSTOMER = """\
<b>Has {{ name }} become a customer?</b>

{% if niches %}
Of what? Their runs through sequences of that interest end, and what waits for them there is cancelled.
{% endif %}
“Everything” ends all their runs. Customers get nothing more of what was to win them; you can still let them join \
another sequence."""

OPT_OUT = """\
<b>Opt {{ name }} out?</b>

They leave every sequence, what waits for them is cancelled, and no import brings them back: only when they write \
START themselves may they be written to again."""

RESUME = """\
<b>Resume {{ name }} in “{{ sequence }}”?</b>

{{ words }}"""

REMOVE = """\
<b>Remove {{ name }} from “{{ run.sequence }}”?</b>

Their run ends and what waits for them in it is cancelled. You can move them back to one of its messages later."""

MOVE = """\
<b>{{ name }}</b> in <b>{{ sequence }}</b> · move to…

Which message is to be their next? Ahead, what lies between is passed over. One that they are past (✓) begins a \
new run. You see what happens before it does."""

CONFIRM_MOVE = """\
{{ words }}"""
