"""Devices: which can send, what each is doing, and how fast it may."""

from typing import Any

from aiogram_dialog import Dialog, Window
from aiogram_dialog.widgets.input import TextInput
from aiogram_dialog.widgets.kbd import Button, Keyboard, Row, Select, Start, SwitchTo
from aiogram_dialog.widgets.kbd.select import OnItemClick
from aiogram_dialog.widgets.text import Const, Format, Jinja

from bot.dialogs.devices import handlers
from bot.dialogs.devices.getters import get_card, get_limits, get_list, get_unlinking, get_why
from bot.dialogs.devices.states import Devices
from bot.dialogs.doubts.handlers import open_doubts
from bot.dialogs.navigation import BACK, back_and_home, choices, home, question
from bot.dialogs.pairing.states import Pairing
from bot.dialogs.relocation.handlers import open_relocation

LIST = """\
<b>Devices</b>

{% if devices %}
{{ sending }} of {{ devices|length }} can send now. Tap one to see what it is doing.
{% else %}
No device yet. A device is one WhatsApp account that sends your messages; add the first one.
{% endif %}"""

CARD = """\
<b>{{ card.name }}</b>{% if simulated %} · simulated{% elif phone %} · {{ phone }}{% endif %}


{{ dot }} {{ words }}
{% if card.paused %}
Paused by your team: nothing goes out until you resume.
{% endif %}
{% if card.state_reason %}
Why: {{ card.state_reason|truncate(300) }}
{% endif %}
{% if limited_until %}
WhatsApp lets it write to nobody new until {{ limited_until }}. Who has written to it gets answers.
{% endif %}
{% if phone_away %}
Its phone was not online for {{ phone_away }} days: switch it on and open WhatsApp.
{% endif %}

Queue: {{ "{:,}".format(card.queued) }} {{ "message" if card.queued == 1 else "messages" }}
Next send: {{ next_send }}
Delay between messages: {{ delays }}
{% if card.pace.hourly_cap %}
At most {{ hourly }} an hour
{% endif %}
{% if ramp != "off" %}
Warm-up: {{ ramp }}
{% endif %}
Today: {% if card.cap_today %}{{ "{:,}".format(card.used_today) }} of {{ "{:,}".format(card.cap_today) }} · \
{% endif %}{{ card.sent_today }} sent · {{ card.failed_today }} failed · {{ card.unknown_today }} not sure
{% if housing %}
Host: {{ housing }}
{% endif %}
<i>as of {{ now }}</i>"""

WHY = """\
<b>{{ story.name }}</b> · why is it not sending?

{{ reason|truncate(1000) }}

{% if points %}
<b>Lately</b>
{% for at, words in points %}
{{ at }} · {{ words|truncate(150) }}
{% endfor %}
{% endif %}

<i>as of {{ now }}</i>"""

DELAYS = """\
<b>{{ card.name }}</b> · delays and caps

After each message it waits for a random time between two delays; now {{ delays }}. Longer is safer.

An hour: {{ hourly }} · a day: {{ daily }}
Warm-up: {{ ramp }}

Tap delays, or type two numbers of seconds, such as <code>5-15</code>."""

HOURLY = """\
<b>{{ card.name }}</b> · at most so many an hour

Now: {{ hourly }}. What is over goes out in the next hour.

Tap one, or type a number."""

DAILY = """\
<b>{{ card.name }}</b> · at most so many a day

Now: {{ daily }}. The day is your team's; what is over goes out the next day.

Tap one, or type a number."""

RAMP = """\
<b>{{ card.name }}</b> · warm-up

A new number should begin slowly. The daily cap rises by the same number each day until it is {{ daily }}.
Now: {{ ramp }}.

Tap one, or type the first day's messages and the days, such as <code>20 over 14</code>."""

REMOVE = """\
<b>Remove “{{ card.name }}”?</b>

It stops sending for good{% if may_log_out %}, and is logged out of WhatsApp{% endif %}. What it has sent stays \
in your results."""

LOG_OUT = """\
<b>Log “{{ card.name }}” out of WhatsApp?</b>

It stops sending, and {{ phone or "its phone" }} does not list it any more. Its people, settings and history stay \
here: Re-pair brings it back."""

UNLINKING = """\
<b>{{ status.name }}</b>{% if status.removed %} · removed{% endif %}


{% if outcome == "under_way" %}
⏳ Logging out of WhatsApp …
{% elif outcome == "unheard" %}
⚠️ <b>WhatsApp could not be told.</b> The phone{% if phone %} {{ phone }}{% endif %} still lists this device: open \
WhatsApp there → Settings → <b>Linked devices</b>, tap it and log it out.
{% elif outcome == "done" %}
✅ Logged out: {{ phone or "the phone" }} does not list it any more.
{% else %}
It was not linked to a phone.
{% endif %}
{% if not status.removed and outcome != "under_way" %}

Its people wait. Re-pair brings it back, Move people gives them to other devices.
{% endif %}
{% if rests %}

<i>as of {{ now }}</i>
{% endif %}"""


