from tests.bench.rounds import Rounds, interleaved


async def test_every_round_runs_every_case_and_every_other_one_backwards():
    order = []

    def case(name: str):
        async def work() -> float:
            order.append(name)
            return len(order)

        return work

    rounds = await interleaved({"ours": case("ours"), "theirs": case("theirs")}, 2)

    assert order == ["ours", "theirs", "theirs", "ours"]
    assert rounds.values == {"ours": [1, 4], "theirs": [2, 3]}


def test_a_slow_round_that_hits_both_does_not_change_the_ratio():
    rounds = Rounds({"ours": [20, 2, 20, 18], "theirs": [10, 1, 10, 10]})

    assert rounds.ratio("ours", to="theirs") == 2
    assert rounds.median("ours") == 19
