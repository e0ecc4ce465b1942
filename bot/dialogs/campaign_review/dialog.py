"""What launching a campaign does, on one screen, before it does it."""

from aiogram_dialog import Dialog, Window
from aiogram_dialog.widgets.kbd import Button, Row, SwitchTo
from aiogram_dialog.widgets.link_preview import LinkPreview
from aiogram_dialog.widgets.text import Const, Format, Jinja

from bot.dialogs.campaign_review import getters, handlers
from bot.dialogs.campaign_review.states import CampaignReview
from bot.dialogs.navigation import back_and_home

REVIEW = """\
<b>{{ name }}</b> · review

{% for line in who %}
{{ line }}
{% endfor %}
{% for line in times %}
{{ line }}
{% endfor %}
{% for line in devices %}
{{ line }}
{% endfor %}
{% for line in faster %}
💡 {{ line }}
{% endfor %}
{% for line in problems %}

⚠️ {{ line }}
{% endfor %}
{% for sample in samples %}

<i>To {{ sample.name }}:</i>
{{ sample.html|safe }}
{% endfor %}"""

dialog = Dialog(
    Window(
        Jinja(REVIEW),
        LinkPreview(is_disabled=True),
        Row(
            Button(Const("🧪 Test to me"), id="test", on_click=handlers.test_to_me),
            Button(Const("📈 Chart"), id="chart", on_click=handlers.send_chart, when="somebody"),
            when="may_change",
        ),
        Button(Format("{first_label}"), id="first", on_click=handlers.launch_first_ones, when="many"),
        Button(Format("🚀 Launch · {starts}"), id="launch", on_click=handlers.launch, when="stands"),
        SwitchTo(Const("⟳ Look again"), id="refresh", state=CampaignReview.review),
        back_and_home(),
        state=CampaignReview.review,
        getter=getters.get_review,
    ),
)
