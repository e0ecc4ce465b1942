"""Who gets in: the right token, for its workspace, with the scope that the route needs."""

from typing import Any

import httpx
from fastapi import FastAPI

from engine.actor import Actor
from models.enums import Face, Role, TokenScope
from tests.integration.engine.test_joining import list_of
from tests.integration.engine.world import World
from tests.integration.rest.conftest import Api, api_with, problem

WHOLE = {"name": "Other", "niche": None, "skip_weekends": False, "steps": [{"day": 1, "body": "x"}]}
READ = ("GET", "/{sequence}", None)
# (method, path, body): each names one thing of another workspace; {device} and so on are filled in.
ROUTES: dict[str, tuple[str, str, Any]] = {
    "create": ("POST", "", {"name": "New", "device_ids": ["device"]}),
    "read": READ,
    "replace": ("PUT", "/{sequence}", {**WHOLE, "device_ids": ["our_device"]}),
    "delete": ("DELETE", "/{sequence}", None),
    "join": ("POST", "/{sequence}/contacts", {"contact_ids": ["our_contact"]}),
    "start": ("POST", "/{sequence}/start", None),
    "pause": ("POST", "/{sequence}/pause", None),
    "replace, the device": ("PUT", "/{our_sequence}", {**WHOLE, "device_ids": ["device"]}),
    "replace, the step": (
        "PUT",
        "/{our_sequence}",
        {**WHOLE, "device_ids": ["our_device"], "steps": [{"id": "step", "day": 1, "body": "x"}]},
    ),
    "join, the list": ("POST", "/{our_sequence}/contacts", {"list_id": "list"}),
}
CHANGES = [route for route in ROUTES.values() if route is not READ]


async def things_of(world: World) -> dict[str, int]:
    device = await world.device()
    sequence = await world.sequence([device], (1, 11, "Hi"))
    (step,) = await world.steps(sequence)
    (contact,) = await world.contacts(1)
    people = await list_of(world, contact)
    return {"sequence": sequence, "device": device, "step": step, "contact": contact, "list": people}


def filled(body: Any, ids: dict[str, int]) -> Any:
    """The body with ids where their names stand."""
    if isinstance(body, dict):
        return {key: filled(value, ids) for key, value in body.items()}
    if isinstance(body, list):
        return [filled(value, ids) for value in body]
    return ids.get(body, body) if isinstance(body, str) else body


async def snapshot(world: World) -> list[Any]:
    tables = ("sequences", "sequence_steps", "sequence_devices", "sequence_contacts", "contacts", "audit_log")
    return [await world.rows(f"SELECT t::text FROM {table} t ORDER BY 1") for table in tables]


def test_every_route_is_tried(app: FastAPI) -> None:
    """The list shows what is ours; every other route is in ROUTES."""
    spec = app.openapi()["paths"]
    there = {(method.upper(), path) for path, methods in spec.items() for method in methods if path[:5] == "/api/"}
    names = {"sequence": "sequence_id", "our_sequence": "sequence_id"}
    tried = {
        (method, "/api/sequences" + path.format(**{key: f"{{{name}}}" for key, name in names.items()}))
        for method, path, _ in ROUTES.values()
    }
    assert there == tried | {("GET", "/api/sequences")}


async def test_another_workspaces_ids_are_not_found_and_untouched(api: Api, world: World, stranger: Actor) -> None:
    ours = {f"our_{key}": value for key, value in (await things_of(world)).items()}
    ids = {**ours, **await things_of(World(world.database, world.clock, stranger, people=50))}
    before = await snapshot(world)
    for name, (method, path, body) in ROUTES.items():
        told = await api.problem(404, method, path.format(**ids), filled(body, ids))
        assert "does not exist any more" in told["detail"], name
        assert await snapshot(world) == before, name


