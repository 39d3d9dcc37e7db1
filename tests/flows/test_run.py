import signal

import pytest
from watching import artifacts, ask, processes_of, runs_of

from patience import eventually
from regulars import clock
from regulars.errors import OutsideError, Stopped
from regulars.serving import run_advance, run_campaigns, run_conversions
from regulars.tasks import UnexpectedError

pytestmark = pytest.mark.prefect


def calls(project) -> list[str]:
    return (project / ".regulars" / "standin" / "calls").read_text().splitlines()


def break_it(project, function: str, how: str) -> None:
    folder = project / ".regulars" / "standin"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "broken").write_text(f"{function} {how}")


@pytest.fixture(autouse=True)
def _no_waiting(at_api, monkeypatch):
    from regulars import tasks

    for task in (tasks.select, tasks.enrol, tasks.advance):
        monkeypatch.setattr(task, "retry_delay_seconds", [0, 0])


def test_a_campaign_goes_from_segment_to_delivery_in_the_order_of_the_story(project):
    [outcome] = run_campaigns(project, ["winback"])

    assert outcome.error is None
    assert calls(project) == [
        "segment",
        f"select winback {today()}",
        "enrol 0",
        "enrol 1",
        "enrol 2",
        "finish",
        "deliver email 2500",
        "deliver sms 0",
    ]
    assert outcome.figures == {
        "audience": 2600,
        "enrolled": 2500,
        "holdout": 60,
        "withheld: no-consent": 40,
        "accepted": 2500,
    }


def today() -> str:
    return f"{clock.now():%Y-%m-%d}"


def test_prefect_shows_the_run_its_tasks_and_its_table_under_names_one_recognises(project):
    run_campaigns(project, ["thanks"])

    [run] = runs_of(project)
    assert run["name"] == f"thanks {today()}"
    assert run["state_type"] == "COMPLETED"

    def tasks():
        names = {task["name"] for task in ask("task_runs/filter", flow_runs={"id": {"any_": [run["id"]]}})}
        return names if "deliver sms 1" in names else None

    assert {"segment", "select thanks", "enrol thanks 1/3", "enrol thanks 3/3", "deliver email 1"} <= eventually(
        tasks, 20
    )
    [artifact] = [artifact for artifact in artifacts("thanks") if artifact["flow_run_id"] == run["id"]]
    assert '"enrolled", "number": 2500' in artifact["data"]


def test_what_the_outside_world_failed_once_is_tried_again(project):
    break_it(project, "select", "once")
    [outcome] = run_campaigns(project, ["winback"])
    assert outcome.error is None
    assert sum(call.startswith("select") for call in calls(project)) == 2


def test_a_campaign_that_is_stopped_sends_nothing_and_the_next_one_still_runs(project):
    stopped, welcome = run_campaigns(project, ["discount", "welcome"])
    assert isinstance(stopped.error, Stopped)
    assert "at most 2,000 expected" in str(stopped.error)
    assert welcome.error is None
    assert calls(project)[:3] == ["segment", f"select discount {today()}", "segment"]


def test_a_bug_is_not_tried_again_and_takes_nobodys_name_along(project):
    break_it(project, "enrol", "bug")
    [outcome] = run_campaigns(project, ["winback"])
    assert isinstance(outcome.error, UnexpectedError)
    assert calls(project).count("enrol 0") == 1
    [run] = runs_of(project)
    told = str(outcome.error) + run["state"]["message"] + (project / ".regulars/logs/errors.log").read_text()
    assert "ValueError" in told
    assert not any(person in told for person in ("Ana", "example.com", "40700"))


def test_one_more_failure_than_retries_is_told(project):
    break_it(project, "advance", "always")
    outcome = run_advance(project)
    assert isinstance(outcome.error, OutsideError)
    assert calls(project).count("advance") == 3


def test_advance_writes_what_fell_due_and_delivers_it(project):
    outcome = run_advance(project)
    assert outcome.figures == {"follow-ups": 3, "entries ended": 1, "accepted": 3}


def test_conversions_are_counted_by_evidence(project):
    outcome = run_conversions(project)
    assert outcome.figures == {"orders": 7, "code": 5, "window": 2, "referrals": 1}
    assert '"812.50"' in artifacts("conversions")[-1]["data"]


def test_the_projects_own_flow_is_what_runs(project):
    (project / "flows" / "conversions.py").write_text(
        "from prefect import flow\n\n@flow\ndef conversions(at='', project='.'):\n    return {'mine': 1}\n"
    )
    assert run_conversions(project).figures == {"mine": 1}


def test_without_a_server_one_is_started_quietly_and_leaves_nothing_behind(laid_project, python, monkeypatch):
    monkeypatch.delenv("PREFECT_API_URL")
    code = (
        "from pathlib import Path\nfrom regulars.serving import run_campaigns\n"
        "print(run_campaigns(Path('.'), ['winback'])[0].figures['enrolled'])"
    )
    process = python(code)
    out, err = process.communicate(timeout=120)
    assert (process.returncode, out) == (0, "2500\n"), err
    assert err.splitlines() == [
        "Starting Prefect's API for this command (`regulars up` keeps one running) …",
        "winback: 2,600 in the audience, 2,500 enter",
        "winback: chunk 1 of 3 enrolled",
        "winback: chunk 2 of 3 enrolled",
        "winback: chunk 3 of 3 enrolled",
        "email: 2,500 accepted",
    ]
    assert processes_of(laid_project) == []
    assert "Traceback" not in (laid_project / ".regulars" / "logs" / "api.log").read_text()


def test_ctrl_c_ends_a_run_at_once_and_without_a_traceback(laid_project, python, monkeypatch):
    monkeypatch.delenv("PREFECT_API_URL")
    code = (
        "import time, signal, standin\nfrom pathlib import Path\nfrom regulars.serving import run_campaigns\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "standin.select = lambda *_: print('selecting', flush=True) or time.sleep(60)\n"
        "standin.install()\ntry:\n    run_campaigns(Path('.'), ['winback'])\n"
        "except KeyboardInterrupt:\n    print('interrupted')"
    )
    process = python(code)
    assert process.stdout.readline() == "selecting\n"
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (0, "interrupted\n")
    assert err == "Starting Prefect's API for this command (`regulars up` keeps one running) …\n"
    assert processes_of(laid_project) == []
