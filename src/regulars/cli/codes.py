"""The verb about codes: what was given, what pools have, what a checkout must know. No code is ever printed."""

from __future__ import annotations

from datetime import date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal
from zoneinfo import ZoneInfo

import typer

from regulars.cli.app import AsOfOption, FormatOption, ProjectOption, answer, answer_json, app, moment, root_of
from regulars.errors import WrongUse

if TYPE_CHECKING:
    from regulars.campaigns.code_files import Brought
    from regulars.campaigns.desk import Desk

_FORMS = "regulars codes · regulars codes import FILE --pool NAME · regulars codes export [CAMPAIGN] --output FILE.csv"


@app.command()
def codes(
    action: Annotated[
        Literal["list", "import", "export"],
        typer.Argument(metavar="[import|export]", help="Bring codes for a pool, or write made ones for the checkout."),
    ] = "list",
    what: Annotated[str, typer.Argument(metavar="[FILE|CAMPAIGN]", help="The file to import; the campaign's.")] = "",
    pool: Annotated[str, typer.Option("--pool", metavar="NAME", help="The pool that codes are imported into.")] = "",
    since: Annotated[str, typer.Option("--since", metavar="DAY", help="Export only codes made from this day on.")] = "",
    output: Annotated[Path | None, typer.Option("--output", help="Where to export to: FILE.csv.")] = None,
    project: ProjectOption = None,
    as_of: AsOfOption = "",
    format: FormatOption = "text",  # noqa: A002  # the option's name
) -> None:
    """Count codes by pool and campaign; import codes of the checkout's own, or export those that were made."""
    from regulars.campaigns.desk import Desk

    if action == "list" and (what or pool or since or output):
        raise WrongUse("`regulars codes` alone counts, and takes none of these.", _FORMS)
    with Desk.open(root_of(project), looking=action != "import") as desk:
        at = moment(as_of, desk.zone)
        if action == "import":
            answer(_import(desk, what, pool, at))
        elif action == "export":
            answer(_export(desk, what, since, output))
        else:
            _list(desk, at, as_json=format == "json")


def _import(desk: Desk, file: str, pool: str, at: datetime) -> str:
    from regulars.campaigns import code_files
    from regulars.lang.offer import Pool
    from regulars.ledger import pools

    if not file or not pool:
        raise WrongUse("An import takes a file of codes and the name of their pool.", _FORMS)
    try:
        name = Pool.parse(f"pool {pool}").name
    except ValueError:
        letters = "small letters without diacritics, digits, - and _"
        raise WrongUse(f"`{pool}` cannot be the name of a pool.", letters) from None
    brought = code_files.read(Path(file))
    with desk.ledger.writing() as connection:
        found = pools.add(connection, name, brought.codes, at)
    free = pools.free(desk.ledger, name)
    told = [f"{found.new:,} codes imported into pool `{name}`, which has {free:,} free now"]
    if found.twice:
        told.append(f"{found.twice:,} stood in the file twice")
    if found.known:
        told.append(f"{found.known:,} were known already and stay where they are")
    return "; ".join(told) + _unreadable(brought)


def _unreadable(brought: Brought) -> str:
    from regulars.campaigns.code_files import NAMED
    from regulars.ledger.pools import LONGEST

    if not brought.unreadable:
        return ""
    lines = ", ".join(map(str, brought.unreadable[:NAMED])) + (" …" if len(brought.unreadable) > NAMED else "")
    return (
        f".\n{len(brought.unreadable):,} lines hold no code (line {lines}): "
        f"1 to {LONGEST} letters, digits and signs without spaces."
    )


def _export(desk: Desk, campaign: str, since: str, output: Path | None) -> str:
    from regulars.campaigns import code_files

    if output is None:
        raise WrongUse("An export needs a file to write.", "regulars codes export [CAMPAIGN] --output FILE.csv")
    if campaign:
        desk.campaign(campaign)
    try:
        day = date.fromisoformat(since) if since else None
    except ValueError:
        raise WrongUse(f"`{since}` is not a day.", "Write --since 2026-08-27.") from None
    first = datetime.combine(day, time(), ZoneInfo(desk.zone)) if day else None
    written = code_files.export(desk, output, campaign, first)
    return f"{written:,} codes written to {output}: their terms, and nobody's name"


def _list(desk: Desk, at: datetime, *, as_json: bool) -> None:
    from regulars.ledger import pools, vouchers

    with desk.ledger.reading() as connection:
        stock, given = pools.stock(connection), vouchers.given(connection, at)
    if as_json:
        answer_json({"pools": [one._asdict() for one in stock], "campaigns": [one._asdict() for one in given]})
        return
    if not stock and not given:
        answer("No codes yet: nobody was given one, and no pool has any.")
        return
    widest = max(len(name) for name in [*(one.pool for one in stock), *(one.campaign for one in given)])
    lines = [f"{one.pool:<{widest}}  pool: {one.free:,} free, {one.taken:,} taken" for one in stock]
    lines += [
        f"{one.campaign:<{widest}}  {one.given:,} given: {one.used:,} used, {one.expired:,} expired, "
        f"{one.ended:,} replaced by a later offer"
        for one in given
    ]
    answer("\n".join(lines))
