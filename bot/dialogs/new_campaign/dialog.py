"""A new campaign: its message, whom it is for, from which devices, and when. Each window also changes a draft."""

from aiogram.enums import ContentType
from aiogram_dialog import Dialog, Window
from aiogram_dialog.widgets.input import MessageInput, TextInput
from aiogram_dialog.widgets.kbd import Button, Row, Start, SwitchTo
from aiogram_dialog.widgets.link_preview import LinkPreview
from aiogram_dialog.widgets.text import Const, Format, Jinja

from bot.dialogs.navigation import BACK, back_and_home, choices, home
from bot.dialogs.new_campaign import getters, handlers
from bot.dialogs.new_campaign.states import NewCampaign
from bot.dialogs.pairing.states import Pairing
from bot.dialogs.sequences.pool import device_ticks

MESSAGE = """\
{% if now %}
<b>{{ name }}</b> · message

It says:
{{ now|safe }}

Send the new one: text, or a photo, video or file with its caption.\
{% if has_file %} A text alone is the new caption.{% endif %}

{% else %}
<b>New campaign</b>{% if whom_name %} · {{ whom_name }}{% endif %}


Send the message: text, or a photo, video or file with its caption.
{% endif %}

<code>Hi {{ "{{ first_name | default('there') }}" }}, we are open on Sunday!</code>"""

AUDIENCE = """\
<b>{{ name }}</b>

{% if nobody %}
There are no contacts yet. Drop a CSV or Excel file into this chat; what you wrote waits under Drafts.
{% else %}
Who gets it? Before anything goes out, you see how many, and who is left out.
{% if whom %}

Now: {{ whom }}.
{% endif %}
{% endif %}"""

INTEREST = """\
<b>{{ name }}</b>

{% if niches %}
Whoever is interested in what?
{% else %}
Nobody's interests are known yet. An import can bring them along, in a column or for all its people.
{% endif %}"""

LIST = """\
<b>{{ name }}</b>

{% if lists %}
The people of which list?
{% else %}
There is no list yet: every import makes one.
{% endif %}"""

SEGMENT = """\
<b>{{ name }}</b>

{% if segments %}
Which segment? Whoever meets its conditions at the start gets it.
{% else %}
There is no segment yet. Make one at Contacts → Segments.
{% endif %}"""

DEVICES = """\
<b>{{ name }}</b>

{% if has_devices %}
Which devices send it? The people are spread over them; who knows one of them gets it from that one.
{% else %}
There is no device yet. Add one; what you wrote waits for you here.
{% endif %}"""

WHEN = """\
<b>{{ name }}</b>

When does it go out? Tap, or type it: <code>18:30</code>, <code>tomorrow 9am</code>, <code>Fri 14:00</code>, \
<code>5 Jan 09:00</code>. Times are {{ city }}'s; it is {{ now }} there.
{% if only_device %}

{{ only_device }} sends it, your only device.
{% endif %}"""

dialog = Dialog(
    Window(
        Jinja(MESSAGE),
        LinkPreview(is_disabled=True),
        MessageInput(handlers.take_message, content_types=[ContentType.ANY]),
        Button(Const("📎 Without the file"), id="drop_file", on_click=handlers.drop_file, when="has_file"),
        back_and_home(),
        state=NewCampaign.message,
        getter=getters.get_message,
    ),
    Window(
        Jinja(AUDIENCE),
        choices("quick", items="quick", on_click=handlers.choose_quick),
        Row(
            SwitchTo(Const("🏷 Interest ▸"), id="to_interest", state=NewCampaign.interest),
            SwitchTo(Const("📋 List ▸"), id="to_list", state=NewCampaign.list),
            SwitchTo(Const("🧩 Segment ▸"), id="to_segment", state=NewCampaign.segment),
            when="somebody",
        ),
        Button(
            Format("🌍 Everybody · {everybody}"), id="all", on_click=handlers.choose_everybody, when="somebody"
        ),
        Button(Format("{leads}"), id="leads", on_click=handlers.turn_leads, when="somebody"),
        Row(
            SwitchTo(BACK, id="back", state=NewCampaign.message, when="in_turn"),
            Button(BACK, id="leave", on_click=handlers.leave, when="alone"),
            home(),
        ),
        state=NewCampaign.audience,
        getter=getters.get_audience,
    ),
    Window(
        Jinja(INTEREST),
        choices("niche", items="niches", on_click=handlers.choose_interest, label="🏷 {item[0]}"),
        back_and_home(NewCampaign.audience),
        state=NewCampaign.interest,
        getter=getters.get_interests,
    ),
    Window(
        Jinja(LIST),
        choices("list", items="lists", on_click=handlers.choose_list, label="📋 {item[0]}"),
        back_and_home(NewCampaign.audience),
        state=NewCampaign.list,
        getter=getters.get_lists,
    ),
    Window(
        Jinja(SEGMENT),
        choices("segment", items="segments", on_click=handlers.choose_segment, label="🧩 {item[0]}"),
        back_and_home(NewCampaign.audience),
        state=NewCampaign.segment,
        getter=getters.get_segments,
    ),
    Window(
        Jinja(DEVICES),
        device_ticks,
        Button(Const("Use these ›"), id="use", on_click=handlers.use_ticked, when="has_devices"),
        Button(Format("{known_label}"), id="known", on_click=handlers.use_known, when="has_devices"),
        Start(Const("+ Add a device"), id="add", state=Pairing.name, when="no_devices"),
        Row(
            SwitchTo(BACK, id="back", state=NewCampaign.audience, when="in_turn"),
            Button(BACK, id="leave", on_click=handlers.leave, when="alone"),
            home(),
        ),
        state=NewCampaign.devices,
        getter=(getters.get_pool, getters.get_name),
    ),
    Window(
        Jinja(WHEN),
        TextInput(id="moment", on_success=handlers.type_moment),
        Row(
            Button(Const("Now"), id="now", on_click=handlers.choose_now),
            Button(Const("Tomorrow 09:00"), id="tomorrow", on_click=handlers.choose_tomorrow),
        ),
        Row(Button(BACK, id="leave", on_click=handlers.back_from_when), home()),
        state=NewCampaign.when,
        getter=getters.get_moments,
    ),
    on_start=handlers.on_start,
    on_process_result=handlers.on_result,
)
