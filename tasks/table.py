"""The settings table that `init` adds to a pyproject.toml: every key with its default, as comments to uncomment."""

import tomllib
from collections.abc import Iterator, Mapping
from typing import Any, get_args

import msgspec

from .errors import Refused
from .layers import keys, mapping_of, table_of
from .reference import default_of, description
from .rules.settings import table_at
from .settings import Settings

_NAME = "tool.release-coordination"
_HEAD = "# How this project is released; a commented line shows a key with its default."


def settings_table(found: Mapping[str, Any]) -> str:
    """Return the table: what was found out about the project as it is, every other key as a comment."""
    return "\n".join([_HEAD, *_section(Settings, _NAME, found)]).rstrip() + "\n"


def with_table(text: str, found: Mapping[str, Any]) -> str:
    """Return a pyproject.toml's text with the table at its end; what was there before stays, byte for byte."""
    apart = "" if not text else "\n" if text.endswith("\n") else "\n\n"
    newline = "\r\n" if "\r\n" in text else "\n"
    added = text + (apart + settings_table(found)).replace("\n", newline)
    before = tomllib.loads(text.removeprefix("\ufeff"))
    try:
        after = tomllib.loads(added.removeprefix("\ufeff"))
    except tomllib.TOMLDecodeError:
        after = {}
    table_at(after, "tool").pop("release-coordination", None)
    if after != {"tool": {}, **before}:
        raise Refused(
            "pyproject.toml takes no further table [tool.release-coordination] at its end",
            expected="[tool] without inline tables or dotted keys",
            remedy="add the settings by hand, then run init again",
        )
    return added


def has_table(pyproject: Mapping[str, Any]) -> bool:
    """Tell whether a pyproject.toml has the table."""
    return "release-coordination" in table_at(pyproject, "tool")


def _section(table: Any, name: str, found: Mapping[str, Any], mark: str = "") -> Iterator[str]:
    yield f"{mark}[{name}]"
    below = []
    for item, (key, hint) in zip(msgspec.structs.fields(table), keys(table).items(), strict=False):
        inner, free = table_of(hint), mapping_of(hint)
        if inner is not None or (free is not None and table_of(free) is not None):
            below.append((key, inner, free, hint))
        elif free is not None:
            below.append((key, None, None, hint))
        else:
            yield _line(item, key, description(hint), found, mark)
    for key, inner, free, hint in below:
        yield from _below(f"{name}.{key}", (inner, free, hint), found.get(key, {}), mark)


def _line(item: Any, key: str, words: str, found: Mapping[str, Any], mark: str) -> str:
    if key in found and not mark:
        return f"{key} = {_toml(found[key])}  # {words}"
    return f"# {key} = {_toml('' if item.required else default_of(item))}  # {words}"


def _below(name: str, kinds: tuple[Any, Any, Any], found: Mapping[str, Any], mark: str) -> Iterator[str]:
    """Yield a table below: of keys, of named tables, or of free keys; one of several kinds is left to the docs."""
    inner, free, hint = kinds
    yield ""
    if inner is not None and not get_args(inner):
        yield from _section(inner, name, found, mark)
    elif inner is not None:
        yield f"# {description(hint)}; its keys depend on its kind"
        yield f"# [{name}]"
    elif free is not None:
        yield from _section(table_of(free), f"{name}.NAME", {}, "# ")
    else:
        yield f"# {description(hint)}"
        yield f"{mark}[{name}]"
        yield from (f"{_toml_key(key)} = {_toml(value)}" for key, value in found.items())


def _toml(value: Any) -> str:
    """Return a value as TOML spells it, which for these types is as JSON does."""
    return msgspec.json.encode(value).decode().replace('","', '", "')


def _toml_key(key: str) -> str:
    return key if key.replace("-", "").replace("_", "").isalnum() and key.isascii() else _toml(key)
