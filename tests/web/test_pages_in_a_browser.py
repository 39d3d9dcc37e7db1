"""The pages in a real browser: on a phone and on a desk, light and dark, with their policy in force."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pytest
from visits import Visit

from regulars import clock
from regulars.ledger import consent, referrals

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
PICTURES = os.environ.get("REGULARS_PICTURES", "")
"""A folder to lay pictures in, for whoever changes a page."""

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: none is installed on this machine"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    with sync_api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield opened
        opened.close()


def contrast(page, text: str, ground: str) -> float:
    """WCAG's ratio of an element's text and another's background, 1 to 21."""
    read = """([text, ground]) => [
        getComputedStyle(document.querySelector(text)).color,
        getComputedStyle(document.querySelector(ground)).backgroundColor,
    ].map(colour => colour.match(/[\\d.]+/g).slice(0, 3).map(Number))"""

    def light(colour: list[float]) -> float:
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in (c / 255 for c in colour)]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    bright, dark = sorted((light(colour) for colour in page.evaluate(read, [text, ground])), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def paths(visit: Visit) -> dict[str, str]:
    with visit.house.ledger.writing() as connection:
        code = referrals.codes_for(connection, pa.array(["ana"]), clock.now())["code"][0].as_py()
        (row,) = visit.rows("select address_hash from message where customer_id = 'lena' and campaign = 'hello'")
        consent.suppress(connection, row["address_hash"], "email", "bounced", clock.now())
    return {
        "stop": visit.path("unsubscribe", "ana", "news"),
        "choice": visit.path("preferences", "lena", "news"),
        "choice_en": visit.path("preferences", "tom", "news"),
        "friend": f"/r/{code}",
        "asked": visit.path("answer", "ana"),
        "answered": f"{visit.path('answer', 'lena')}/9",
        "nothing": "/nothing",
    }


@pytest.mark.parametrize(("width", "scheme"), [(320, "light"), (375, "dark"), (1280, "light"), (1280, "dark")])
def test_every_page_is_readable(browser, quick_visit: Visit, width: int, scheme: str) -> None:
    page = browser.new_page(viewport={"width": width, "height": 760}, color_scheme=scheme)
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    for name, path in paths(quick_visit).items():
        page.goto(f"{str(quick_visit.browser.base_url).rstrip('/')}{path}")
        if PICTURES:
            page.screenshot(path=Path(PICTURES) / f"{name}-{width}-{scheme}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
        assert contrast(page, "main", "main") >= 7, name
        assert contrast(page, "header", "html") >= 4.5, name
        for control in page.locator("button, .button, label").all():
            assert control.bounding_box()["height"] >= 44, name  # what a thumb can hit
        if page.locator("button, .button").count():
            assert contrast(page, "button, .button", "button, .button") >= 4.5, name
        assert page.evaluate("document.documentElement.lang") in ("ro", "ru", "en")
    page.close()
    assert [told for told in complaints if "404" not in told] == []


def answers(visit: Visit) -> list[tuple[int, str, bool]]:
    found = visit.rows("select score, comment, machine from answer")
    return [(row["score"], row["comment"], bool(row["machine"])) for row in found]


def test_one_click_answers_and_a_comment_follows(browser, quick_visit: Visit) -> None:
    page = browser.new_page(viewport={"width": 375, "height": 760})
    page.goto(f"{str(quick_visit.browser.base_url).rstrip('/')}{quick_visit.path('answer', 'tom')}/9")
    page.get_by_role("status").wait_for()
    assert answers(quick_visit) == [(9, "", False)]
    page.get_by_role("radio", name="3", exact=True).check()
    page.get_by_role("textbox").fill("It was late.")
    page.get_by_role("button", name="Send").click()
    page.get_by_text("A person reads them").wait_for()
    assert answers(quick_visit) == [(3, "It was late.", False)]
    page.close()


def test_coming_back_to_the_page_answers_nothing_again(browser, quick_visit: Visit) -> None:
    page, path = browser.new_page(), quick_visit.path("answer", "tom")
    page.goto(f"{str(quick_visit.browser.base_url).rstrip('/')}{path}/9")
    page.get_by_role("status").wait_for()
    quick_visit.browser.post(path, data={"recommend": "3"})
    page.goto("about:blank")
    for _ in range(2):
        # The page of a POST is kept by nobody, which the browser tells as a mistake of the way back.
        with suppress(pytest.importorskip("playwright.sync_api").Error):
            page.go_back()
        page.wait_for_timeout(300)
    page.close()
    assert answers(quick_visit) == [(3, "", False)]


def test_without_scripts_it_takes_one_press_more(browser, quick_visit: Visit) -> None:
    page = browser.new_page(java_script_enabled=False)
    page.goto(f"{str(quick_visit.browser.base_url).rstrip('/')}{quick_visit.path('answer', 'tom')}/9")
    assert answers(quick_visit) == []
    page.get_by_role("button", name="Send my answer").click()
    assert page.get_by_role("status").is_visible()
    page.close()
    assert answers(quick_visit) == [(9, "", False)]


def test_one_leaves_a_topic_then_everything_then_comes_back_by_clicks_alone(browser, quick_visit: Visit) -> None:
    page = browser.new_page(viewport={"width": 375, "height": 760}, java_script_enabled=False)
    page.goto(f"{str(quick_visit.browser.base_url).rstrip('/')}{quick_visit.path('unsubscribe', 'tom', 'news')}")
    page.get_by_role("button", name="Unsubscribe me").click()
    page.get_by_role("button", name="Stop all e-mails").click()
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / "stopped.png")
    page.get_by_role("link", name="I changed my mind").click()
    boxes = page.get_by_role("checkbox", name="e-mails")
    assert [box.is_checked() for box in boxes.all()] == [False]
    boxes.check()
    page.get_by_role("button", name="Save").click()
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / "saved.png")
    assert page.get_by_role("status").inner_text() == "Your choice is saved."
    page.close()
    words = [(topic, given) for _, _, topic, given in quick_visit.said()]
    assert words == [("new_products", False), ("", False), ("", True)]
