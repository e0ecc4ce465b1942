from engine.campaigns.breaker import Cause, DeviceSample, in_words, judge


def sample(device: str = "Sales-1", reached: int = 0, failed: int = 0, reason: str = "rejected", **more: int):
    return DeviceSample(device, reached, failed={reason: failed} if failed else {}, **more)


def test_a_campaign_that_does_well_goes_on():
    assert judge([sample(reached=90, failed=10)]) is None
    assert judge([]) is None


def test_a_few_messages_say_nothing():
    assert judge([sample(failed=19)]) is None
    assert judge([sample(failed=20)]) is not None


def test_what_fails_alike_on_every_device_is_the_content():
    verdict = judge([sample("Sales-1", 10, 20, "media refused"), sample("Sales-2", 12, 18, "media refused")])
    assert (verdict.cause, verdict.count, verdict.of) == (Cause.CONTENT, 38, 60)
    assert in_words(verdict).startswith(
        "38 of the last 60 people failed, mostly: media refused. It is likely the m"
    )


def test_a_device_that_alone_fails_is_the_device():
    verdict = judge([sample("Sales-1", 2, 30), sample("Sales-2", 40, 1)])
    assert (verdict.cause, verdict.device) == (Cause.DEVICE, "Sales-1")
    assert "It is likely Sales-1: the other devices do well" in in_words(verdict)


def test_with_one_device_it_cannot_be_told_apart():
    assert judge([sample(reached=10, failed=20)]).cause is Cause.UNCLEAR


def test_different_reasons_on_several_devices_are_unclear():
    verdict = judge([sample("Sales-1", 10, 15, "a"), sample("Sales-2", 10, 15, "b")])
    assert verdict.cause is Cause.UNCLEAR


def test_numbers_that_are_not_there_are_the_list_and_no_failures():
    assert judge([sample(reached=60, not_there=40)]) is None
    verdict = judge([sample(reached=40, not_there=60)])
    assert (verdict.cause, verdict.count, verdict.of) == (Cause.LIST, 60, 100)
    assert in_words(verdict).startswith("60 of the last 100 people were not on WhatsApp. It is likely the list")


def test_people_who_ask_to_stop_are_the_list():
    assert judge([sample(reached=100, left=10)]) is None
    verdict = judge([sample(reached=100, left=11)])
    assert (verdict.cause, verdict.what) == (Cause.LIST, "asked to stop")
    assert "these people do not expect it" in in_words(verdict)
