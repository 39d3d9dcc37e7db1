"""Verbs that keep running, or register what does: up, web, deploy."""

from __future__ import annotations

from typing import Annotated

import typer

from regulars.cli.app import ProjectOption, answer, app, root_of


@app.command()
def up(
    project: ProjectOption = None,
    port: Annotated[int, typer.Option("--port", help="Of Prefect's API and pages.")] = 4200,
    web_port: Annotated[int, typer.Option("--web-port", help="Of the pages that messages lead to.")] = 8080,
) -> None:
    """Serve the project on this machine: API, schedules, follow-ups, conversions, web app. Stop it with Ctrl-C."""
    from regulars.serving.machine import up as serve

    serve(root_of(project), port, web_port)


@app.command()
def web(
    project: ProjectOption = None,
    host: Annotated[str, typer.Option("--host", help="The address of this machine to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", help="0: any that is free.")] = 8080,
) -> None:
    """Serve the pages that messages lead to, and take what providers tell. Stop it with Ctrl-C."""
    from regulars.web.listening import listen

    listen(root_of(project), host, port)


@app.command()
def deploy(
    pool: Annotated[str, typer.Option("--pool", help="The Prefect work pool the flows run on.")],
    project: ProjectOption = None,
    directory: Annotated[
        str, typer.Option("--directory", help="Where the pool's workers find the project. Default: where it is here.")
    ] = "",
) -> None:
    """Register the schedules on a work pool of a Prefect API (PREFECT_API_URL): the way past one machine."""
    from regulars.serving.deploying import deploy as register

    answer(str(register(root_of(project), pool, directory)))
