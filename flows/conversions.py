"""What the messages earned: new orders are matched to them, each order once, to the last message that has a claim."""

from prefect import flow

from regulars.tasks import convert, record, run_name


@flow(name="conversions", flow_run_name=run_name)
def conversions(at: str = "", project: str = ".") -> dict[str, int]:
    """Record conversions. `at` (ISO time; empty: now), `project` the folder of rules.yaml."""
    converted = convert(project, at)
    figures = {"orders": converted.orders, **converted.by_evidence, "referrals": converted.referrals}
    record("conversions", "What the messages earned", figures | {"revenue": str(converted.revenue)})
    return figures
