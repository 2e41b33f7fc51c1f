"""The long description, rendered as the index would render it."""

import io
from email.message import Message

_MARKDOWN = {"text/markdown"}
_RST = {"text/x-rst", ""}  # no type at all is reStructuredText (core metadata)


def problem(text: str, content_type: str) -> str:
    """Return why the index would not show a long description, or nothing."""
    if not text.strip() or text.strip() == "UNKNOWN":
        return "there is no long description"
    message = Message()
    message["Content-Type"] = content_type or "text/x-rst"
    kind = message.get_content_type()
    if kind in _MARKDOWN:
        return _markdown(text, str(message.get_param("variant", "GFM")))
    if kind in _RST:
        return _rst(text)
    return "" if kind == "text/plain" else f"the index does not know the content type {content_type!r}"


def _markdown(text: str, variant: str) -> str:
    from readme_renderer import markdown

    return "" if markdown.render(text, variant=variant) else "it does not render as Markdown"


def _rst(text: str) -> str:
    from readme_renderer import rst

    warnings = io.StringIO()
    if rst.render(text, stream=warnings):
        return ""
    said = " ".join(warnings.getvalue().split())
    return f"it does not render as reStructuredText: {said[:300]}"
