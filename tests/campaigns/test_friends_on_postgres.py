"""Several runs at once on PostgreSQL pay for a friend once, and give each place among the friends once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from friends_shop import FriendsShop

from regulars import clock
from regulars.campaigns.convert import convert
from small_shop import at

pytestmark = pytest.mark.postgres
NOW = at("2026-04-20 10:00")
RUNS = 4


def test_runs_at_once_pay_for_each_friend_once(
    tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REGULARS_LEDGER", postgres_url)
    shop = FriendsShop(tmp_path, programme="{tiers: {1: {amount: 10}, 3: {amount: 30}}}")
    shop.begin()
    for n in range(6):
        shop.brings("ana", f"f{n}", f"2026-03-{n + 1:02} 10:00:00")
    desks = [shop.desk() for _ in range(RUNS)]
    together = Barrier(RUNS)

    def run(desk):  # type: ignore[no-untyped-def]  # a desk, and what it found
        _ = desk.vocabulary, desk.ledger
        together.wait()
        return convert(desk, NOW).friends.paid

    with clock.frozen(NOW), ThreadPoolExecutor(RUNS) as threads:
        assert sum(threads.map(run, desks)) == 6
    for desk in desks:
        desk.close()
    assert shop.rows("select place from referral order by place") == [(n,) for n in range(1, 7)]
    assert shop.rewards == [("ana", 10)] * 2 + [("ana", 30)] * 4
    shop.orders[0]["status"] = "refunded"
    shop.converted("2026-04-21")
    assert (shop.states["f0"], len(shop.rewards)) == ("taken_back", 5)
