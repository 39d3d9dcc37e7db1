"""The page of a simulation in a real browser: on a phone and on a desk, by day and by night, asking for nothing."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from regulars.campaigns.trying.simulated import SimulatedCampaign, Simulation
from regulars.measure import simulation_page

NAMES = (
    "birthday",
    "discount",
    "a_campaign_with_a_name_as_long_as_nobody_should_write",
    "thanks",
    "welcome",
    "winback",
)

pytestmark = pytest.mark.browser


def campaign(name: str) -> SimulatedCampaign:
    return {
        "campaign": name,
        "title": "A title as long as nobody should write one, " * 3,
        "entered": 1_746,
        "held_out": 238,
        "messages": 1_508,
        "by_message": {"one by email": 1_508},
        "people": 1_065,
        "codes": 1_508,
        "if_all_redeem": "39547.30",
        "by_value": {"10 %": 1_000, "15 %": 508},
        "orders": 385,
        "revenue": "94211.00",
        "withheld": {"already-enrolled": 23_000, "frequency": 340, "lost-priority": 79},
        "held": 64,
        "left_out": {"when": 171},
        "answers": {"nps recommend": {"9": 12, "3": 4}},
        "stopped": {"2,104 people in the audience, and `expect` allows at most 2,000.": 3},
        "often": {"3": 87, "4": 2},
        "often_ids": [f"customer-{number}" for number in range(10)],
    }


def invented() -> Simulation:
    """Ninety days; the sixth is far above all others."""
    first = date(2026, 6, 1)
    return {
        "shop": "Casa Verde",
        "currency": "RON",
        "first": "2026-06-01",
        "last": "2026-08-29",
        "customers": 5_919,
        "messages": 9_657,
        "people": 3_793,
        "per_person": {"0": 2_126, "1": 605, "2": 3_188},
        "per_person_and_day": {"1": 9_657},
        "per_person_and_7_days": {"1": 2_111, "2": 1_682},
        "most_in_7_days": 2,
        "channels": {"email": 9_161, "sms": 496},
        "codes": 3_413,
        "if_all_redeem": "88320.12",
        "answering": {"rate": 0.2, "rate_of": "assumed", "scores_of": {"nps": "assumed"}},
        "by_day": [
            {
                "day": (first + timedelta(days=number)).isoformat(),
                "messages": dict.fromkeys(NAMES, 1783 if number == 5 else 10 + number % 7),
                "entered": dict.fromkeys(NAMES, 12),
                "withheld": {"frequency": 3, "lost-priority": 1, "no-consent": 210},
            }
            for number in range(90)
        ],
        "campaigns": [campaign(name) for name in NAMES],
    }


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [375, 1280])
def test_the_page_fits_is_quiet_and_asks_for_nothing(browser: Any, tmp_path: Path, width: int, scheme: str) -> None:
    file = tmp_path / "simulation.html"
    file.write_text(simulation_page.page(invented()), "utf-8")
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme, java_script_enabled=True)
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda line: said.append(line.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(file.as_uri())
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")

    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert said == []
    assert [url for url in asked if not url.startswith("data:")] == [file.as_uri()]
    outside = """[...document.querySelectorAll('svg')].flatMap(svg => {
        const edge = svg.getBoundingClientRect();
        return [...svg.querySelectorAll('text, rect')].map(part => [part, part.getBoundingClientRect()])
            .filter(([_, box]) => box.right > edge.right + 1 || box.top < edge.top - 1)
            .map(([part]) => part.textContent || part.outerHTML)})"""
    assert page.evaluate(outside) == []
    page.close()
