"""Home: is everything all right, what goes out next, and the way to everything else."""

from aiogram_dialog import Dialog, Window
from aiogram_dialog.widgets.kbd import Button, Row, Start, SwitchTo
from aiogram_dialog.widgets.text import Const, Format, Jinja

from bot.dialogs.campaigns.states import Campaigns
from bot.dialogs.contacts.states import Contacts
from bot.dialogs.devices.states import Devices
from bot.dialogs.doubts.states import Doubts
from bot.dialogs.home.getters import get_alerts, get_home
from bot.dialogs.home.handlers import acknowledge, open_person, resume_everything, stop_everything
from bot.dialogs.home.states import Home
from bot.dialogs.navigation import choices
from bot.dialogs.new_sequence.handlers import open_created
from bot.dialogs.new_sequence.states import NewSequence
from bot.dialogs.pairing.states import Pairing
from bot.dialogs.replies.states import Replies
from bot.dialogs.sequences.states import Sequences
from bot.dialogs.settings.states import Settings

MAIN = """\
<b>{{ overview.team }}</b>
{% if stopped %}
⛔ <b>Everything is stopped.</b> Nothing goes out until you resume.
{% elif overview.devices == 0 %}
Welcome! Add the device that will send, then your contacts, then a sequence.
{% elif overview.devices_sending + overview.devices_connecting < overview.devices %}
⚠️ {{ overview.devices_sending }} of {{ overview.devices|counted("device") }} can send
{% elif overview.devices_connecting %}
⏳ {{ overview.devices_connecting|counted("device") }} connecting\
{% if overview.devices_sending %}, {{ overview.devices_sending }} online{% endif %}: refresh in a moment

{% else %}
✅ {{ overview.devices|counted("device") }} online
{% endif %}
{% if overview.sequences %}
▶️ {{ overview.sequences_active }} of {{ overview.sequences|counted("sequence") }} active
{% endif %}
{% if campaigns %}
📣 Campaigns: {{ campaigns }}
{% endif %}
👥 {{ overview.contacts|counted("contact") }}
{% if overview.open_alerts %}
🔔 {{ overview.open_alerts|counted("open alert") }}
{% endif %}
{% if overview.replies %}
💬 {{ overview.replies|counted("reply", "replies") }} to answer
{% endif %}
{% if overview.doubts %}
❔ {{ "{:,}".format(overview.doubts) }} not sure
{% endif %}
{% if not stopped and overview.devices %}
Next message: {{ next_send or "nothing planned" }}
{% endif %}
{% if not overview.alerts_bound %}

Add me to a group and problems are posted there.
{% endif %}
<i>as of {{ now }}</i>"""

ALERTS = """\
<b>Open alerts</b>
{% for alert in alerts %}

{{ loop.index }}. {{ alert.title|safe }}
{{ alert.text }}
<i>since {{ alert.since }}</i>
{% else %}

None. All is well.
{% endfor %}
{% if more %}

… and {{ more }} more.
{% endif %}"""

dialog = Dialog(
    Window(
        Jinja(MAIN),
        Start(Const("📱 Add your first device"), id="first_device", state=Pairing.name, when="needs_device"),
        Start(Const("👥 Import your contacts"), id="first_import", state=Contacts.main, when="needs_contacts"),
        Start(
            Const("✉️ Make your first sequence"),
            id="first_sequence",
            state=NewSequence.name,
            when="needs_sequence",
        ),
        Row(
            Start(Const("✉️ Sequences"), id="sequences", state=Sequences.list),
            Start(Const("📣 Campaigns"), id="campaigns", state=Campaigns.list),
        ),
        Row(
            Start(Const("👥 Contacts"), id="contacts", state=Contacts.main),
            Start(Const("📱 Devices"), id="devices", state=Devices.list),
        ),
        Start(Const("⚙️ Settings"), id="settings", state=Settings.main),
        Start(Format("💬 Replies ({overview.replies})"), id="replies", state=Replies.list, when="has_replies"),
        Start(Format("❔ Not sure ({overview.doubts})"), id="doubts", state=Doubts.list, when="has_doubts"),
        SwitchTo(Format("🔔 Alerts ({open_alerts})"), id="alerts", state=Home.alerts, when="has_alerts"),
        Row(
            SwitchTo(Const("⟳ Refresh"), id="refresh", state=Home.main),
            SwitchTo(Const("⛔ Stop everything"), id="ask_stop", state=Home.stop, when="running"),
            Button(Const("▶️ Resume everything"), id="resume", on_click=resume_everything, when="stopped"),
        ),
        state=Home.main,
        getter=get_home,
    ),
    Window(
        Jinja(ALERTS),
        choices("seen", items="unseen", on_click=acknowledge, label="✓ Seen {item[0]}", width=4),
        choices("asking", items="asking", on_click=open_person, label="👤 {item[0]}", width=4),
        SwitchTo(Const("‹ Back"), id="back", state=Home.main),
        state=Home.alerts,
        getter=get_alerts,
    ),
    Window(
        Const(
            "⛔ <b>Stop everything?</b>\n\nNo message of any sequence or campaign goes out until you resume. "
            "Nothing is cancelled and nobody is forgotten; what becomes too late meanwhile moves to its next day."
        ),
        Row(
            Button(Const("⛔ Stop now"), id="stop", on_click=stop_everything),
            SwitchTo(Const("Keep sending"), id="keep", state=Home.main),
        ),
        state=Home.stop,
    ),
    on_process_result=open_created,
)
