"""A sequence's whole life over REST, beside the chat that has it too."""

from typing import Any

import httpx
import pytest

from engine.sequences.steps import NewStep
from models.enums import SequenceStatus
from tests.integration.engine.test_joining import list_of
from tests.integration.engine.world import World, at
from tests.integration.rest.conftest import Api

STEPS = [
    {"day": 1, "after_join_minutes": 15, "body": "Hi {{ name }}"},
    {"day": 2, "body": "Prices"},
    {"day": 4, "send_time": "14:30", "body": "Shall we call you?"},
]
TEXT = "Day 1 on joining + 15 min\nHi {{ name }}\nDay 2\nPrices\nD4 2.30pm\nShall we call you?"
NOBODY = {"active": 0, "paused": 0, "completed": 0, "exited": 0}


async def draft(api: Api, world: World, **fields: Any) -> dict[str, Any]:
    devices = [device for (device,) in await world.rows("SELECT id FROM user_devices")]
    whole = {"name": "Welcome", "device_ids": devices or [await world.device()], "steps": STEPS, **fields}
    made: dict[str, Any] = await api.post("", whole)
    return made


def whole(made: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """What to PUT so that everything stays as it is."""
    return {
        "name": made["name"],
        "device_ids": [device["id"] for device in made["devices"]],
        "niche": made["niche"],
        "skip_weekends": made["skip_weekends"],
        "steps": [
            {key: step[key] for key in ("id", "day", "send_time", "after_join_minutes", "kind", "body")}
            for step in made["steps"]
        ],
        **changes,
    }


def plan(sequence: dict[str, Any]) -> list[tuple[Any, ...]]:
    return [
        (step["day"], step["send_time"], step["after_join_minutes"], step["body"]) for step in sequence["steps"]
    ]


async def test_a_sequence_is_made_whole_and_read_back(api: Api, world: World) -> None:
    device = await world.device()
    body = {"name": " Welcome ", "device_ids": [device], "niche": "solar", "skip_weekends": True, "steps": STEPS}
    answer = await api.call("POST", "", body)
    assert answer.status_code == 201
    made = answer.json()
    assert answer.headers["location"] == f"/api/sequences/{made['id']}"
    assert plan(made) == [
        (1, None, 15, "Hi {{ name }}"),
        (2, "09:00", None, "Prices"),
        (4, "14:30", None, "Shall we call you?"),
    ]
    assert made["people"] == NOBODY
    told = {key: made[key] for key in ("name", "status", "niche", "skip_weekends", "time_zone", "devices")}
    assert told == {
        "name": "Welcome",
        "status": "draft",
        "niche": "solar",
        "skip_weekends": True,
        "time_zone": "Asia/Kuala_Lumpur",
        "devices": [{"id": device, "name": "Sales"}],
    }
    assert await api.get(f"/{made['id']}") == made
    assert [one.name for one in await world.catalogue.list(world.actor, SequenceStatus.DRAFT)] == ["Welcome"]


async def test_the_builders_text_makes_the_same_sequence(api: Api, world: World) -> None:
    steps = await draft(api, world)
    text = await draft(api, world, name="Pasted", steps=None, text=TEXT)
    assert plan(text) == plan(steps)


async def test_one_step_that_is_not_possible_makes_no_sequence(api: Api, world: World) -> None:
    body = {
        "name": "Welcome",
        "device_ids": [await world.device()],
        "steps": [*STEPS, {"day": 9, "body": "{{ x }}"}],
    }
    told = await api.problem(422, "POST", "", body)
    assert told["detail"].startswith("Day 9: Line 1: there is no variable “x”.")
    assert (await api.get())["sequences"] == []


async def test_a_name_that_is_taken_is_a_conflict_in_the_words_of_the_chat(api: Api, world: World) -> None:
    made = await draft(api, world)
    told = await api.problem(409, "POST", "", {"name": "welcome", "device_ids": [made["devices"][0]["id"]]})
    assert told["detail"] == "There is already a sequence called “welcome”; choose another name."


async def test_putting_back_what_was_read_changes_nothing(api: Api, world: World) -> None:
    made = await draft(api, world)
    again = await api.put(f"/{made['id']}", whole(made))
    assert again == {**made, "revision": again["revision"]}


async def test_everything_is_replaced_at_once(api: Api, world: World) -> None:
    made = await draft(api, world)
    other = await world.device("Support")
    kept = made["steps"][1]["id"]
    steps = [{"id": kept, "day": 3, "send_time": "10:00", "body": "New prices"}, {"day": 5, "body": "Bye"}]
    body = {"name": "Hello", "device_ids": [other], "niche": None, "skip_weekends": True, "steps": steps}
    replaced = await api.put(f"/{made['id']}", body)
    assert plan(replaced) == [(3, "10:00", None, "New prices"), (5, "09:00", None, "Bye")]
    assert replaced["steps"][0]["id"] == kept
    assert (replaced["name"], replaced["skip_weekends"]) == ("Hello", True)
    assert replaced["devices"] == [{"id": other, "name": "Support"}]
    pasted = await api.put(f"/{made['id']}", {**whole(replaced, text="Day 3 10:00\nOnly this"), "steps": None})
    assert plan(pasted) == [(3, "10:00", None, "Only this")]
    assert pasted["steps"][0]["id"] == kept


async def test_people_join_and_each_refusal_is_told(api: Api, world: World) -> None:
    made = await draft(api, world)
    one, two, three = await world.contacts(3)
    (unasked,) = await world.contacts(1, consent=None)
    people = await list_of(world, three, unasked)
    body = {"phones": ["012-000 0001", "+60199999999", "?"], "contact_ids": [two], "list_id": people}
    joined = await api.post(f"/{made['id']}/contacts", body)
    assert joined == {
        "joined": 3,
        "refused": {"not_a_phone": 1, "not_found": 1, "no_consent": 1},
        "refusals": [
            {"reason": "not_a_phone", "contact_id": None, "phone": "?", "detail": "this is not a phone number"},
            {"reason": "not_found", "contact_id": None, "phone": "+60199999999", "detail": None},
            {"reason": "no_consent", "contact_id": unasked, "phone": "+60120000004", "detail": None},
        ],
        "last_on": None,
        "left_off": 0,
    }
    again = await api.post(f"/{made['id']}/contacts", {"contact_ids": [one]})
    assert (again["joined"], again["refused"]) == (0, {"already_in_it": 1})
    assert (await api.get(f"/{made['id']}"))["people"] == {**NOBODY, "active": 3}


async def test_a_long_list_of_refusals_is_cut_and_says_so(
    api: Api, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.rest.answers.MOST_TOLD", 2)
    made = await draft(api, world)
    joined = await api.post(f"/{made['id']}/contacts", {"phones": ["a", "b", "c"]})
    assert joined["refused"] == {"not_a_phone": 3}
    assert (len(joined["refusals"]), joined["left_off"]) == (2, 1)


async def test_start_and_pause_are_idempotent_and_the_messages_go_out(api: Api, world: World) -> None:
    made = await draft(api, world, steps=[{"day": 1, "send_time": "11:00", "body": "Hi"}])
    await api.post(f"/{made['id']}/contacts", {"contact_ids": await world.contacts(1)})
    started = [await api.post(f"/{made['id']}/start") for _ in range(2)]
    assert [one["status"] for one in started] == ["active", "active"]
    assert started[0]["next_due_at"] == "2026-01-05T03:00:00Z"
    paused = [await api.post(f"/{made['id']}/pause") for _ in range(2)]
    assert [one["status"] for one in paused] == ["paused", "paused"]
    await api.post(f"/{made['id']}/start")
    engine = await world.engine()
    await world.move_to(at(5, 11))
    assert await engine.send_all(made["devices"][0]["id"]) == ["Hi"]
    after = await api.get(f"/{made['id']}")
    assert after["people"] == {**NOBODY, "completed": 1}
    assert (after["steps"][0]["results"]["planned"], after["steps"][0]["results"]["sent"]) == (1, 1)


async def test_what_cannot_be_started_or_paused_is_a_conflict(api: Api, world: World) -> None:
    made = await draft(api, world, steps=[])
    told = await api.problem(409, "POST", f"/{made['id']}/start")
    assert told["detail"] == "This sequence has no messages yet. Add one, then start it."
    assert (await api.problem(409, "POST", f"/{made['id']}/pause"))["detail"].startswith("Only an active")


async def test_deleting_says_whether_it_was_deleted_or_archived(api: Api, world: World) -> None:
    empty = await draft(api, world)
    assert await api.delete(f"/{empty['id']}") == {"id": empty["id"], "outcome": "deleted"}
    await api.problem(404, "GET", f"/{empty['id']}")
    joined = await draft(api, world)
    await api.post(f"/{joined['id']}/contacts", {"contact_ids": await world.contacts(1)})
    assert await api.delete(f"/{joined['id']}") == {"id": joined["id"], "outcome": "archived"}
    archived = await api.get(f"/{joined['id']}")
    assert (archived["status"], archived["people"]) == ("archived", {**NOBODY, "exited": 1})
    await api.problem(409, "POST", f"/{joined['id']}/contacts", {"contact_ids": [1]})


async def test_the_list_is_read_page_by_page_and_by_status(api: Api, world: World) -> None:
    made = [await draft(api, world, name=f"Number {number}") for number in range(5)]
    await api.post(f"/{made[1]['id']}/contacts", {"contact_ids": await world.contacts(2)})
    await api.post(f"/{made[1]['id']}/start")
    seen, cursor = [], {}
    for expected in (2, 2, 1):
        page = await api.get(limit=2, **cursor)
        assert len(page["sequences"]) == expected
        seen += page["sequences"]
        cursor = {"cursor": page["next_cursor"]}
    assert cursor == {"cursor": None}
    assert [one["id"] for one in seen] == [one["id"] for one in reversed(made)]
    assert [len(one["steps"]) for one in seen] == [3] * 5
    (active,) = (await api.get(status="active"))["sequences"]
    assert (active["id"], active["people"]) == (made[1]["id"], {**NOBODY, "active": 2})
    detail = await api.get(f"/{made[1]['id']}")
    assert {key: active[key] for key in active if key != "steps"} == {
        key: detail[key] for key in active if key != "steps"
    }
    assert active["steps"] == [{key: step[key] for key in active["steps"][0]} for step in detail["steps"]]


async def test_what_the_chat_changed_is_read_here(api: Api, world: World) -> None:
    made = await draft(api, world)
    await world.editor.add_steps(world.actor, made["id"], [NewStep(7, None, None, "From the chat")])
    assert plan(await api.get(f"/{made['id']}"))[-1] == (7, "09:00", None, "From the chat")


async def test_who_read_it_before_somebody_else_s_change_is_told_of_it(api: Api, world: World) -> None:
    made = await draft(api, world)
    await world.editor.add_steps(world.actor, made["id"], [NewStep(7, None, None, "From the chat")])
    told = await api.problem(409, "PUT", f"/{made['id']}", {**whole(made), "revision": made["revision"]})
    assert "Day 7" in told["detail"]
    read = await api.get(f"/{made['id']}")
    await api.put(f"/{made['id']}", {**whole(read), "revision": read["revision"]})


async def test_every_change_is_in_the_audit_log_with_its_token(api: Api, world: World) -> None:
    made = await draft(api, world)
    (contact,) = await world.contacts(1)
    await api.post(f"/{made['id']}/contacts", {"contact_ids": [contact]})
    await api.put(f"/{made['id']}", whole(made))
    await api.post(f"/{made['id']}/start")
    await api.post(f"/{made['id']}/pause")
    await api.delete(f"/{made['id']}")
    token = await world.one("SELECT id FROM api_tokens")
    log = await world.rows(
        "SELECT action, subject_id, detail['token'] FROM audit_log WHERE face = 'rest' ORDER BY id"
    )
    actions = ("create", "join", "replace", "start", "pause", "archive")
    assert log == [(f"sequence.{action}", made["id"], token) for action in actions]


async def test_a_lost_answer_is_no_second_sequence(api: Api, client: httpx.AsyncClient, world: World) -> None:
    made = await draft(api, world)
    await api.problem(
        409, "POST", "", {"name": "Welcome", "device_ids": [made["devices"][0]["id"]], "steps": STEPS}
    )
    assert len((await api.get())["sequences"]) == 1


EVERY_SETTING = {
    "niche": "solar",
    "auto_enroll": True,
    "skip_weekends": True,
    "skip_holidays": True,
    "time_zone": "Europe/Berlin",
    "use_contact_time_zone": True,
    "default_time": "14:30",
    "missed_policy": "skip",
    "late_window_minutes": 90,
    "on_reply": "exit",
    "reentry_policy": "after_cooldown",
    "reentry_cooldown_days": 7,
}


def settings_of(sequence: dict[str, Any]) -> dict[str, Any]:
    return {name: sequence[name] for name in (*EVERY_SETTING, "next_sequence_id")}


async def test_every_setting_is_made_read_and_replaced(api: Api, world: World) -> None:
    first = await draft(api, world, name="First")
    made = await draft(api, world, **EVERY_SETTING, next_sequence_id=first["id"])
    assert settings_of(made) == {**EVERY_SETTING, "next_sequence_id": first["id"]}
    assert made["steps"][1]["send_time"] == "14:30"
    changed = {"missed_policy": "send_now", "late_window_minutes": 60, "next_sequence_id": None}
    replaced = await api.put(f"/{made['id']}", whole(made, **changed))
    assert settings_of(replaced) == {**EVERY_SETTING, **changed}


async def test_settings_that_are_not_named_stay_as_they_are(api: Api, world: World) -> None:
    made = await draft(api, world, **EVERY_SETTING)
    assert settings_of(await api.put(f"/{made['id']}", whole(made))) == settings_of(made)


async def test_the_usual_settings(api: Api, world: World) -> None:
    made = await draft(api, world)
    assert settings_of(made) == {
        "niche": None, "auto_enroll": False, "skip_weekends": False, "skip_holidays": False,
        "time_zone": "Asia/Kuala_Lumpur", "use_contact_time_zone": False, "default_time": "09:00",
        "missed_policy": "shift", "late_window_minutes": 720, "on_reply": "pause", "reentry_policy": "never",
        "reentry_cooldown_days": 30, "next_sequence_id": None,
    }  # fmt: skip


async def test_a_setting_that_is_not_possible_sets_nothing_at_all(api: Api, world: World) -> None:
    made = await draft(api, world)
    address = f"/{made['id']}"
    told = await api.problem(409, "PUT", address, whole(made, name="Other", next_sequence_id=made["id"]))
    assert told["detail"] == "Other → Other: a loop. People would go round for ever."
    await api.problem(409, "PUT", address, whole(made, name="Other", auto_enroll=True))
    await api.problem(404, "PUT", address, whole(made, name="Other", next_sequence_id=999))
    for field, value in {"time_zone": "Mars/Olympus", "on_reply": "cry", "late_window_minutes": 0}.items():
        await api.problem(422, "PUT", address, whole(made, name="Other", **{field: value}))
    assert await api.get(address) == made


async def test_people_of_a_niche_join_day_by_day(api: Api, world: World) -> None:
    made = await draft(api, world, skip_weekends=True)
    people = await world.contacts(3)
    await world.run(
        "INSERT INTO leads (workspace_id, contact_id, niche) SELECT workspace_id, id, 'Solar' FROM contacts"
    )
    answer = await api.post(f"/{made['id']}/contacts", {"niche": "solar", "per_day": 2})
    assert (answer["joined"], answer["last_on"]) == (len(people), "2026-01-06")
    await api.problem(422, "POST", f"/{made['id']}/contacts", {"per_day": 2})
    await api.problem(422, "POST", f"/{made['id']}/contacts", {"niche": "solar", "per_day": 0})
