"""What is wrong with a request is said in words, as problem details, whatever it is."""

import json
from typing import Any

import httpx
import pytest

from engine.sequences.catalogue import SequenceCatalogue
from tests.integration.engine.world import World
from tests.integration.rest.conftest import Api, problem

GOOD = {"name": "Welcome", "device_ids": [1]}
STEP = {"day": 1, "body": "Hi"}
HALF = "\ud83d"  # of a surrogate pair
JSON = {"Content-Type": "application/json"}


# (body, the field that is wrong)
WRONG: list[tuple[Any, str]] = [
    ({"device_ids": [1]}, "name"),
    ({**GOOD, "name": 5}, "name"),
    ({**GOOD, "name": " "}, "name"),
    ({**GOOD, "name": "x" * 61}, "name"),
    ({**GOOD, "name": "nul\0"}, "name"),
    ({**GOOD, "name": HALF}, "name"),
    ({**GOOD, "device_ids": []}, "device_ids"),
    ({**GOOD, "device_ids": ["1"]}, "device_ids.0"),
    ({**GOOD, "device_ids": [True]}, "device_ids.0"),
    ({**GOOD, "device_ids": [2**53]}, "device_ids.0"),
    ({**GOOD, "skip_weekends": "yes"}, "skip_weekends"),
    ({**GOOD, "niche": "x" * 101}, "niche"),
    ({**GOOD, "colour": "red"}, "colour"),
    ({**GOOD, HALF: 1}, ""),
    ({**GOOD, "steps": [STEP, {**STEP, "day": 0}]}, "steps.1.day"),
    ({**GOOD, "steps": [{**STEP, "day": 366}]}, "steps.0.day"),
    ({**GOOD, "steps": [{**STEP, "send_time": "9am"}]}, "steps.0.send_time"),
    ({**GOOD, "steps": [{**STEP, "send_time": "24:00"}]}, "steps.0.send_time"),
    ({**GOOD, "steps": [{**STEP, "after_join_minutes": 1440}]}, "steps.0.after_join_minutes"),
    ({**GOOD, "steps": [{**STEP, "body": " \n"}]}, "steps.0.body"),
    ({**GOOD, "steps": [{**STEP, "body": "x" * 4097}]}, "steps.0.body"),
    ({**GOOD, "steps": [{**STEP, "kind": "image"}]}, "steps.0.kind"),
    ({**GOOD, "steps": [{**STEP, "colour": "red"}]}, "steps.0.colour"),
    ({**GOOD, "steps": [STEP] * 101}, "steps"),
    ({**GOOD, "steps": [STEP], "text": "Hi"}, ""),
    ([], ""),
]


async def test_a_field_that_is_wrong_is_named(api: Api, world: World) -> None:
    await world.device()
    for body, field in WRONG:
        told = await api.problem(422, "POST", "", content=json.dumps(body), headers=JSON)
        assert [error["field"] for error in told["errors"]] == [field], body
        assert told["detail"] == ": ".join(filter(None, [field, told["errors"][0]["message"]]))
        assert not told["errors"][0]["message"].startswith("Value error")


async def test_replacing_asks_for_everything_so_that_nothing_is_reset_unawares(api: Api) -> None:
    body = {"name": "x", "device_ids": [1], "niche": None, "skip_weekends": False, "steps": [STEP]}
    for missing in ("name", "device_ids", "niche", "skip_weekends"):
        told = await api.problem(422, "PUT", "/1", {key: value for key, value in body.items() if key != missing})
        assert [error["field"] for error in told["errors"]] == [missing]


async def test_replacing_asks_for_the_messages_once(api: Api) -> None:
    body = {"name": "x", "device_ids": [1], "niche": None, "skip_weekends": False}
    for plan in ({}, {"steps": [STEP], "text": "Hi"}, {"steps": None, "text": None}):
        told = await api.problem(422, "PUT", "/1", {**body, **plan})
        assert told["detail"] == "Send all messages, either as steps or as text."


async def test_only_a_caption_may_be_empty(api: Api) -> None:
    body = {
        "name": "x",
        "device_ids": [1],
        "niche": None,
        "skip_weekends": False,
        "steps": [{"day": 1, "body": " "}],
    }
    told = await api.problem(422, "PUT", "/1", body)
    assert told["errors"] == [
        {"field": "steps.0", "message": "A message needs a text, unless its kind is one of a file."}
    ]


