from __future__ import annotations

import re
from html.parser import HTMLParser

import invented
import pytest
from ledger_rows import NOON, campaign_of

from regulars.measure import report
from regulars.measure.charts import Bar, Span, bars, spans

VOID = {"meta", "link"}


class Page(HTMLParser):
    """The elements of a page, and a failure where they are not nested."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def count(self, tag: str) -> int:
        return sum(name == tag for name, _ in self.seen)

    def attributes(self, name: str) -> list[str]:
        return [attributes[name] or "" for _, attributes in self.seen if name in attributes]


def test_the_page_needs_nothing_but_itself():
    html = report.page(invented.figures())
    page = Page(html)
    assert page.count("script") == 0
    assert page.attributes("src") == []
    assert page.attributes("href") == ["data:,"]
    assert "url(" not in html
    assert "http:" not in html.replace("http-equiv", "")
    assert "default-src 'none'" in html


def test_every_chart_has_a_title_a_description_and_its_numbers():
    page = Page(report.page(invented.figures()))
    assert page.count("svg") == page.count("desc") == page.count("details") == 5
    names = " ".join(page.attributes("aria-labelledby")).split()
    identifiers = page.attributes("id")
    assert set(names) <= set(identifiers)
    assert len(identifiers) == len(set(identifiers))


@pytest.mark.parametrize("nasty", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "`<b>`", "]]>&amp;"])
def test_a_title_cannot_become_part_of_the_page(nasty):
    page = Page(report.page(invented.figures(title=nasty)))
    assert page.count("script") == page.count("img") == page.count("b") == 0
    assert len(page.seen) - page.count("code") == len(PLAIN.seen) - PLAIN.count("code")


PLAIN = Page(report.page(invented.figures()))


def test_names_of_segments_messages_and_shops_are_escaped_as_well():
    figures = invented.figures()
    figures["shop"] = "<script>1</script>"
    figures["loyalty"]["segments"] = {"<script>2</script>": {"<script>3</script>": 4}}
    figures["campaigns"][0]["by_message"][0]["name"] = "<script>5</script>"
    figures["campaigns"][0]["by_evidence"]["<script>6</script>"] = {"conversions": 1, "revenue": 1.0}
    assert Page(report.page(figures)).count("script") == 0


def test_the_page_says_what_is_known_and_what_is_not():
    html = report.page(invented.figures())
    assert html.count('<li class="known">') == 1
    assert html.count('<li class="open">') == 2
    assert "<code>holdout: 10%</code> in the campaign would tell" in html


def test_an_empty_ledger_gives_a_page_that_says_so(empty_ledger):
    figures = report.figures(empty_ledger, currency="RON", now=NOON, campaigns={"winback": campaign_of("W")})
    html = report.page(figures)
    assert "Nothing has been sent, and nobody has entered a campaign." in html
    assert Page(html).count("svg") == 0


def test_the_longest_bar_leaves_room_for_its_figure():
    widths = re.findall(r'width="([\d.]+)%" height="13"', bars("x", "t", "d", [_bar(40), _bar(10)]))
    assert [float(width) for width in widths] == [74.0, 18.5]


def test_a_chart_of_zeros_has_no_bars():
    assert "<rect" not in bars("x", "t", "d", [_bar(0)])


def test_an_interval_is_drawn_around_its_estimate_and_zero_is_marked():
    drawn = spans("x", "t", "d", [Span("a", 2.0, -1.0, 5.0, "", known=False)])
    left, right = (float(x) for x in re.search(r'reach unsure" x1="([\d.]+)%" x2="([\d.]+)%', drawn).groups())
    zero = float(re.search(r'class="zero" x1="([\d.]+)%', drawn)[1])
    middle = float(re.search(r'cx="([\d.]+)%', drawn)[1])
    assert 0 < left < zero < middle < right < 100
    assert middle == pytest.approx((left + right) / 2, abs=0.02)


def _bar(size: float) -> Bar:
    return Bar("label", [("mid", size)], "note")
