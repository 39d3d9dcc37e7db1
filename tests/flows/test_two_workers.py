"""Two Prefect workers in one work pool, on one PostgreSQL ledger, with the real engine and a provider that answers."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from watching import ask

import shop_days as days
from patience import eventually
from regulars import clock
from regulars.campaigns.desk import Desk
from regulars.serving.children import Child, begin
from regulars.testing import FakeSendGrid
from small_shop import SmallShop

pytestmark = [pytest.mark.prefect, pytest.mark.postgres]

REPOSITORY = Path(__file__).parents[2]
PEOPLE, POOL = 1_200, "two-machines"
OVER = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}


@pytest.fixture
def provider() -> Iterator[FakeSendGrid]:
    with FakeSendGrid(latency=0.1) as server:
        yield server


@pytest.fixture
def pooled(
    shop: SmallShop,
    api: str,
    provider: FakeSendGrid,
    postgres_url: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Iterator[SmallShop]:
    """A shop whose flows are registered on a work pool by `regulars deploy`."""
    from prefect.client.orchestration import get_client
    from prefect.settings import PREFECT_API_URL, PREFECT_HOME, temporary_settings

    for name in [name for name in os.environ if name.startswith("PREFECT_")]:
        monkeypatch.delenv(name)
    surroundings = {
        "PREFECT_API_URL": api, "PYTHONPATH": str(REPOSITORY / "src"), "REGULARS_LEDGER": postgres_url,
        "REGULARS_SECRET_KEY": "one key for all machines", "SENDGRID_API_KEY": provider.api_key,
        "REGULARS_SENDGRID_URL": provider.url,
    }  # fmt: skip
    for name, value in surroundings.items():
        monkeypatch.setenv(name, value)
    for number in range(PEOPLE):
        shop.customer(f"c{number:05}")
    shop.campaign("hello")
    shutil.copytree(REPOSITORY / "flows", shop.root / "flows")
    shop.write()
    regulars(shop, "deploy", "--pool", POOL)
    with temporary_settings({PREFECT_API_URL: api, PREFECT_HOME: tmp_path / "home"}):
        yield shop
        with get_client(sync_client=True) as client:
            for row in ask("deployments/filter"):
                client.delete_deployment(row["id"])


@pytest.fixture
def worker(pooled: SmallShop, api: str) -> Iterator[Callable[[], Child]]:
    """Starts a worker of Prefect's own that has one run at a time."""
    command = [sys.executable, "-m", "prefect", "worker", "start", "--pool", POOL, "--type", "process", "--limit", "1"]
    started: list[Child] = []

    def start() -> Child:
        name = f"worker-{len(started)}"
        quick = {"PREFECT_WORKER_QUERY_SECONDS": "1", "PREFECT_API_URL": api}
        started.append(begin(pooled.root, name, [*command, "--name", name, "--install-policy", "never"], **quick))
        return started[-1]

    yield start
    for child in started:
        child.end()


def regulars(shop: SmallShop, *words: str) -> str:
    """A command of ours, which must end well."""
    command = [sys.executable, "-m", "regulars.cli", *words, "--project", str(shop.root)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def begun(*deployments: str) -> list[str]:
    """Runs that are asked for at once; their ids."""
    from prefect.deployments import run_deployment

    return [str(run_deployment(name, timeout=0).id) for name in deployments]  # type: ignore[union-attr]


def ends(runs: list[str]) -> dict[str, str]:
    """How the runs ended, once all have."""
    found = {run["id"]: run["state_type"] for run in ask("flow_runs/filter", flow_runs={"id": {"any_": runs}})}
    return found if set(found.values()) <= OVER and len(found) == len(runs) else {}


def rows(shop: SmallShop, statement: str) -> list[Any]:
    with Desk.open(shop.root, looking=True) as desk, desk.ledger.reading() as connection:
        return [tuple(row) for row in connection.execute(text(statement))]


def test_two_workers_of_a_pool_run_the_same_campaign_and_nobody_gets_it_twice(
    pooled: SmallShop, worker: Callable[[], Child], provider: FakeSendGrid, monkeypatch: pytest.MonkeyPatch
) -> None:
    # At this rate a run claims 150 at once, and all of it takes twenty seconds: the other one comes in time.
    monkeypatch.setenv("REGULARS_SENDGRID_RATE", "60")
    monkeypatch.setenv("REGULARS_LEASE_SECONDS", "10")
    children = [worker(), worker()]
    runs = begun("campaign/hello", "campaign/hello", "advance/every-few-minutes", "advance/every-few-minutes")
    told = eventually(lambda: ends(runs), 240)
    assert set(told.values()) == {"COMPLETED"}, [child.log.read_text()[-3000:] for child in children]
    taken = Counter(one.to for one in provider.arrivals)
    assert (len(taken), set(taken.values())) == (PEOPLE, {1})
    assert len(rows(pooled, "select distinct worker from attempt")) >= 2
    assert "everything that must always hold does" in regulars(pooled, "doctor", "--ledger")


def test_a_run_that_is_ended_in_the_middle_of_a_wave_leaves_nothing_in_doubt(
    pooled: SmallShop, worker: Callable[[], Child], provider: FakeSendGrid, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REGULARS_SENDGRID_RATE", "60")
    with pooled.desk() as desk:
        days.run_one(desk, "hello", clock.now())
    provider._latency = 3.0  # long enough to be in the middle
    worker()
    runs = begun("advance/every-few-minutes")
    eventually(lambda: provider.requests, 120, 0.05)
    ((name,),) = rows(pooled, "select distinct worker from attempt")
    os.kill(int(name.split(":")[1]), signal.SIGTERM)
    assert set(eventually(lambda: ends(runs), 90).values()) <= OVER - {"COMPLETED"}
    states = dict(rows(pooled, "select state, count(*) from message group by state"))
    assert states == {"accepted": len(provider.arrivals), "planned": PEOPLE - len(provider.arrivals)}
    assert states["planned"], "it was ended in the middle"
