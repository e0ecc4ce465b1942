"""What the windows of pairing say."""

NAME = """\
<b>Add a device</b>

{% if real %}
A device is one WhatsApp account that sends your messages. What should it be called? Only your team sees it. Tap \
the suggestion or type a name.
{% elif simulated_phones %}
A simulated device sends to simulated phones: everything works as with a real one, and nobody is written to.

What should it be called? Tap the suggestion or type a name.

<i>{{ obstacle }}</i>
{% else %}
{{ obstacle }}

To try everything with simulated phones, start dripdesk with SIMULATOR=on.
{% endif %}"""

METHOD = """\
<b>{{ name }}</b> · pair it with WhatsApp

{% if again %}
Its settings, its people and its history stay.{% if phone %} Use the same number: {{ phone }}.{% endif %}


{% endif %}
Is Telegram open on the very phone that is to be paired? Then take the code.
Is WhatsApp on another phone? Then its camera can take the QR code from this screen."""

NUMBER = """\
<b>{{ name }}</b> · which number?

Type the number of its WhatsApp, with the country code if it is not of your team's country, or send its contact \
card. WhatsApp then gives a code for it."""

PROGRESS = """\
{% if stage == "paired" %}
✅ <b>{{ phone }}</b> is {{ "connected" if online else "paired" }}

{{ dot }} {{ name }}: {{ words }}
{% if asks_age %}

<b>How old is this number on WhatsApp?</b>
The younger it is, the slower it must write, or WhatsApp bans it. Until you say, it counts as new.
{% endif %}
{% else %}
<b>{{ name }}</b>{% if phone %} · {{ phone }}{% endif %}


{% if stage == "asking" %}
⏳ Asking WhatsApp for a {{ "code" if by_code else "QR code" }} …
{% elif stage == "code" %}
Type this code on the phone:

<pre>{{ shown }}</pre>
1. Open WhatsApp → Settings (on Android: ⋮) → <b>Linked devices</b>
2. <b>Link a device</b> → <b>Link with phone number instead</b>
3. Type the code. WhatsApp may also ask for it by itself.

It is good until {{ until }}. You may leave this screen: the pairing goes on, and Devices leads back here.
{% elif stage == "qr" %}
1. On the phone: WhatsApp → Settings (on Android: ⋮) → <b>Linked devices</b> → <b>Link a device</b>
2. Point it at this picture.

The picture changes by itself; this one is good until {{ until_second }}. You may leave this screen: the pairing \
goes on for a while, and Devices leads back here.
{% elif stage == "passkey" %}
🔑 <b>WhatsApp wants a passkey</b>

{{ text }}
{% elif stage == "stopped" %}
Stopped: nothing was paired, and nothing has changed.
{% else %}
❌ <b>Not paired</b>

{{ text|truncate(800) }}

Nothing has changed. You can try again{% if by_code %}, or take the QR code{% else %}, or take a code{% endif %}.
{% endif %}
{% endif %}
{% if rests %}

<i>as of {{ now }}</i>
{% endif %}"""

AGE = """\
<b>{{ name }}</b> · the pace by its age

How old is this number on WhatsApp? The younger it is, the slower it must write, or WhatsApp bans it."""

PACE = """\
<b>{{ name }}</b> · {{ age }}

{% for line in lines %}
• {{ line }}
{% endfor %}

It takes the place of the present delays, caps and warm-up. All of it can be changed later: Delays & caps."""
