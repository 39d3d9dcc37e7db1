"""Two commands to a first plan, and a wheel that lays the very files of the repository."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from regulars import clock, sample
from regulars.campaigns import running
from regulars.campaigns.deliver import deliver
from regulars.campaigns.desk import Desk
from regulars.cli import demonstration, fortnight
from regulars.errors import WrongUse
from regulars.sample.scaffold import LAID, lay_project
from small_shop import at

REPOSITORY = Path(__file__).parents[2]
DAY = date(2026, 2, 2)


def committed() -> set[str]:
    """The files of the scaffold that git knows."""
    listed = subprocess.run(
        ["git", "ls-files", "--", *LAID], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("this is not a git checkout")
    return set(listed.stdout.splitlines())


def test_init_lays_a_project_that_plans_at_once(regulars: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample, "lay", lambda folder, day, lay=sample.lay: lay(folder, day, customers=300))
    folder = tmp_path / "my shop"
    laid = regulars("init", folder, "--as-of", "2026-02-02")
    assert laid.code == 0
    assert "regulars check && regulars plan" in laid.out
    assert regulars("check", at=folder).code == 0
    plan = regulars("plan", "--as-of", "2026-02-02")
    assert plan.code == 0
    assert "winback" in plan.out


def test_init_leaves_an_existing_project_alone(regulars: Any, tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text("mine\n")
    told = regulars("init", at=tmp_path)
    assert told.code == 2
    assert (tmp_path / "rules.yaml").read_text() == "mine\n"


def test_init_lays_what_git_knows_and_nothing_else(tmp_path: Path) -> None:
    files = committed()
    lay_project(tmp_path)
    laid = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert laid - files <= {".gitignore"}
    assert files <= laid


def test_the_wheel_packs_the_same_files(tmp_path: Path) -> None:
    files = committed()
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=REPOSITORY,
        capture_output=True,
        check=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        names = {name.removeprefix("regulars/scaffold/") for name in packed.namelist() if "/scaffold/" in name}
        assert names == files
        for name in ("rules.yaml", "campaigns/winback.yaml"):
            assert packed.read(f"regulars/scaffold/{name}") == (REPOSITORY / name).read_bytes()


def test_the_demonstration_never_lays_itself_over_somebodys_files(tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text("mine\n")
    with pytest.raises(WrongUse, match="not empty"):
        demonstration.lay(tmp_path, DAY)
    assert (tmp_path / "rules.yaml").read_text() == "mine\n"


def test_days_go_by_orders_arrive_and_messages_earn_them(tmp_path: Path) -> None:
    folder, noon = tmp_path / "demo", at("2026-02-02 12:00")
    demonstration.lay(folder, DAY, customers=400)
    with Desk.open(folder) as desk, clock.frozen(noon):
        for name in ("winback", "discount", "welcome"):
            selected = running.select(desk, name, noon)
            running.enrol(desk, selected.run_id, 0)
            running.finish(desk, selected.run_id)
        deliver(desk, "email", 1000, noon, "test")
    passed = fortnight.live(folder, DAY, 7, "Europe/Bucharest")
    assert passed.arrived > 0
    assert passed.sent > 0
    assert passed.converted.orders > 0
    assert passed.converted.revenue > 0
    last = max((folder / "data" / "orders.csv").read_text().splitlines()[1:], key=lambda line: line.split(",")[2])
    assert last.split(",")[2][:10] <= (DAY + timedelta(days=7)).isoformat()


@pytest.mark.prefect
def test_the_demonstration_runs_from_end_to_end(regulars: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample, "lay", lambda folder, day, lay=sample.lay, **_: lay(folder, day, customers=400))
    told = regulars("demo", tmp_path / "demo", "--as-of", "2026-02-02")
    assert told.code == 0
    for part in ("winback", "orders arrived", "orders credited", "report.html"):
        assert part in told.out
    assert "Traceback" not in told.err
    assert (tmp_path / "demo" / "report.html").read_text().startswith("<!doctype html>")