def _usual(items: str, on_click: OnItemClick[Any, str]) -> Keyboard:
    """Make a row of usual values."""
    return Row(Select(Format("{item}"), id=items, item_id_getter=str, items=items, on_click=on_click))


dialog = Dialog(
    Window(
        Jinja(LIST),
        choices("open", items="labels", on_click=handlers.open_card),
        Row(
            Start(Format("{add_label}"), id="add", state=Pairing.name, data={"from_devices": True}),
            SwitchTo(Const("⟳ Refresh"), id="refresh", state=Devices.list),
        ),
        back_and_home(),
        state=Devices.list,
        getter=get_list,
    ),
    Window(
        Jinja(CARD),
        Row(
            Button(Const("⏸ Pause"), id="pause", on_click=handlers.pause, when="running"),
            Button(Const("▶️ Resume"), id="resume", on_click=handlers.resume, when="paused"),
            SwitchTo(Const("⟳ Refresh"), id="refresh", state=Devices.card),
        ),
        Row(
            SwitchTo(Const("Why?"), id="why", state=Devices.why),
            SwitchTo(Const("⏱ Delays & caps"), id="delays", state=Devices.delays),
        ),
        Row(
            Button(Const("Restart"), id="restart", on_click=handlers.restart, when="may_restart"),
            SwitchTo(Const("🗑 Remove"), id="ask_remove", state=Devices.remove, when="may_remove"),
        ),
        Row(
            Button(Const("🔗 Go on pairing"), id="go_on", on_click=handlers.go_on_pairing, when="is_pairing"),
            Button(Const("🔗 Re-pair"), id="pair", on_click=handlers.pair_again, when="may_pair"),
            SwitchTo(Const("Log out"), id="ask_log_out", state=Devices.log_out, when="may_log_out"),
        ),
        Row(
            Button(Const("❔ Not sure"), id="doubts", on_click=open_doubts),
            Button(Const("Move people"), id="move_people", on_click=open_relocation),
        ),
        back_and_home(Devices.list),
        state=Devices.card,
        getter=get_card,
    ),
    Window(
        Jinja(WHY),
        Row(
            Button(Const("▶️ Resume"), id="resume", on_click=handlers.resume, when="may_resume"),
            Button(Const("Restart"), id="restart", on_click=handlers.restart, when="may_restart"),
            Button(Const("🔗 Re-pair"), id="pair", on_click=handlers.pair_again, when="may_pair"),
            SwitchTo(Const("⏱ Delays & caps"), id="delays", state=Devices.delays, when="may_pace"),
            SwitchTo(Const("⟳ Refresh"), id="refresh", state=Devices.why),
        ),
        back_and_home(Devices.card),
        state=Devices.why,
        getter=get_why,
    ),
    Window(
        Jinja(DELAYS),
        _usual("usual", handlers.set_delays),
        TextInput(id="type_delays", on_success=handlers.set_delays),
        Row(
            SwitchTo(Const("An hour"), id="hourly", state=Devices.hourly),
            SwitchTo(Const("A day"), id="daily", state=Devices.daily),
            SwitchTo(Const("Warm-up"), id="ramp", state=Devices.ramp),
        ),
        Button(Const("By the number's age ▸"), id="age", on_click=handlers.pace_by_age),
        back_and_home(Devices.card),
        state=Devices.delays,
        getter=(get_card, get_limits),
    ),
    Window(
        Jinja(HOURLY),
        _usual("usual_hourly", handlers.set_hourly_cap),
        TextInput(id="type_hourly", on_success=handlers.set_hourly_cap),
        back_and_home(Devices.delays),
        state=Devices.hourly,
        getter=(get_card, get_limits),
    ),
    Window(
        Jinja(DAILY),
        _usual("usual_daily", handlers.set_daily_cap),
        TextInput(id="type_daily", on_success=handlers.set_daily_cap),
        back_and_home(Devices.delays),
        state=Devices.daily,
        getter=(get_card, get_limits),
    ),
    Window(
        Jinja(RAMP),
        _usual("usual_ramps", handlers.set_ramp),
        TextInput(id="type_ramp", on_success=handlers.set_ramp),
        back_and_home(Devices.delays),
        state=Devices.ramp,
        getter=(get_card, get_limits),
    ),
    question(
        REMOVE,
        Button(Const("🗑 Remove"), id="remove", on_click=handlers.remove),
        "Keep it",
        state=Devices.remove,
        back=Devices.card,
        getter=get_card,
    ),
    question(
        LOG_OUT,
        Button(Const("Log out"), id="log_out", on_click=handlers.log_out),
        "Keep it",
        state=Devices.log_out,
        back=Devices.card,
        getter=get_card,
    ),
    Window(
        Jinja(UNLINKING),
        SwitchTo(Const("⟳ Refresh"), id="refresh", state=Devices.unlinking, when="moves"),
        Row(
            SwitchTo(BACK, id="to_list", state=Devices.list, when="removed"),
            SwitchTo(BACK, id="to_card", state=Devices.card, when="stays"),
            home(),
        ),
        state=Devices.unlinking,
        getter=get_unlinking,
    ),
    on_process_result=handlers.on_device,
)
