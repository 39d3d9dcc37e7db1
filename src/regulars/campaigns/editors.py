"""What editors complete in one project: its templates, its steps with their parameters, its campaigns, its tables."""

from __future__ import annotations

from pathlib import Path

from regulars.campaigns.step_files import steps_of
from regulars.errors import RegularsError
from regulars.lang import schema
from regulars.lang.project import load


def names_of(root: Path) -> schema.Names:
    """The names of the project in `root`. What cannot be read is left out: `check` tells why."""
    from regulars.words.sources import Sources

    project, _ = load(root)
    try:
        templates = [name for name in Sources.of(root).templates if not name.startswith("layout/")]
    except RegularsError:
        templates = []
    try:
        steps = {name: step.parameters.model_json_schema() for name, step in steps_of(root).items()}
    except RegularsError:
        steps = {}
    if project is None:
        return schema.Names(templates=sorted(templates), steps=steps)
    return schema.Names(
        templates=sorted(templates),
        steps=steps,
        campaigns=sorted(project.campaigns),
        tables=sorted(map(str, project.rules.source.tables)),
        languages=[str(language) for language in project.rules.shop.languages],
    )


def write(root: Path) -> list[Path]:
    """Write the schemas of the project into `root/schemas`; the files written."""
    return schema.write(root, names_of(root))
