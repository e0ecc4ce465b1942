"""A campaign that is paused gets another text: who has not had it gets the new one."""

from aiogram.enums import ContentType
from aiogram_dialog import Dialog, Window
from aiogram_dialog.widgets.input import MessageInput
from aiogram_dialog.widgets.kbd import Button, Cancel, Row, SwitchTo
from aiogram_dialog.widgets.link_preview import LinkPreview
from aiogram_dialog.widgets.text import Const, Format, Jinja

from bot.dialogs.campaign_text import getters, handlers
from bot.dialogs.campaign_text.states import CampaignText
from bot.dialogs.navigation import back_and_home, home

TEXT = """\
<b>{{ card.name }}</b> · fix the text

It says:
{{ message|safe }}

Send it as it should be\
{% if has_file %}: a text is the new caption, another file takes the place of this one{% endif %}. \
You see it before it goes on."""

LOOK = """\
<b>{{ card.name }}</b> · fixed

{% for sample in samples %}
<i>To {{ sample.name }}:</i>
{{ sample.html|safe }}

{% else %}
{{ message|safe }}

{% endfor %}
<b>{{ gets }}</b>{% if got %} {{ had }}{% endif %}"""

dialog = Dialog(
    Window(
        Jinja(TEXT),
        LinkPreview(is_disabled=True),
        MessageInput(handlers.take_text, content_types=[ContentType.ANY]),
        back_and_home(),
        state=CampaignText.text,
        getter=getters.get_text,
    ),
    Window(
        Jinja(LOOK),
        LinkPreview(is_disabled=True),
        Button(Format("{continue_label}"), id="continue", on_click=handlers.go_on),
        SwitchTo(Const("✏️ Type it again"), id="again", state=CampaignText.text),
        Row(Cancel(Const("‹ Leave it paused")), home()),
        state=CampaignText.look,
        getter=getters.get_look,
    ),
)
