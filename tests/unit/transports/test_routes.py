import hashlib

import httpx
import pytest
from fastapi import FastAPI

from engine.transports.simulator.network import SimulatedNetwork
from engine.transports.simulator.phones import PhoneMedia
from engine.transports.simulator.routes import control_routes
from models.enums import DeviceState
from tests.unit.transports.lines import PHONE, NotedLine, submission


@pytest.fixture
def network():
    network = SimulatedNetwork(read_after=0)
    yield network
    network.close()


@pytest.fixture
def line(network):
    line = NotedLine(name="Front desk")
    network.connect(line)
    return line


@pytest.fixture
async def http(network):
    app = FastAPI()
    app.include_router(control_routes(network))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://phones") as http:
        yield http


async def test_devices_show_their_state_their_faults_and_their_count(http, network, line):
    network.send(line, 1, submission())
    await http.post("/sandbox/fault", json={"device": 1, "fault": "reject", "times": 3, "code": "463"})
    answer = await http.get("/sandbox/devices")
    fault = {"times": 3, "code": "463", "permanent": True, "milliseconds": 1000}
    shown = {"device": 1, "name": "Front desk", "connected": True, "wanted": True, "state": "online", "sent": 1}
    assert answer.json() == [{**shown, "faults": {"reject": fault}}]


async def test_after_a_ban_nobody_wants_the_device_until_somebody_restarts_it(http, network, line):
    banned = await http.post("/sandbox/fault", json={"device": 1, "fault": "ban"})
    assert (banned.json()["state"], banned.json()["wanted"]) == ("temp_banned", False)
    over = await http.post("/sandbox/fault", json={"device": 1, "fault": "ban", "on": False})
    assert (over.json()["state"], over.json()["wanted"]) == ("connecting", False)
    network.connect(line)
    [device] = (await http.get("/sandbox/devices")).json()
    assert (device["state"], device["wanted"]) == ("online", True)


async def test_a_device_that_is_out_of_service_is_not_listed(network, line):
    network.connect(NotedLine(2, "Removed"))

    async def in_service():
        return {1}

    app = FastAPI()
    app.include_router(control_routes(network, in_service))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://phones") as http:
        assert [device["device"] for device in (await http.get("/sandbox/devices")).json()] == [1]


async def test_a_fault_is_switched_on_and_off(http, line):
    on = await http.post("/sandbox/fault", json={"device": 1, "fault": "offline"})
    assert (on.json()["connected"], on.json()["state"]) == (False, "connecting")
    off = await http.post("/sandbox/fault", json={"device": 1, "fault": "offline", "on": False})
    assert (off.json()["connected"], off.json()["faults"]) == (True, {})
    assert line.states == [DeviceState.ONLINE, DeviceState.CONNECTING, DeviceState.ONLINE]


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        ({"device": 99, "fault": "ban"}, 404, "No device 99"),
        ({"device": 1, "fault": "flood"}, 422, "fault: Input should be 'offline'"),
        ({"device": 1, "fault": "reject", "times": 0}, 422, "times: "),
        ({"device": 1, "fault": "ban", "times": 3}, 422, "times counts sends"),
        ({"fault": "ban"}, 422, "device: Field required"),
    ],
)
async def test_a_fault_that_cannot_be_says_why(http, line, body, status, says):
    answer = await http.post("/sandbox/fault", json=body)
    assert answer.status_code == status
    assert answer.json()["detail"].startswith(says)


async def test_rates_are_set_and_checked(http, network):
    answer = await http.post("/sandbox/rates", json={"reject": 0.5})
    assert answer.json()["reject"] == network.rates.reject == 0.5
    assert network.rates.hang == 0
    refused = await http.post("/sandbox/rates", json={"reject": 2})
    assert refused.status_code == 422
    assert "between 0 and 1" in refused.json()["detail"]


