"""Pages to send round: what they show is text, whatever it looks like."""

from html.parser import HTMLParser

from tasks.page import page, table


class Seen(HTMLParser):
    """Collects the tags and the text of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        assert not any(name.startswith("on") or name in {"src", "href"} for name, _ in attrs)

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def test_what_is_shown_does_no_harm() -> None:
    evil = "<script>alert(1)</script><img src=x onerror=alert(1)>\x1b[31m"
    seen = Seen()
    seen.feed(page(evil, [("p", evil)], table(["result", evil], [["PASS", evil], ["FAIL", "a & b"]])))
    assert not {"script", "img", "a", "link"} & set(seen.tags)
    text = "".join(seen.text)
    assert text.count("alert(1)</script>") == 5  # the title twice, the paragraph, a heading and a cell
    assert "\x1b" not in text
    assert "a & b" in text
