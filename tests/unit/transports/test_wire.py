import asyncio
import json
from datetime import UTC

from hypothesis import given
from hypothesis import strategies as st

from engine.transports.contract import (
    Inbound,
    MediaFile,
    OutgoingMessage,
    PhoneSeen,
    Receipt,
    Rejected,
    Sent,
    StateChanged,
    Unknown,
)
from engine.transports.forms import (
    event_frame,
    outcome_frame,
    read_event,
    read_outcome,
    read_state,
    state_frame,
)
from engine.transports.simulator.phones import PhoneMedia
from engine.transports.simulator.wire import (
    Outbox,
    frames,
    read_submission,
    submission_frame,
)

# Everything but lone surrogates, which no chat can send.
words = st.text(st.characters(exclude_categories=["Cs"]))
events = (
    st.builds(Inbound, words, words | st.none(), words)
    | st.builds(Receipt, words, phone=words)
    | st.builds(PhoneSeen, st.datetimes(timezones=st.just(UTC)))
)
outcomes = st.builds(Unknown, words) | st.builds(Sent, words) | st.builds(Rejected, words, words, st.booleans())
states = st.builds(StateChanged, reason=words, until=st.none() | st.datetimes(timezones=st.just(UTC)))
messages = st.builds(
    OutgoingMessage,
    body=words,
    phone=words,
    media=st.none() | st.builds(MediaFile),
    business_at=st.datetimes(timezones=st.just(UTC)),
)


def over_the_wire(frame):
    return json.loads(json.dumps(frame))


@given(events, outcomes, states)
def test_what_is_written_is_what_is_read(event, outcome, state):
    assert read_event(over_the_wire(event_frame(event))) == event
    assert read_outcome(over_the_wire(outcome_frame(outcome))) == outcome
    assert read_state(over_the_wire(state_frame(state))) == state


@given(messages)
def test_a_message_arrives_without_the_bytes_of_its_media(message):
    read = read_submission(over_the_wire(submission_frame(message)))
    assert (read.ref, read.phone, read.kind, read.body) == (message.ref, message.phone, message.kind, message.body)
    assert read.business_at == message.business_at
    media = message.media
    assert read.media == (media and PhoneMedia(media.sha256, media.mime_type, media.file_name, len(media.content)))


async def test_what_gathers_goes_in_one_packet():
    outbox = Outbox()
    outbox.post_soon({"number": 1})
    outbox.post({"number": 2})
    assert frames(await outbox.packet()) == [{"number": 1}, {"number": 2}]


async def test_a_frame_that_nobody_waits_for_goes_by_itself_after_a_while():
    outbox = Outbox()
    for number in (1, 2):
        outbox.post_soon({"number": number})
        async with asyncio.timeout(1):
            assert frames(await outbox.packet()) == [{"number": number}]


async def test_a_long_queue_goes_in_several_packets():
    outbox = Outbox()
    for number in range(2500):
        outbox.post({"number": number})
    packets = [frames(await outbox.packet()) for _ in range(3)]
    assert [len(packet) for packet in packets] == [1000, 1000, 500]
    assert [frame["number"] for packet in packets for frame in packet] == list(range(2500))
