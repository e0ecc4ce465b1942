"""What the simulated network knows of revoking, and WhatsApp does not: it cannot read whose message is meant."""

from engine.transports.contract import RevocationOutcome
from tests.unit.transports.harness import PHONE, SimulatorHarness, text
from tests.unit.transports.test_contract import bringing_online


async def test_nobody_elses_message_can_be_revoked(tmp_path):
    harness = SimulatorHarness(tmp_path)
    await harness.start()
    async with bringing_online(harness) as online:
        transport, _ = await online(1)
        stranger, _ = await online(2)
        outcome = await transport.send(text())
        assert await stranger.revoke(outcome.message_id, PHONE) is RevocationOutcome.REFUSED
        assert await transport.revoke(outcome.message_id, "+60111111111") is RevocationOutcome.REFUSED
    await harness.close()
