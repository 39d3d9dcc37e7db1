"""Deployments on a work pool, and the clock that starts them."""

import subprocess
import sys
from datetime import timedelta

import pytest
from watching import ask, runs_of

from patience import eventually
from regulars.errors import OutsideError, ProjectError
from regulars.serving import deploy, home
from regulars.serving.children import begin
from regulars.serving.deploying import deploy_at

pytestmark = pytest.mark.prefect

ALL = [
    "advance/every-few-minutes",
    "campaign/birthday",
    "campaign/discount",
    "campaign/referral",
    "campaign/referral_reward",
    "campaign/thanks",
    "campaign/welcome",
    "campaign/winback",
    "conversions/hourly",
]


@pytest.fixture(autouse=True)
def _empty(at_api):
    """Every test finds the shared API without deployments."""
    yield
    from prefect.client.orchestration import get_client

    with get_client(sync_client=True) as client:
        for row in ask("deployments/filter"):
            client.delete_deployment(row["id"])


@pytest.fixture
def worker(project, at_api):
    """A worker of Prefect's own on the pool `test`."""
    command = [
        sys.executable,
        "-m",
        "prefect",
        "worker",
        "start",
        "--pool",
        "test",
        "--type",
        "process",
        "--limit",
        "1",
    ]
    quick = {"PREFECT_WORKER_QUERY_SECONDS": "1", "PREFECT_API_URL": at_api}
    started = []

    def start():
        started.append(begin(project, "worker", command, **quick))
        return started[0]

    yield start
    for child in started:
        child.end()


def registered() -> dict[str, dict]:
    return {row["name"]: row for row in ask("deployments/filter")}


def calls(project) -> str:
    file = project / ".regulars" / "standin" / "calls"
    return file.read_text() if file.exists() else ""


def test_every_live_campaign_gets_a_deployment_with_its_schedule_by_the_shops_clock(project):
    assert deploy(project, "test").names == ALL
    winback = registered()["winback"]
    assert winback["parameters"] == {"campaign": "winback", "project": str(project)}
    assert winback["description"] == "Win back the lapsed"
    [schedule] = winback["schedules"]
    assert schedule["schedule"] == {"cron": "0 10 * * *", "timezone": "Europe/Bucharest", "day_or": True}


def test_registering_again_changes_nothing_but_what_changed(project):
    deploy(project, "test")
    before = registered()
    file = project / "campaigns" / "winback.yaml"
    file.write_text(file.read_text().replace("daily at 10:00", "daily at 12:30"))
    deployed = deploy(project, "test")
    after = registered()
    assert deployed.removed == []
    assert {name: row["id"] for name, row in before.items()} == {name: row["id"] for name, row in after.items()}
    assert [one["schedule"]["cron"] for one in after["winback"]["schedules"]] == ["30 12 * * *"]
    assert [len(row["schedules"]) for row in after.values()] == [1] * len(ALL)


def test_a_campaign_that_is_gone_or_paused_is_no_longer_scheduled(project):
    deploy(project, "test")
    (project / "campaigns" / "thanks.yaml").unlink()
    file = project / "campaigns" / "winback.yaml"
    file.write_text(file.read_text().replace("status: live", "status: paused"))
    rules = project / "rules.yaml"
    rules.write_text(rules.read_text().replace("birthday, welcome, thanks,", "birthday, welcome,"))
    assert deploy(project, "test").removed == ["campaign/thanks", "campaign/winback"]
    assert not {"thanks", "winback"} & set(registered())


def test_another_shops_campaigns_are_not_taken_over(project):
    deploy(project, "test")
    rules = project / "rules.yaml"
    rules.write_text(rules.read_text().replace("name: Casa Verde", "name: Casa Albă"))
    with pytest.raises(OutsideError, match="Another shop has registered"):
        deploy(project, "test")


def test_a_project_with_problems_is_not_registered(project):
    (project / "campaigns" / "winback.yaml").write_text("title: Win back\n")
    with pytest.raises(ProjectError, match="problems"):
        deploy(project, "test")
    assert registered() == {}


def test_without_an_api_the_way_out_is_told(project, monkeypatch):
    monkeypatch.delenv("PREFECT_API_URL")
    with pytest.raises(OutsideError, match="regulars up"):
        deploy(project, "test")


def test_an_up_that_died_without_a_word_is_not_taken_for_a_running_one(project):
    dead = subprocess.Popen(["true"])
    dead.wait()
    home.folder(project, "prefect")
    home.Running("http://127.0.0.1:9/api", dead.pid).write(project)
    assert home.running(project) is None


def test_a_scheduled_run_is_made_by_the_scheduler_and_finishes(project, at_api, worker, monkeypatch):
    """With SQLAlchemy 2.1 runs that are asked for work, and the scheduler makes none."""
    monkeypatch.setattr("regulars.serving.deploying.ADVANCE", timedelta(seconds=10))
    worker()
    deploy_at(at_api, project, "test", command=f"{sys.executable} -m prefect.engine")

    def finished():
        done = [run for run in runs_of(project) if run["state_type"] in {"COMPLETED", "FAILED", "CRASHED"}]
        return [run for run in done if run["auto_scheduled"]]

    run = eventually(finished, 90)[0]
    assert (run["state_type"], run["created_by"]["type"]) == ("COMPLETED", "SCHEDULE")
    assert "deliver email" in calls(project)


def test_a_worker_of_the_pool_runs_what_is_deployed(project, worker):
    from prefect.deployments import run_deployment

    deploy(project, "test")
    child = worker()
    run = run_deployment("campaign/winback", timeout=90, poll_interval=1)
    assert run.state.is_completed(), child.log.read_text()
    assert calls(project).splitlines()[-2:] == ["deliver email 2500", "deliver sms 0"]
    child.end()
    assert "Traceback" not in child.log.read_text()
