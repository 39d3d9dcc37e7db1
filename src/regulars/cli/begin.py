"""Verbs to begin with: init and demo."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from regulars.cli.app import AsOfOption, answer, app, moment, tell
from regulars.errors import WrongUse

SAMPLE_ZONE = "Europe/Bucharest"


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="Where to lay the project. Default: here.")] = Path(),
    as_of: AsOfOption = "",
    *,
    without_data: Annotated[bool, typer.Option("--without-data", help="Lay no sample customers and orders.")] = False,
) -> None:
    """Lay a project: rules, campaigns, templates, flows, and a sample shop's data to try them on."""
    from regulars.campaigns.calendar import day_of
    from regulars.sample.scaffold import lay_project

    if (folder / "rules.yaml").exists():
        raise WrongUse(
            f"There is a rules.yaml in {folder.resolve()} already.", "Choose an empty folder: regulars init my-shop"
        )
    laid = lay_project(folder)
    answer(f"{len(laid)} files laid in {folder.resolve()}")
    if not without_data:
        from regulars import sample

        shop = sample.lay(folder, day_of(moment(as_of, SAMPLE_ZONE), SAMPLE_ZONE))
        answer(f"a sample shop in data/: {shop.customers:,} customers, {shop.orders:,} orders")
    answer(f"next: {'' if folder == Path() else f'cd {folder} && '}regulars check && regulars plan")


@app.command()
def demo(
    folder: Annotated[Path, typer.Argument(help="Where to lay the demonstration.")] = Path("demo"),
    as_of: AsOfOption = "",
) -> None:
    """Show everything once: lay the sample shop, check, plan, run, let two weeks of orders arrive, report."""
    from regulars.cli.demonstration import demonstrate

    os.environ["REGULARS_CHANNEL"] = "folder"
    demonstrate(folder, moment(as_of, SAMPLE_ZONE) if as_of else None, answer, tell)
