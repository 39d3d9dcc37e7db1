"""`regulars up`: everything on one machine, and nothing left of it afterwards."""

import os
import re
import signal
import threading

import pytest
from watching import processes_of

from patience import eventually
from regulars.errors import OutsideError, ProjectError
from regulars.serving import home, machine
from regulars.serving.children import begin

pytestmark = pytest.mark.prefect

UP = "from pathlib import Path\nfrom regulars.errors import RegularsError\nfrom regulars.serving import up\n"


def test_up_starts_serves_and_stops_quietly(laid_project, python):
    process = python(UP + "up(Path('.'), port=0, web_port=0)")
    running = eventually(lambda: home.running(laid_project), 60)
    assert home.healthy(running.url)
    assert running.pid == process.pid

    second = python(UP + "try:\n    up(Path('.'))\nexcept RegularsError as error:\n    print(error)\n")
    assert second.communicate(timeout=30)[0] == "`regulars up` runs already for this project. Stop that one first.\n"
    assert home.running(laid_project) == running

    web = re.search(r"Web: (http://127\.0\.0\.1:\d+)", (laid_project / ".regulars" / "logs" / "web.log").read_text())
    assert home.healthy(web[1])

    worker = laid_project / ".regulars" / "logs" / "worker.log"
    eventually(lambda: "started" in worker.read_text(), 30)

    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (0, "")
    scheduled, up, stopping, stopped = err.splitlines()
    assert scheduled.startswith("Scheduled: advance/every-few-minutes, campaign/birthday, ")
    assert up.startswith(f"Up: {running.url.removesuffix('/api')}   web: http://127.0.0.1:")
    assert (stopping, stopped) == ("Stopping …", "Stopped.")
    assert processes_of(laid_project) == []
    assert home.running(laid_project) is None
    logs = "".join(log.read_text() for log in (laid_project / ".regulars" / "logs").glob("*.log"))
    assert "Traceback" not in logs
    assert "locked" not in logs


def test_what_up_started_ends_when_up_is_killed(laid_project, python):
    process = python(UP + "up(Path('.'), port=0, web_port=0)")
    eventually(lambda: processes_of(laid_project)[1:], 30, pause=0.05)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    eventually(lambda: not processes_of(laid_project), 30)


def test_a_child_that_dies_ends_up_with_an_error_that_says_where_to_look(project, monkeypatch):
    monkeypatch.setattr(machine, "LOOK_SECONDS", 0.1)
    child = begin(project, "web", ["false"])
    with pytest.raises(OutsideError, match=r"The web ended by itself \(exit code 1\)\. .*web\.log"):
        machine._watch(project, "", threading.Event(), [child], machine._stamp(project))


def test_an_edited_schedule_is_taken_over_and_a_broken_file_changes_nothing(project, monkeypatch, capsys):
    monkeypatch.setattr(machine, "LOOK_SECONDS", 0.1)
    answers = iter(["Scheduled: campaign/winback", ProjectError("The project's files have problems: 2.")])
    stop = threading.Event()

    def register(root, url):
        answer = next(answers)
        if isinstance(answer, ProjectError):
            stop.set()
            raise answer
        (project / "rules.yaml").write_text("shop:\n")
        return answer

    monkeypatch.setattr(machine, "_registered", register)
    machine._watch(project, "", stop, [], "before the edit")
    told = capsys.readouterr().err.splitlines()
    assert told == [
        "Scheduled: campaign/winback",
        "The project's files have problems: 2. The schedules stay as they are.",
    ]
