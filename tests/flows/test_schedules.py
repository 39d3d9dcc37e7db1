from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from regulars.errors import ProjectError
from regulars.lang.scalars import Schedule
from regulars.serving.schedules import schedule

SHOP = "Europe/Bucharest"


def next_times(text: str, after: datetime, n: int = 3) -> list[str]:
    """When Prefect would run it, by the shop's clock."""
    import asyncio

    from prefect.client.schemas.actions import DeploymentScheduleCreate
    from prefect.client.schemas.schedules import construct_schedule
    from prefect.server.schemas import schedules as server

    made = schedule("winback", Schedule.parse(text), SHOP)
    kinds = {"interval": server.IntervalSchedule, "cron": server.CronSchedule, "rrule": server.RRuleSchedule}
    [(kind, value)] = [(kind, getattr(made, kind)) for kind in kinds if getattr(made, kind)]
    anchor = {"anchor_date": made.anchor_date} if kind == "interval" else {}
    client = construct_schedule(**{kind: value}, timezone=made.timezone, **anchor)
    assert DeploymentScheduleCreate(schedule=client)
    dates = asyncio.run(kinds[kind](**client.model_dump()).get_dates(n=n, start=after))
    return [f"{date.astimezone(ZoneInfo(SHOP)):%a %d %b %H:%M}" for date in dates]


AUGUST = datetime(2026, 8, 27, 12, 2, tzinfo=UTC)  # Thursday, 15:02 in Bucharest


@pytest.mark.parametrize(
    ("text", "times"),
    [
        ("daily at 10:00", ["Fri 28 Aug 10:00", "Sat 29 Aug 10:00", "Sun 30 Aug 10:00"]),
        ("weekly on tuesday at 11:30", ["Tue 01 Sep 11:30", "Tue 08 Sep 11:30", "Tue 15 Sep 11:30"]),
        ("weekly on sunday at 9:00", ["Sun 30 Aug 09:00", "Sun 06 Sep 09:00", "Sun 13 Sep 09:00"]),
        ("monthly on 1 at 8:00", ["Tue 01 Sep 08:00", "Thu 01 Oct 08:00", "Sun 01 Nov 08:00"]),
        ("yearly on birthday at 10:00", ["Fri 28 Aug 10:00", "Sat 29 Aug 10:00", "Sun 30 Aug 10:00"]),
        ("yearly on birthday at 10:00 their time", ["Thu 27 Aug 16:00", "Thu 27 Aug 17:00", "Thu 27 Aug 18:00"]),
        ("once on 2026-11-26 at 9:00", ["Thu 26 Nov 09:00"]),
        ("every 10 minutes", ["Thu 27 Aug 15:10", "Thu 27 Aug 15:20", "Thu 27 Aug 15:30"]),
        ("cron: 0 9 * * 4", ["Thu 03 Sep 09:00", "Thu 10 Sep 09:00", "Thu 17 Sep 09:00"]),
    ],
)
def test_a_schedule_means_the_same_to_prefect_as_to_the_marketer(text, times):
    assert next_times(text, AUGUST) == times


def test_ten_in_the_morning_stays_ten_when_the_clocks_change():
    before = datetime(2026, 10, 24, 0, 0, tzinfo=UTC)
    assert next_times("daily at 10:00", before) == ["Sat 24 Oct 10:00", "Sun 25 Oct 10:00", "Mon 26 Oct 10:00"]


def test_a_cron_line_that_is_none_is_told_with_the_campaigns_name():
    with pytest.raises(ProjectError, match="schedule of `winback`"):
        schedule("winback", Schedule.parse("cron: 99 9 * * 4"), SHOP)
