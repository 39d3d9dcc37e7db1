"""`regulars deploy`: every live campaign's schedule, `advance` and `conversions` as deployments on a work pool."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from regulars.errors import OutsideError, ProjectError
from regulars.lang.project import Project, load
from regulars.serving import home
from regulars.serving.flow_files import load_flow
from regulars.serving.schedules import ADVANCE, CONVERSIONS, every, schedule

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient
    from prefect.client.schemas.responses import DeploymentResponse
    from prefect.deployments.runner import RunnerDeployment
    from prefect.runner.storage import LocalStorage
    from prefect.schedules import Schedule

TAG = "regulars"


@dataclass(frozen=True)
class Deployed:
    """What is registered now (`flow/deployment`), and what was there before and is no longer wanted."""

    names: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)


def deploy(root: Path, pool: str, directory: str = "") -> Deployed:
    """Register the project's flows on the work pool `pool`; registering again changes what has changed.

    Args:
        root: the project's folder on this machine.
        pool: the work pool's name. One that does not exist is made, of type process.
        directory: the project's folder where the workers run; default: the same path.

    Raises ProjectError for what stands in the project's files, OutsideError where no API is running.
    """
    home.apply(root)
    running = home.running(root)
    url = running.url if running else home.configured()
    if not url:
        raise OutsideError("There is no Prefect API to register on.", "Start `regulars up`, or set PREFECT_API_URL.")
    return deploy_at(url, root, pool, directory)


def deploy_at(url: str, root: Path, pool: str, directory: str = "", command: str = "") -> Deployed:
    """As `deploy`, on the API at `url`. `command` starts a run; default: the worker finds out, which takes seconds."""
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.objects import VersionInfo
    from prefect.settings import PREFECT_API_URL, temporary_settings

    root = root.resolve()
    project = _readable(root)
    version = VersionInfo(type="prefect:simple", version=project.fingerprint)
    with temporary_settings({PREFECT_API_URL: url}), get_client(sync_client=True) as client:
        variables = _job_variables(_type_of(client, pool), directory or str(root), command)
        deployments = [wish.of(project, directory or str(root), variables) for wish in _wanted(project)]
        wanted = {deployment.full_name: deployment for deployment in deployments}
        before = _registered(client)
        _refuse_another_shop(project, wanted, before)
        for deployment in wanted.values():
            deployment.apply(work_pool_name=pool, version_info=version)
        removed = {name: row for name, row in before.items() if name not in wanted and _tag(project) in row.tags}
        for row in removed.values():
            client.delete_deployment(row.id)
    return Deployed(sorted(wanted), sorted(removed))


def _readable(root: Path) -> Project:
    project, problems = load(root)
    if project is None or problems.errors:
        raise ProjectError(
            f"The project's files have problems: {len(problems.errors)}.", "`regulars check` shows them."
        )
    return project


@dataclass(frozen=True)
class _Wanted:
    """One deployment: a flow of the project, a name, when it runs and with which parameters."""

    flow: str
    name: str
    when: Schedule
    description: str
    parameters: dict[str, str] = field(default_factory=dict)

    def of(self, project: Project, directory: str, variables: dict[str, Any]) -> RunnerDeployment:
        """As Prefect writes it."""
        from prefect.deployments.runner import RunnerDeployment

        deployment: Any = RunnerDeployment.from_storage(
            _folder(project.root, directory),
            f"flows/{self.flow}.py:{self.flow}",
            self.name,
            flow_name=load_flow(project.root, self.flow).name,
            schedule=self.when,
            parameters={**self.parameters, "project": directory},
            description=self.description,
            tags=[TAG, _tag(project)],
            job_variables=variables,
        )
        return cast("RunnerDeployment", deployment)


def _wanted(project: Project) -> Iterator[_Wanted]:
    zone = str(project.rules.shop.timezone)
    for name, campaign in project.campaigns.items():
        if campaign.status == "live":
            when = schedule(name, campaign.schedule, zone)
            yield _Wanted("campaign", name, when, str(campaign.title), {"campaign": name})
    yield _Wanted("advance", "every-few-minutes", every(ADVANCE), "Follow-ups that fell due, messages that were held")
    yield _Wanted("conversions", "hourly", every(CONVERSIONS), "What the messages earned")


def _folder(root: Path, directory: str) -> LocalStorage:
    """The project is read in `root` here, and run in `directory` there."""
    from prefect.runner.storage import LocalStorage

    class Folder(LocalStorage):
        def to_pull_step(self) -> dict[str, Any]:
            return {"prefect.deployments.steps.set_working_directory": {"directory": directory}}

    return Folder(str(root))


def _tag(project: Project) -> str:
    return f"shop: {project.rules.shop.name}"


def _registered(client: SyncPrefectClient) -> dict[str, DeploymentResponse]:
    """What stands on the API with our tag: `flow/deployment` → deployment."""
    from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterTags
    from prefect.client.schemas.sorting import DeploymentSort

    found: dict[str, DeploymentResponse] = {}
    ours = DeploymentFilter(tags=DeploymentFilterTags(all_=[TAG]))
    while page := client.read_deployments(
        deployment_filter=ours, limit=200, offset=len(found), sort=DeploymentSort.NAME_ASC
    ):
        for row in page:
            found[f"{client.read_flow(row.flow_id).name}/{row.name}"] = row
    return found


def _refuse_another_shop(project: Project, wanted: dict[str, Any], before: dict[str, DeploymentResponse]) -> None:
    """One shop must not take over another's campaigns unseen, only because they share a name."""
    taken = [name for name in wanted if name in before and _tag(project) not in before[name].tags]
    if taken:
        raise OutsideError(
            f"Another shop has registered `{taken[0]}` on this Prefect API.", "Give each shop an API of its own."
        )


def _type_of(client: SyncPrefectClient, pool: str) -> str:
    """The type of the work pool, which is made where there is none."""
    from prefect.client.schemas.actions import WorkPoolCreate
    from prefect.exceptions import ObjectNotFound
    from prefect.workers.process import ProcessWorker

    try:
        return client.read_work_pool(pool).type
    except ObjectNotFound:
        template = ProcessWorker.get_default_base_job_template()
        return client.create_work_pool(WorkPoolCreate(name=pool, type="process", base_job_template=template)).type


def _job_variables(kind: str, directory: str, command: str) -> dict[str, Any]:
    if kind != "process":
        return {}
    return {"working_dir": directory} | ({"command": command} if command else {})