async def test_another_workspaces_people_are_not_found(api: Api, world: World, stranger: Actor) -> None:
    ours = await things_of(world)
    theirs = await things_of(World(world.database, world.clock, stranger, people=50))
    body = {"contact_ids": [theirs["contact"]], "phones": ["+60120000051"]}
    joined = await api.post(f"/{ours['sequence']}/contacts", body)
    assert (joined["joined"], joined["refused"]) == (0, {"not_found": 2})


async def test_the_list_shows_only_what_is_ours(api: Api, world: World, stranger: Actor) -> None:
    ours = await things_of(world)
    theirs = await things_of(World(world.database, world.clock, stranger, people=50))
    assert [one["id"] for one in (await api.get())["sequences"]] == [ours["sequence"]]
    assert [one["id"] for one in (await api.get(cursor=theirs["sequence"]))["sequences"]] == [ours["sequence"]]


async def test_without_a_good_token_nothing_is_told(client: httpx.AsyncClient, world: World) -> None:
    none, unknown = 'Bearer realm="dripdesk"', 'Bearer realm="dripdesk", error="invalid_token"'
    for authorization, challenge in (
        (None, none),
        ("Basic dXNlcjpwdw==", none),
        ("Bearer", none),
        ("Bearer dd_nobody_has_this", unknown),
        ("Bearer \xff\xfe", unknown),
    ):
        headers = {} if authorization is None else {"Authorization": authorization.encode("latin-1")}
        for method, path in (("GET", ""), ("POST", ""), ("GET", "/1"), ("DELETE", "/1"), ("POST", "/1/start")):
            response = await client.request(method, f"/api/sequences{path}", headers=headers)
            problem(response, 401)
            assert response.headers["www-authenticate"] == challenge


async def test_a_revoked_token_is_as_good_as_none(api: Api, world: World) -> None:
    await api.get()
    await world.run("UPDATE api_tokens SET revoked_at = now()")
    response = await api.call("GET", "")
    problem(response, 401)
    assert 'error="invalid_token"' in response.headers["www-authenticate"]


async def test_a_token_is_no_more_than_its_scope_says(world: World) -> None:
    roles = {TokenScope.READ: Role.VIEWER, TokenScope.WRITE: Role.OPERATOR, TokenScope.INTAKE: Role.VIEWER}
    for scope, role in roles.items():
        bearer = await world.workspaces.bearer(await world.workspaces.create_token("Acme", scope))
        assert bearer is not None
        assert (bearer.scope, bearer.actor.role, bearer.actor.face) == (scope, role, Face.REST)


async def test_a_strangers_body_is_not_read(client: httpx.AsyncClient, world: World) -> None:
    read = 0

    async def chunks() -> Any:
        nonlocal read
        read += 1
        yield b"{ this is not JSON"

    problem(await client.post("/api/sequences", content=chunks()), 401)
    assert read == 0


async def test_a_token_that_may_only_read_changes_nothing(client: httpx.AsyncClient, world: World) -> None:
    things = await things_of(world)
    ids = {**things, **{f"our_{key}": value for key, value in things.items()}}
    reader = await api_with(client, await world.workspaces.create_token("Acme", TokenScope.READ))
    before = await snapshot(world)
    for method, path, body in CHANGES:
        response = await reader.call(method, path.format(**ids), filled(body, ids))
        told = problem(response, 403)
        assert told["detail"] == "This needs a token with the scope write; this one has read."
        assert 'error="insufficient_scope", scope="write"' in response.headers["www-authenticate"]
    assert await snapshot(world) == before
    assert (await reader.get(f"/{things['sequence']}"))["id"] == things["sequence"]


async def test_a_token_for_intake_does_not_even_read(client: httpx.AsyncClient, world: World) -> None:
    intake = await api_with(client, await world.workspaces.create_token("Acme", TokenScope.INTAKE))
    assert "scope read" in (await intake.problem(403, "GET", ""))["detail"]
    assert "scope write" in (await intake.problem(403, "POST", "/1/start"))["detail"]
