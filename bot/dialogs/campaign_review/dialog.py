"""What launching a campaign does, on one screen, before it does it."""

from aiogram_dialog import Dialog, Window
from aiogram_dialog.widgets.kbd import Button, Row, SwitchTo
from aiogram_dialog.widgets.link_preview import LinkPreview
from aiogram_dialog.widgets.text import Const, Format, Jinja

from bot.dialogs.campaign_review import getters, handlers
from bot.dialogs.campaign_review.states import CampaignReview
from bot.dialogs.navigation import back_and_home
from bot.dialogs.rehearsal.handlers import rehearse_campaign

REVIEW = """\
<b>{{ name }}</b> · review

{% for line in who %}
{{ line|safe }}
{% endfor %}
{% for line in times + devices %}
{{ line }}
{% endfor %}
{% for line in faster %}
💡 {{ line }}
{% endfor %}
{% for line in problems %}

⚠️ {{ line }}
{% endfor %}
{% for sample in samples %}

<i>To {{ sample.name|truncate(40) }}:</i>
{% if sample.trouble %}
⚠️ {{ sample.trouble }}
{% else %}
{{ sample.html|safe }}
{% endif %}
{% endfor %}"""

dialog = Dialog(
    Window(
        Jinja(REVIEW),
        LinkPreview(is_disabled=True),
        Row(
            Button(Const("🧪 Test to me"), id="test", on_click=rehearse_campaign, when="may_launch"),
            Button(Const("📈 Chart"), id="chart", on_click=handlers.send_chart, when="has_curve"),
        ),
        Button(Format("{first_label}"), id="first", on_click=handlers.launch_first_ones, when="many"),
        Button(Format("🚀 Launch · {starts}"), id="launch", on_click=handlers.launch, when="may_launch"),
        SwitchTo(Const("⟳ Look again"), id="refresh", state=CampaignReview.review),
        back_and_home(),
        state=CampaignReview.review,
        getter=getters.get_review,
    ),
)
