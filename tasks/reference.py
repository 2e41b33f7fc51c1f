"""The reference of the settings, made from their definition: `python -m tasks.reference > docs/settings.md`."""

import sys
from collections.abc import Iterator
from typing import Annotated, Any, get_args, get_origin

import msgspec

from .layers import FILE, PREFIX, keys, mapping_of, table_of
from .settings import Settings

_HEAD = f"""# Settings

Four layers, lowest first; a higher one wins key by key, and tables are merged:

1. `release-coordination/config.toml` in the platform's config folder (`~/.config` on Linux)
2. `[tool.release-coordination]` in the project's pyproject.toml
3. `{FILE}` beside it, which git should ignore: addresses, local choices
4. the environment: `{PREFIX}` and the key in capitals, dashes as underscores, nested keys joined by two
   underscores (`{PREFIX}HOSTS__HETZ__UNIT=untether.service`); lists as TOML (`'["ci", "docs"]'`)

An unknown key or a wrong type is an error that names the layer, the key and the nearest valid key.
The project is the one you stand in (the nearest pyproject.toml upwards) or `--project PATH`.

This page is made from `tasks/settings.py` by `uv run python -m tasks.reference > docs/settings.md`.
"""


def reference() -> str:
    """Return the whole page."""
    return "\n".join([_HEAD, *_section(Settings, "tool.release-coordination", "")]).rstrip() + "\n"


def _section(table: Any, heading: str, about: str) -> Iterator[str]:
    yield f"## `[{heading}]`\n"
    if about:
        yield f"{about}\n"
    rows, below = [], []
    for item, (key, hint) in zip(_fields(table), keys(table).items(), strict=False):
        inner, free = table_of(hint), mapping_of(hint)
        if inner is not None and not get_args(inner):
            below.append((inner, f"{heading}.{key}", description(hint)))
        elif inner is not None:
            below += [(choice, f"{heading}.{key}", _choice(choice)) for choice in get_args(inner)]
        elif free is not None and table_of(free) is not None:
            below.append((table_of(free), f"{heading}.{key}.NAME", description(hint)))
        else:
            rows.append(f"| `{key}` | {_type(hint)} | {_default(item)} | {description(hint)} |")
    if rows:
        yield "| key | type | default | meaning |\n|---|---|---|---|"
        yield from rows
        yield ""
    for inner, name, words in below:
        yield from _section(inner, name, words)


def _fields(table: Any) -> list[Any]:
    return list(msgspec.structs.fields(table))


def _choice(choice: Any) -> str:
    doc = (choice.__doc__ or "").strip()
    return f'With `kind = "{choice.__struct_config__.tag}"`: {doc[:1].lower()}{doc[1:]}'


def description(hint: Any) -> str:
    """Return what a key is for."""
    for note in get_args(hint)[1:] if get_origin(hint) is Annotated else ():
        if isinstance(note, msgspec.Meta) and note.description:
            return note.description
    return ""


def _type(hint: Any) -> str:
    while get_origin(hint) is Annotated:
        hint = get_args(hint)[0]
    if hint in {str, int, bool}:
        return {str: "text", int: "whole number", bool: "true or false"}[hint]
    if get_origin(hint) is tuple:
        return f"list of {_type(get_args(hint)[0])}"
    if get_origin(hint) is dict:
        return "table of text"
    return " or ".join(f'`"{choice}"`' for choice in get_args(hint))


def default_of(item: Any) -> Any:
    """Return a key's default as TOML and JSON have it."""
    value = item.default if item.default is not msgspec.NODEFAULT else item.default_factory()
    return list(value) if isinstance(value, tuple) else value


def _default(item: Any) -> str:
    if item.required:
        return "required"
    value = default_of(item)
    return "" if value in ("", [], {}) else f"`{msgspec.json.encode(value).decode()}`"


if __name__ == "__main__":
    sys.stdout.write(reference())
