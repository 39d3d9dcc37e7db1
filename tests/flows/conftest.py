import importlib
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[1]
STANDIN = HERE / "standin"


@pytest.fixture(scope="session")
def standin_modules():
    sys.path.insert(0, str(STANDIN))
    import standin

    yield standin.modules()
    sys.path.remove(str(STANDIN))


@pytest.fixture
def project(tmp_path: Path, monkeypatch, standin_modules) -> Path:
    """A shop with the repository's rules, campaigns and flows, and a stand-in for the engine beneath the tasks."""
    root = lay(tmp_path / "shop")
    for name, module in standin_modules.items():
        monkeypatch.setitem(sys.modules, name, module)
        package, _, own = name.rpartition(".")
        if package.startswith("regulars.measure"):
            # Another test of this process may have loaded the real one, which its package then holds.
            monkeypatch.setattr(importlib.import_module(package), own, module, raising=False)
    monkeypatch.setenv("PYTHONPATH", f"{REPOSITORY / 'src'}{os.pathsep}{STANDIN}")
    for name in [name for name in os.environ if name.startswith("PREFECT_")]:
        monkeypatch.delenv(name)
    return root


def lay(root: Path) -> Path:
    (root / "flows").mkdir(parents=True)
    shutil.copy(REPOSITORY / "rules.yaml", root)
    shutil.copytree(REPOSITORY / "campaigns", root / "campaigns")
    for name in ("campaign", "advance", "conversions"):
        shutil.copy(REPOSITORY / "flows" / f"{name}.py", root / "flows")
    return root


@pytest.fixture(scope="session")
def api(tmp_path_factory) -> str:
    """One Prefect API for all tests, with its scheduler."""
    from regulars.serving import api as serving

    root = tmp_path_factory.mktemp("api")
    child, url = serving.serve(root, serving.free_port(), PREFECT_SERVER_REGISTER_BLOCKS_ON_START="false")
    try:
        serving.wait(child, url)
        yield url
    finally:
        child.end()


@pytest.fixture
def at_api(api, monkeypatch, project, tmp_path) -> str:
    """This process talks to the shared API, and keeps Prefect's home to itself."""
    from prefect.settings import PREFECT_API_URL, PREFECT_HOME, temporary_settings

    monkeypatch.setenv("PREFECT_API_URL", api)
    with temporary_settings({PREFECT_API_URL: api, PREFECT_HOME: tmp_path / "home"}):
        yield api


@pytest.fixture(scope="session")
def laid_database(api, tmp_path_factory) -> Path:
    """A copy of the shared API's database: laying one takes Prefect seven seconds each time."""
    home = tmp_path_factory.getbasetemp() / "api0" / ".regulars" / "prefect"
    copy = tmp_path_factory.mktemp("laid") / "prefect.db"
    with sqlite3.connect(home / "prefect.db") as source, sqlite3.connect(copy) as target:
        source.backup(target)
    return copy


@pytest.fixture
def laid_project(project, laid_database) -> Path:
    """A project whose Prefect has its database already."""
    (project / ".regulars" / "prefect").mkdir(parents=True)
    shutil.copy(laid_database, project / ".regulars" / "prefect" / "prefect.db")
    return project


@pytest.fixture
def python(project):
    """Runs Python code in a process of its own; what still runs at the end is killed, whole session and all."""
    started: list[subprocess.Popen[str]] = []

    def begin(code: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", code],
            cwd=project,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        started.append(process)
        return process

    yield begin
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
