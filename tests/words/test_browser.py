"""The letters in a real browser, at the width of a phone and of a desk, light and dark."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from itertools import product

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: none is installed on this machine"),
]
LETTERS = [
    *product(("discount/due", "referral/invite"), ("ro", "ru", "en")),
    ("birthday/gift", "ru"), ("winback/first", "ro"), ("welcome/hello", "en"), ("thanks/order", "ru"),
    ("nps/ask", "ro"), ("nps/ask", "ru"),
    ("referral/reward", "ro"),
]  # fmt: skip


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    with sync_api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield opened
        opened.close()


def contrast(first: list[float], second: list[float]) -> float:
    """WCAG's ratio of two colours, 1 to 21."""

    def light(colour: list[float]) -> float:
        parts = [c / 255 for c in colour[:3]]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    bright, dark = sorted((light(first), light(second)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def colours(page, selector: str, ground: str) -> tuple[list[float], list[float]]:
    """Text colour of one element, background of another."""
    read = """([text, ground]) => [
        getComputedStyle(document.querySelector(text)).color,
        getComputedStyle(document.querySelector(ground)).backgroundColor,
    ].map(colour => colour.match(/[\\d.]+/g).map(Number))"""
    return tuple(page.evaluate(read, [selector, ground]))


@pytest.mark.parametrize(("template", "language"), LETTERS)
@pytest.mark.parametrize(("width", "scheme"), [(375, "light"), (375, "dark"), (1280, "light"), (1280, "dark")])
def test_a_letter_is_readable(browser, words, context, template, language, width, scheme):
    known = context(template, language)
    email = words.email(template, language, known, "Subject")
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    try:
        page.set_content(email.html)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        button = page.locator(".button a")
        assert button.is_visible()
        assert button.inner_text().strip()
        assert button.bounding_box()["height"] >= 44  # what a thumb can hit
        scores = page.locator(".scale a").all()
        assert len(scores) == (11 if "survey" in known else 0)
        for score in scores:
            box = score.bounding_box()
            assert min(box["width"], box["height"]) >= 44
            assert box["x"] + box["width"] <= width
        if "offer" in known or "referral" in known:
            code = page.locator(".code")
            box = code.bounding_box()
            assert code.is_visible()
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= width
            assert contrast(*colours(page, ".code", ".ticket")) >= 4.5
        assert page.locator("h1").inner_text().strip()
        assert not page.locator(".preheader").is_visible()
        assert page.locator(".letter").bounding_box()["width"] <= 600
        assert contrast(*colours(page, ".sheet", ".sheet")) >= 7
        assert contrast(*colours(page, ".button a", ".button td")) >= 4.5
        assert contrast(*colours(page, ".foot", ".page")) >= 4.5
    finally:
        page.close()


def test_a_long_name_and_a_long_product_do_not_break_the_phone(browser, words, context):
    known = context("discount/due", "ro")
    known["customer"]["first_name"] = "Alexandrina-Constantina-Elisabeta-Maria-Magdalena" * 2
    known["customer"]["recommended"] = [{"product": "Ghiveci" * 20, "category": "grădină", "price": "12345.67"}]
    page = browser.new_page(viewport={"width": 375, "height": 800})
    try:
        page.set_content(words.email("discount/due", "ro", known, "s").html)
        assert page.evaluate("document.documentElement.scrollWidth") <= 375
    finally:
        page.close()