async def test_a_phone_is_taken_off_whatsapp_and_put_back(http, network):
    off = await http.post("/sandbox/not-on-whatsapp", json={"phone": PHONE})
    assert off.json() == {"phone": PHONE, "on_whatsapp": False, "messages": []}
    on = await http.post("/sandbox/not-on-whatsapp", json={"phone": PHONE, "on": False})
    assert on.json()["on_whatsapp"] is True


async def test_phones_and_their_messages(http, network, line):
    network.send(line, 1, submission(ref=7))
    await http.post("/sandbox/reply", json={"phone": PHONE, "text": "Yes"})
    phone = (await http.get(f"/sandbox/phones/{PHONE.replace('+', '%2B')}")).json()
    assert [(message["direction"], message["body"]) for message in phone["messages"]] == [
        ("in", "Hello"),
        ("out", "Yes"),
    ]
    assert phone["messages"][0] == {
        "message_id": line.answers[1].message_id,
        "direction": "in",
        "device": 1,
        "body": "Hello",
        "kind": "text",
        "media": None,
        "at": phone["messages"][0]["at"],
        "business_at": "2026-03-27T08:00:00Z",
        "ref": 7,
        "revoked": False,
    }
    (summary,) = (await http.get("/sandbox/phones", params={"search": PHONE})).json()
    assert (summary["received"], summary["last"]["body"]) == (1, "Yes")
    (unescaped,) = (await http.get(f"/sandbox/phones?search={PHONE}")).json()
    assert unescaped == summary
    assert (await http.get("/sandbox/phones?search=999")).json() == []


async def test_a_phone_must_be_a_number(http):
    answer = await http.get("/sandbox/phones/12ab")
    assert answer.status_code == 422
    assert "phone" in answer.json()["detail"]


async def test_a_reply_needs_words_or_a_file_and_a_hidden_number_a_lid(http):
    for reply, says in (({}, "text or attached"), ({"text": "Hi", "hides_number": True}, "lid")):
        answer = await http.post("/sandbox/reply", json={"phone": PHONE, "device": 1, **reply})
        assert answer.status_code == 422
        assert says in answer.json()["detail"]


@pytest.mark.parametrize(
    ("device", "status", "says"), [(None, 409, "say which device"), (99, 404, "No device 99")]
)
async def test_a_reply_to_nobody_says_what_to_do(http, device, status, says):
    answer = await http.post("/sandbox/reply", json={"phone": PHONE, "text": "Hello?", "device": device})
    assert answer.status_code == status
    assert says in answer.json()["detail"]


async def test_media_come_back_with_their_type_and_cannot_run_as_a_page(http, network, line):
    content = b"<script>alert(1)</script>"
    sha256 = hashlib.sha256(content).hexdigest()
    assert (await http.head(f"/sandbox/media/{sha256}")).status_code == 404
    assert (await http.get(f"/sandbox/media/{sha256}")).status_code == 404
    put = await http.put(f"/sandbox/media/{sha256}", content=content, headers={"Content-Type": "text/html"})
    assert put.status_code == 204
    assert (await http.head(f"/sandbox/media/{sha256}")).status_code == 200
    answer = await http.get(f"/sandbox/media/{sha256}")
    assert answer.content == content
    assert answer.headers["Content-Type"].startswith("text/html")
    assert answer.headers["Content-Security-Policy"] == "sandbox"
    network.send(line, 1, submission(media=PhoneMedia(sha256, "text/html", "a.html", len(content))))
    assert network.phone(PHONE).messages[0].media.sha256 == sha256


async def test_media_under_a_wrong_sum_are_refused(http):
    answer = await http.put(f"/sandbox/media/{'ab' * 32}", content=b"other")
    assert answer.status_code == 422
    assert "sha256" in answer.json()["detail"]


async def test_the_routes_are_documented_without_a_clash(http):
    paths = (await http.get("/openapi.json")).json()["paths"]
    assert "/sandbox/fault" in paths
    assert len(paths) == 8