async def test_joining_asks_for_somebody(api: Api) -> None:
    told = await api.problem(422, "POST", "/1/contacts", {})
    assert told["detail"] == "Say who is to join: phones, contact_ids, a list_id or a niche."


async def test_many_wrong_fields_are_counted_and_a_hundred_of_them_named(api: Api) -> None:
    told = await api.problem(422, "POST", "/1/contacts", {"contact_ids": ["x"] * 150})
    assert told["detail"].startswith("contact_ids.0: ")
    assert told["detail"].endswith("(and 149 more)")
    assert len(told["errors"]) == 100


async def test_a_query_that_means_nothing_is_refused(api: Api) -> None:
    for query in ({"limit": 0}, {"limit": 201}, {"cursor": "x"}, {"status": "gone"}, {"page": 2}):
        told = await api.problem(422, "GET", "", params=query)
        assert [error["field"] for error in told["errors"]] == [*query]


async def test_an_id_that_cannot_be_one_is_refused(api: Api) -> None:
    for sequence_id in ("0", "-1", "x", 2**53):
        assert (await api.problem(422, "GET", f"/{sequence_id}"))["errors"][0]["field"] == "sequence_id"


async def test_a_body_that_is_not_json_is_said_to_be_so(api: Api) -> None:
    for content in (b"{", b"\xff\xfe", b'{"name": "\xff"}', b"[" * 100_000):
        told = await api.problem(400, "POST", "", content=content, headers=JSON)
        assert told["detail"].startswith("The request cannot be read: it is not JSON in UTF-8.")


async def test_a_body_that_is_missing_is_said_to_be_so(api: Api) -> None:
    assert (await api.problem(422, "POST", "", headers=JSON))["detail"] == "Field required"


async def test_what_is_not_called_json_is_refused(api: Api) -> None:
    await api.problem(415, "POST", "", content=b"name=Welcome")
    await api.problem(415, "POST", "", data={"name": "Welcome"})
    charset = {"Content-Type": "application/json; charset=utf-8"}
    await api.problem(404, "POST", "", content=json.dumps(GOOD), headers=charset)


async def test_a_body_that_is_too_large_is_not_read_to_its_end(api: Api) -> None:
    sent = 0

    async def chunks() -> Any:
        nonlocal sent
        for _ in range(100):
            sent += 1
            yield b" " * 1024 * 1024

    told = await api.problem(413, "POST", "", content=chunks(), headers=JSON)
    assert "4 MB" in told["detail"]
    assert sent <= 6
    await api.problem(413, "POST", "", content=b" " * (4 * 1024 * 1024 + 1), headers=JSON)


async def test_where_there_is_nothing_and_what_a_route_does_not_know(client: httpx.AsyncClient) -> None:
    for path in ("/api", "/api/", "/api/nothing", "/api/sequences/1/nothing"):
        assert "/docs" in problem(await client.get(path), 404)["detail"]
    response = await client.patch("/api/sequences/1")
    assert "PATCH" in problem(response, 405)["detail"]
    assert {one.strip() for one in response.headers["allow"].split(",")} == {"GET", "PUT", "DELETE"}


async def test_an_error_of_ours_leaks_nothing(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr(SequenceCatalogue, "page", broken)
    response = await api.call("GET", "")
    problem(response, 500)
    assert "secret" not in response.text


async def test_a_database_that_is_away_asks_to_try_again(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(*_: object, **__: object) -> None:
        raise ConnectionRefusedError("secret")

    monkeypatch.setattr(SequenceCatalogue, "page", away)
    response = await api.call("GET", "")
    problem(response, 503)
    assert int(response.headers["retry-after"]) > 0
    assert "secret" not in response.text


async def test_routes_elsewhere_keep_their_answers(client: httpx.AsyncClient) -> None:
    missing = await client.get("/apiary")
    assert (missing.status_code, missing.json()) == (404, {"detail": "Not Found"})
    broken = await client.get("/elsewhere")
    assert (broken.status_code, broken.text) == (500, "Internal Server Error")
