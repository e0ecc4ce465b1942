"""Every check of `dripdesk doctor` at both sides of its limits."""

from pathlib import Path
from resource import RLIM_INFINITY

import pytest

from bot.doctor import judge_port, judge_telegram
from engine.database import Schema
from engine.doctor.findings import Finding, Ok, Problem, Warn
from engine.doctor.hosts import KnownHost, judge_hosts
from engine.doctor.installation import judge_clock, judge_devices, judge_engines, judge_schema
from engine.doctor.machine import judge_disk, judge_open_files, judge_phones, look_at_disk
from engine.doctor.server import (
    A_PROCESS,
    LongTransaction,
    judge_connections,
    judge_listen,
    judge_rights,
    judge_skew,
    judge_transactions,
    judge_version,
)
from engine.doctor.sessions import StoredSessions, judge_sessions

HOME = Path("/srv/dripdesk")
BOT = {"ok": True, "result": {"username": "drip_bot"}}


@pytest.mark.parametrize(
    ("finding", "kind", "words"),
    [
        (judge_version(140012), Ok, "14.12"),
        (judge_version(130009), Problem, "13.9 is too old"),
        (judge_rights(may_create=True, denied=[]), Ok, ""),
        (judge_rights(may_create=False, denied=[]), Problem, "may not create"),
        (judge_rights(may_create=True, denied=["SELECT on contacts"]), Problem, "SELECT on contacts"),
        (judge_rights(may_create=True, denied=[f"SELECT on t{n}" for n in range(5)]), Problem, "t2 and 2 more"),
        (judge_connections(A_PROCESS, 0, 0, 0), Ok, f"up to {A_PROCESS}"),
        (judge_connections(A_PROCESS - 1, 0, 0, 0), Warn, "may not fit"),
        (judge_connections(100, 73, 0, 1), Ok, "73 of 100"),
        (judge_connections(100, 74, 0, 1), Warn, "may not fit"),
        (judge_connections(100, 74, 10, 1), Ok, ""),
        (judge_connections(100, 10, 10, 3), Ok, ""),
        (judge_connections(100, 10, 10, 4), Warn, "up to 108"),
        (judge_connections(100, 96, 10, 1), Problem, "hardly one left"),
        (judge_skew(1.9), Ok, "agree"),
        (judge_skew(2.1), Warn, "2.1 s ahead"),
        (judge_skew(-29.9), Warn, "29.9 s behind"),
        (judge_skew(-30.1), Problem, "wrong times"),
        (judge_skew(3600), Problem, "3600.0 s ahead"),
        (judge_transactions([]), Ok, ""),
        (judge_transactions([LongTransaction(77, "psql", 660)]), Warn, "the oldest 11 min (psql)"),
        (judge_listen(heard=True), Ok, ""),
        (judge_listen(heard=False), Problem, "pooler"),
        (judge_schema(Schema("0001", "0001", known=True)), Ok, "0001"),
        (judge_schema(Schema("0001", "0002", known=True)), Warn, "needs 0002"),
        (judge_schema(Schema(None, "0001", known=True)), Warn, "no tables yet"),
        (judge_schema(Schema("0009", "0001", known=False)), Problem, "newer"),
        (judge_hosts([]), Ok, "none is needed"),
        (
            judge_hosts([KnownHost("a:7", 30, 90_000_000, 2), KnownHost("a:8", 0, 0, 0)]),
            Ok,
            "2 with 30 devices, 3.0",
        ),
        (judge_hosts([KnownHost("a:7", 0, 60_000_000, 0)]), Ok, "1 with 0 devices"),
        (judge_hosts([KnownHost("a:7", 1, 70_000_000, 3)]), Warn, "a:7 has crashed 3 times"),
        (judge_sessions(StoredSessions(), has_key=False, wanted=False), Ok, "none is needed"),
        (judge_sessions(StoredSessions(), has_key=False, wanted=True), Warn, "no real number can be paired"),
        (judge_sessions(StoredSessions(by_none=2), has_key=False, wanted=False), Problem, "2 devices are paired"),
        (judge_sessions(StoredSessions(), has_key=True, wanted=True), Ok, "no device is paired yet"),
        (judge_sessions(StoredSessions(3), has_key=True, wanted=True), Ok, "all 3"),
        (judge_sessions(StoredSessions(3, 1), has_key=True, wanted=True), Warn, "1 of 4 sessions still need"),
        (judge_sessions(StoredSessions(3, 1, 2), has_key=True, wanted=True), Problem, "does not open 2 of 6"),
        (judge_engines(0, [], 0), Ok, "none is running"),
        (judge_engines(2, [], 0), Ok, "2 running"),
        (judge_engines(0, [], 3), Warn, "nobody works 3 devices"),
        (judge_engines(1, [], 3), Problem, "nobody works 3 devices"),
        (judge_engines(1, ["old:7"], 0), Warn, "old:7"),
        (judge_engines(1, [f"old:{n}" for n in range(5)], 0), Warn, "old:2 and 2 more"),
        (judge_clock(1, 5), Ok, "real time"),
        (judge_clock(60, 0), Ok, "×60"),
        (judge_clock(60, 1), Problem, "×60 with 1 real"),
        (judge_devices(0, simulated_phones=False), Ok, ""),
        (judge_devices(2, simulated_phones=True), Ok, ""),
        (judge_devices(2, simulated_phones=False), Problem, "2 simulated devices"),
        (judge_disk(10**9, HOME), Ok, "1.0 GB"),
        (judge_disk(10**9 - 1, HOME), Warn, str(HOME)),
        (judge_disk(10**8 - 1, HOME), Problem, "0.1 GB"),
        (judge_open_files(300, 4096, 100), Ok, "300"),
        (judge_open_files(299, 4096, 100), Warn, "may need 300"),
        (judge_open_files(RLIM_INFINITY, RLIM_INFINITY, 100), Ok, ""),
        (judge_phones("http://phones", 200), Ok, "http://phones"),
        (judge_phones("http://phones", 404), Problem, "404"),
        (judge_telegram("https://api", 200, BOT), Ok, "@drip_bot"),
        (judge_telegram("https://api", 401, {"ok": False}), Problem, "token is refused"),
        (judge_telegram("https://api", 502, None), Problem, "502"),
        (judge_telegram("https://api", 200, {"ok": True}), Problem, "200"),
        (judge_port(8080, "dripdesk", 200), Ok, "ready"),
        (judge_port(8080, "dripdesk", 503), Warn, "not ready"),
        (judge_port(8080, "something else", 200), Problem, "another program"),
        (judge_port(8080, None, 0), Problem, "another program"),
    ],
)
def test_a_judgement(finding: Finding, kind: type[Finding], words: str) -> None:
    assert isinstance(finding, kind)
    assert words in finding.text
    if not isinstance(finding, Ok):
        assert len(finding.mend) > 10


@pytest.mark.parametrize(
    ("hard", "mend"), [(4096, "ulimit -n 300"), (250, "LimitNOFILE=300"), (RLIM_INFINITY, "ulimit")]
)
def test_the_mend_for_open_files_can_be_carried_out(hard: int, mend: str) -> None:
    finding = judge_open_files(200, hard, 100)
    assert isinstance(finding, Warn)
    assert mend in finding.mend


def test_the_mend_for_connections_is_enough() -> None:
    finding = judge_connections(100, 90, 0, 1)
    assert isinstance(finding, Warn)
    assert "max_connections to 122" in finding.mend
    assert isinstance(judge_connections(122, 90, 0, 1), Ok)


def test_a_home_that_is_not_there_yet_is_not_made(tmp_path: Path) -> None:
    assert not isinstance(look_at_disk(tmp_path / "new" / "home"), Problem)
    assert list(tmp_path.iterdir()) == []


def test_a_home_that_cannot_be_written_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no directory")
    finding = look_at_disk(tmp_path / "file")
    assert isinstance(finding, Problem)
    assert "DRIPDESK_HOME" in finding.mend
