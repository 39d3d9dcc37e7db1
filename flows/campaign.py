"""A campaign's run, from who is who to what was sent. `regulars run` and the schedules use this very file: edit it."""

from prefect import flow

from regulars.tasks import deliver_all, enrol, finish, record, run_name, segment, select


@flow(name="campaign", flow_run_name=run_name)
def campaign(campaign: str, at: str = "", project: str = ".") -> dict[str, int]:
    """Run one campaign. `at` (ISO time; empty: now) is the moment it is run for, `project` the folder of rules.yaml."""
    segment(project, at)  # who is who today: one snapshot for all campaigns
    selected = select(project, campaign, at)  # who gets it, who does not and why; the shop's steps add their columns
    parts = range(1, selected.chunks + 1)
    new = sum(enrol(project, selected, part, at).new for part in parts)  # entries, codes and messages, chunk by chunk
    finish(project, selected, at)
    sent = deliver_all(project, at)  # claim, render, send, write down the answers
    withheld = {f"withheld: {reason}": people for reason, people in selected.withheld.items()}
    figures = {"audience": selected.audience, "enrolled": new, "holdout": selected.holdout, **withheld, **sent}
    record(campaign, f"What the run of `{campaign}` did", figures)
    return figures
