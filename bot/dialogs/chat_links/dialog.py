"""Click-to-chat: links and QR pictures by which people write in and join."""

from aiogram_dialog import Dialog, Window
from aiogram_dialog.widgets.input import TextInput
from aiogram_dialog.widgets.kbd import Button, Row, Start, SwitchTo
from aiogram_dialog.widgets.link_preview import LinkPreview
from aiogram_dialog.widgets.text import Const, Jinja

from bot.dialogs.chat_links import getters, handlers
from bot.dialogs.chat_links.states import ChatLinks
from bot.dialogs.devices.states import Devices
from bot.dialogs.navigation import back_and_home, choices

ALL = """\
<b>Click to chat</b>

{% if links %}
The number is how many have joined by a link so far.
{% else %}
With a link, or its QR picture on a poster, people write to you first. Their message is their permission, and \
they join at once.
{% endif %}"""

DEVICE = """\
{% if devices %}
<b>To which device are they to write?</b>
{% else %}
You have no device yet. Add one first.
{% endif %}"""

LINK = """\
<b>{{ link.target }}</b> · {{ link.device }}{% if not open %} · 🔒 closed{% endif %}


<code>{{ link.url }}</code>

It opens WhatsApp with these words, ready to be sent:
<i>{{ link.greeting }}</i>

{{ link.joined|people }} joined by it."""

GREETING = """\
<b>What are people to write?</b>

Type it. The code in brackets is added by itself, and what is printed already keeps working.

Now: <i>{{ link.greeting }}</i>"""

dialog = Dialog(
    Window(
        Jinja(ALL),
        choices("open", items="links", on_click=handlers.open_link),
        SwitchTo(Const("+ New link"), id="new", state=ChatLinks.device, when="may_change"),
        back_and_home(),
        state=ChatLinks.all,
        getter=getters.get_all,
    ),
    Window(
        Jinja(DEVICE),
        choices("device", items="devices", on_click=handlers.create, label="📱 {item[0]}"),
        Start(Const("📱 Devices"), id="devices", state=Devices.list),
        back_and_home(ChatLinks.all),
        state=ChatLinks.device,
        getter=getters.get_devices,
    ),
    Window(
        Jinja(LINK),
        LinkPreview(is_disabled=True),
        Button(Const("▦ QR picture"), id="picture", on_click=handlers.send_picture, when="open"),
        Row(
            SwitchTo(Const("✏️ Words"), id="words", state=ChatLinks.greeting, when="may_change"),
            Button(Const("🔒 Close"), id="close", on_click=handlers.close, when="may_close"),
            Button(Const("🔓 Open again"), id="reopen", on_click=handlers.reopen, when="may_reopen"),
        ),
        back_and_home(ChatLinks.all),
        state=ChatLinks.link,
        getter=getters.get_link,
    ),
    Window(
        Jinja(GREETING),
        LinkPreview(is_disabled=True),
        TextInput(id="type_greeting", on_success=handlers.type_greeting),
        back_and_home(ChatLinks.link),
        state=ChatLinks.greeting,
        getter=getters.get_link,
    ),
)
