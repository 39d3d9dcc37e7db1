from __future__ import annotations

import invented
import pytest

from regulars.measure import report

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [375, 1280])
def test_the_page_fits_is_quiet_and_asks_for_nothing(browser, tmp_path, width, scheme):
    file = tmp_path / "report.html"
    file.write_text(report.page(invented.figures(title="A title as long as nobody should write one, " * 3)), "utf-8")
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
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
    clipped = """[...document.querySelectorAll('svg')].flatMap(svg => {
        const edge = svg.getBoundingClientRect().right + 1;
        return [...svg.querySelectorAll('text')].filter(t => t.getBoundingClientRect().right > edge)
            .map(t => t.textContent)})"""
    assert page.evaluate(clipped) == []
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_soft_words_stand_out_from_the_paper(browser, tmp_path, scheme):
    file = tmp_path / "report.html"
    file.write_text(report.page(invented.figures()), "utf-8")
    page = browser.new_page(color_scheme=scheme)
    page.goto(file.as_uri())
    words, paper = page.evaluate("""[getComputedStyle(document.querySelector('.period')).color,
        getComputedStyle(document.body).backgroundColor]""")
    light, dark = sorted((_luminance(words), _luminance(paper)), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 4.5  # WCAG 2.2, 1.4.3
    page.close()


def _luminance(colour: str) -> float:
    parts = [int(part) / 255 for part in colour.removeprefix("rgb(").removesuffix(")").split(",")]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
