from dataclasses import replace
from datetime import UTC, date, datetime

from hypothesis import given
from hypothesis import strategies as st

from bot.alerts.digest_rendering import render_digest
from bot.sandbox.telegram.formatting import MAX_TEXT, parse_html
from engine.reports.digest import LONGEST_WORDS, MOST_CAMPAIGNS, MOST_REASONS, Coming, Failure, Figures

NOTHING = Figures(
    sent=0, delivered=0, read=0, failed=0, failures=(), replied=0, opted_out=0, listed_out=0, asking=0, unsure=0,
    sequences=0, campaigns=0, due_tomorrow=0, campaigns_tomorrow=(),
)  # fmt: skip


def shown(figures: Figures, team: str = "Acme") -> str:
    html = render_digest(
        figures,
        team=team,
        day=date(2026, 1, 5),
        since=datetime(2026, 1, 4, 10, tzinfo=UTC),
        until=datetime(2026, 1, 5, 10, tzinfo=UTC),
        time_zone="Asia/Kuala_Lumpur",
    )
    return parse_html(html).text


def test_a_full_day():
    day = replace(
        NOTHING,
        sent=1234, delivered=1200, read=800, failed=6,
        failures=(Failure("not on WhatsApp", 5), Failure("refused <now>", 1)),
        replied=14, opted_out=7, listed_out=1204, asking=2, unsure=3, sequences=3, campaigns=1, due_tomorrow=80,
        campaigns_tomorrow=(Coming("Sale & more", "10:00"),),
    )  # fmt: skip
    assert shown(day) == (
        "🗞 Acme · Mon 5 Jan\n"
        "Sun 4 Jan 18:00 – Mon 5 Jan 18:00\n\n"
        "📤 1,234 messages sent: 1,200 delivered, 800 read\n"
        "⚠️ 6 failed: 5 × not on WhatsApp; 1 × refused <now>\n"
        "💬 14 people answered\n"
        "🚫 7 people opted out\n"
        "🚫 1,204 numbers opted out by an imported list\n"
        "❔ 3 not sure: decide at Home → Not sure\n"
        "❗ 2 people seem to ask to stop: decide at Home → Alerts\n\n"
        "▶️ 3 sequences and 1 campaign running\n"
        "📅 Tomorrow: 80 messages of sequences, campaign “Sale & more” 10:00"
    )


def test_a_day_without_anything_says_so():
    assert shown(replace(NOTHING, sequences=1)).endswith(
        "\n\nNothing went out, and nobody wrote.\n\n▶️ 1 sequence running\n📅 Tomorrow: nothing is due"
    )


def test_figures_survive_being_stored():
    import json
    from dataclasses import asdict

    day = replace(NOTHING, failed=2, failures=(Failure("x", 2),), campaigns_tomorrow=(Coming("y", "09:00"),))
    assert Figures.from_json(json.loads(json.dumps(asdict(day)))) == day


_words = st.text(max_size=LONGEST_WORDS)


@given(st.lists(_words, max_size=MOST_REASONS), st.lists(_words, max_size=MOST_CAMPAIGNS), st.text(max_size=200))
def test_whatever_it_is_called_it_fits_and_is_not_read_as_markup(reasons, names, team):
    day = replace(
        NOTHING,
        failed=9,
        failures=tuple(Failure(reason, 1) for reason in reasons),
        campaigns_tomorrow=tuple(Coming(name, "10:00") for name in names),
    )
    assert len(shown(day, team)) < MAX_TEXT


def test_a_campaign_that_is_paused_is_not_forgotten():
    paused = replace(NOTHING, campaigns_paused=2)
    assert "▶️ Nothing is running, 2 campaigns paused\n" in shown(paused)
    assert "▶️ 1 campaign running, 1 campaign paused\n" in shown(replace(paused, campaigns=1, campaigns_paused=1))
    assert not paused.is_empty
