"""After a mistake: deleting a campaign for those who got it, correcting it, trying again what failed."""

from aiogram.enums import ContentType
from aiogram_dialog import Dialog, Window
from aiogram_dialog.widgets.input import MessageInput
from aiogram_dialog.widgets.kbd import Button, SwitchTo
from aiogram_dialog.widgets.link_preview import LinkPreview
from aiogram_dialog.widgets.text import Const, Format, Jinja

from bot.dialogs.campaign_mending import getters, handlers
from bot.dialogs.campaign_mending.states import CampaignMending
from bot.dialogs.navigation import back_and_home

REVOKE = """\
<b>{{ name }}</b> · delete for those who got it

{% if before %}
{{ before }}
{% endif %}
{% if progress %}
{% if before %}

{% endif %}
<b>{{ progress }}</b>
{% endif %}"""

CORRECT = """\
<b>{{ name }}</b> · correction

{{ got|people }} got it, or may have:
{{ message|safe }}

Send what they are to get now. You see who gets it, and when, before it goes out."""

RETRY = """\
<b>{{ name }}</b> · try again

{% if some %}
{{ people|people }} did not get it. It is sent to them once more, with the text as it is now.
{% else %}
Nothing is left to try again.
{% endif %}
{% for line in lines %}

· {{ line }}
{% endfor %}"""

dialog = Dialog(
    Window(
        Jinja(REVOKE),
        Button(Format("{label}"), id="revoke", on_click=handlers.revoke, when="possible"),
        SwitchTo(Const("⟳ Refresh"), id="refresh", state=CampaignMending.revoke, when="going_on"),
        back_and_home(),
        state=CampaignMending.revoke,
        getter=getters.get_revocations,
    ),
    Window(
        Jinja(CORRECT),
        LinkPreview(is_disabled=True),
        MessageInput(handlers.take_correction, content_types=[ContentType.ANY]),
        back_and_home(),
        state=CampaignMending.correct,
        getter=getters.get_wrong,
    ),
    Window(
        Jinja(RETRY),
        Button(Format("{label}"), id="retry", on_click=handlers.retry, when="some"),
        back_and_home(),
        state=CampaignMending.retry,
        getter=getters.get_failed,
    ),
    on_process_result=handlers.on_result,
)
