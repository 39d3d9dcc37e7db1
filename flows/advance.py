"""What happens between runs, every few minutes: follow-ups that fell due, and messages held for quiet hours."""

from prefect import flow

from regulars.tasks import advance as advance_all
from regulars.tasks import deliver_all, record, run_name


@flow(name="advance", flow_run_name=run_name)
def advance(at: str = "", project: str = ".") -> dict[str, int]:
    """Write what fell due, then deliver it. `at` (ISO time; empty: now), `project` the folder of rules.yaml."""
    advanced = advance_all(project, at)
    sent = deliver_all(project, at)
    figures = {"follow-ups": advanced.written, "entries ended": advanced.ended, **sent}
    if any(figures.values()):
        record("advance", "What fell due and was sent", figures)
    return figures
