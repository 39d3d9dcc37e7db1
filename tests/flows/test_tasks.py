import pytest

from regulars import tasks
from regulars.errors import Stopped

LEAKING = 'cannot read "Ana Pop" <ana@example.com> +40 700 000 001 in row 30002\nAna Pop;ana@example.com'


def test_a_chunk_is_enrolled_with_the_number_the_engine_counts_from_zero(project):
    selected = tasks.select.fn(str(project), "winback")
    assert tasks.enrol.fn(str(project), selected, 3).new == 500


def test_the_moment_of_a_run_reaches_the_engine_as_it_was_given(project):
    tasks.select.fn(str(project), "winback", "2026-08-27T10:00:00+03:00")
    assert "select winback 2026-08-27" in (project / ".regulars" / "standin" / "calls").read_text()


def test_a_stopped_selection_fails_its_task(project):
    with pytest.raises(Stopped, match="`discount` was stopped before anything was sent"):
        tasks.select.fn(str(project), "discount")


def test_no_task_ever_answers_from_a_cache():
    from prefect.cache_policies import NO_CACHE

    every = (tasks.segment, tasks.select, tasks.enrol, tasks.finish, tasks.deliver, tasks.advance, tasks.convert)
    assert all(task.cache_policy == NO_CACHE for task in every)


def test_what_is_written_down_about_a_mistake_names_nobody(tmp_path):
    log = tmp_path / ".regulars" / "logs" / "errors.log"
    with pytest.raises(tasks.UnexpectedError), tasks._masked(tmp_path):
        raise ValueError(LEAKING)
    written = log.read_text()
    assert "test_what_is_written_down" in written
    assert "ValueError: cannot read" in written
    assert not any(person in written for person in ("Ana", "example.com", "700 000"))
    assert log.stat().st_mode & 0o077 == 0
