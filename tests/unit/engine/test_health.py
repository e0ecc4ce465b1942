from dataclasses import replace
from datetime import timedelta

import pytest

from engine.devices.health import FAILING_AFTER, SILENT_AFTER, SILENT_FOR, STARVING_AFTER, Diagnosis, Vitals, judge
from engine.devices.why import Standing
from models.enums import DeviceState
from tests.unit.engine.standing import BLOCKED, NOW, READY, standing

LONG = timedelta(hours=1)
STUCK_AFTER = timedelta(seconds=30)
WELL = Vitals(stuck_after=STUCK_AFTER)
STILL = replace(WELL, still_for=LONG)
SILENT = replace(WELL, unconfirmed=SILENT_AFTER, unconfirmed_for=SILENT_FOR)


def judged(
    vitals: Vitals, device: Standing = READY, *, ready_for: timedelta = LONG, had_receipts: bool = True
) -> Diagnosis:
    return judge(vitals, device, NOW, ready_for=ready_for, had_receipts=had_receipts)


def test_of_a_new_worker_nothing_can_be_said() -> None:
    assert judged(WELL) == Diagnosis(restart=None, failing=None, silent=None)


class TestStuck:
    def test_a_send_that_takes_longer_than_any_is_given_up(self) -> None:
        vitals = replace(WELL, in_flight_for=timedelta(seconds=31))
        assert judged(vitals).restart == "a message was on its way for 31 s"

    def test_a_send_within_its_time_is_not_stuck_however_long_the_queue_stands_still(self) -> None:
        assert judged(replace(STILL, in_flight_for=STUCK_AFTER)).restart is None

    @pytest.mark.parametrize("device", BLOCKED.values(), ids=BLOCKED)
    def test_a_pause_does_not_excuse_a_send_that_hangs(self, device: Standing) -> None:
        assert judged(replace(WELL, in_flight_for=LONG), device).restart


class TestStarving:
    def test_work_that_may_go_out_and_does_not(self) -> None:
        vitals = replace(WELL, still_for=STARVING_AFTER)
        assert judged(vitals, ready_for=LONG).restart == "messages were due, and for 90 s nothing moved"

    def test_an_outcome_that_cannot_be_written_is_nothing_that_moves(self) -> None:
        assert judged(STILL, standing(in_flight=True)).restart

    @pytest.mark.parametrize("device", BLOCKED.values(), ids=BLOCKED)
    def test_what_may_not_send_does_not_starve(self, device: Standing) -> None:
        assert judged(STILL, device).restart is None

    def test_what_moved_lately_does_not_starve(self) -> None:
        assert judged(replace(WELL, still_for=STARVING_AFTER - timedelta(seconds=1))).restart is None

    def test_what_has_just_been_resumed_does_not_starve(self) -> None:
        assert judged(STILL, ready_for=STARVING_AFTER - timedelta(seconds=1)).restart is None


class TestFailing:
    def test_refusals_of_different_contacts_in_a_row(self) -> None:
        assert judged(replace(WELL, failures=FAILING_AFTER)).failing is True

    def test_a_restart_does_not_mend_it(self) -> None:
        assert judged(replace(WELL, failures=FAILING_AFTER)).restart is None

    def test_a_few_refusals_say_nothing(self) -> None:
        assert judged(replace(WELL, failures=FAILING_AFTER - 1)).failing is None

    def test_a_success_ends_it(self) -> None:
        assert judged(replace(WELL, succeeded=True, failures=1)).failing is False

    def test_it_can_come_back_after_a_success(self) -> None:
        assert judged(replace(WELL, succeeded=True, failures=FAILING_AFTER)).failing is True

    @pytest.mark.parametrize("device", BLOCKED.values(), ids=BLOCKED)
    def test_a_device_that_waits_is_not_failing(self, device: Standing) -> None:
        assert judged(STILL, device).failing is None


class TestSilent:
    def test_no_receipt_for_many_messages_and_a_while(self) -> None:
        assert judged(SILENT).silent is True

    def test_a_restart_does_not_mend_it(self) -> None:
        assert judged(SILENT).restart is None

    def test_a_burst_is_no_while(self) -> None:
        assert judged(replace(SILENT, unconfirmed_for=SILENT_FOR - timedelta(seconds=1))).silent is None

    def test_a_few_messages_say_nothing(self) -> None:
        assert judged(replace(SILENT, unconfirmed=SILENT_AFTER - 1)).silent is None

    def test_where_receipts_never_come_none_is_missed(self) -> None:
        assert judged(SILENT, had_receipts=False).silent is None

    def test_receipts_of_its_own_time_are_missed_as_well(self) -> None:
        assert judged(replace(SILENT, confirmed=True), had_receipts=False).silent is True

    def test_on_a_line_that_is_down_none_is_missed(self) -> None:
        assert judged(SILENT, standing(state=DeviceState.PHONE_OFFLINE)).silent is None

    def test_a_receipt_ends_it(self) -> None:
        assert judged(replace(WELL, confirmed=True, unconfirmed=2)).silent is False

    @pytest.mark.parametrize("device", BLOCKED.values(), ids=BLOCKED)
    def test_a_device_that_waits_is_not_silent(self, device: Standing) -> None:
        assert judged(replace(STILL, unconfirmed=1, unconfirmed_for=LONG), device).silent is None
