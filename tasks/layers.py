"""Where settings come from, and how they become one: four layers, each checked by itself so that errors name it."""

import os
import tomllib
import types
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

from .errors import WrongValue
from .rules.pushes import PERMIT
from .rules.settings import merged as merge
from .settings import Settings
from .systems.files import read_toml

PREFIX = "RELEASE_COORDINATION_"
FILE = "release-coordination.toml"

Toml = dict[str, Any]


class SettingsError(WrongValue):
    """A setting that cannot be used: where it stands, its dotted key, and what is wrong."""

    def __init__(self, where: str, key: str, problem: str, *, expected: str = "", remedy: str = "") -> None:
        super().__init__(
            f"{where}: {key}: {problem}" if key else f"{where}: {problem}", expected=expected, remedy=remedy
        )
        self.where = where
        self.key = key


def user_file() -> Path:
    """Return the user's own settings file, in the platform's config folder."""
    from platformdirs import user_config_path

    return user_config_path("release-coordination", appauthor=False) / "config.toml"


def load(root: Path, pyproject: Toml, environment: Mapping[str, str] = os.environ) -> Settings:
    """Return a project's settings; lowest layer first: user, pyproject.toml, the file beside it, environment."""
    merged: Toml = {}
    tool = pyproject.get("tool", {})
    own = tool.get("release-coordination", {}) if isinstance(tool, dict) else tool
    for where, layer in (
        (str(user_file()), read_toml(user_file())),
        ("pyproject.toml [tool.release-coordination]", own),
        (FILE, read_toml(root / FILE)),
    ):
        check(layer, where)
        merged = merge(merged, layer)
    for variable, key, value in from_environment(environment, merged):
        layer = _nested(key, value)
        check(layer, f"environment variable {variable}")
        merged = merge(merged, layer)
    try:
        return msgspec.convert(merged, Settings)
    except msgspec.ValidationError as error:
        raise SettingsError("settings", *_explained(error, merged)) from None


def check(layer: Toml, where: str) -> None:
    """Refuse a layer with unknown keys or values of the wrong type; required keys may stand in another layer."""
    if not isinstance(layer, dict):
        raise SettingsError(where, "", f"is {_shown(layer)}", expected="a table")
    _check_table(layer, Settings, where, "")


def _check_table(layer: Toml, table: Any, where: str, above: str) -> None:
    known = keys(table)
    for key, value in layer.items():
        dotted = f"{above}{key}"
        if key not in known:
            raise SettingsError(where, dotted, "unknown key", **_suggestion(key, known, above))
        _check_value(value, known[key], where, dotted)


def _check_value(value: Any, expected: Any, where: str, dotted: str) -> None:
    inner = table_of(expected)
    if inner is not None and isinstance(value, dict):
        _check_table(value, _chosen(inner, value, where, dotted), where, f"{dotted}.")
        return
    values = mapping_of(expected)
    if values is not None and isinstance(value, dict):
        for name, item in value.items():
            _check_value(item, values, where, f"{dotted}.{name}")
        return
    try:
        msgspec.convert(value, expected)
    except msgspec.ValidationError as error:
        raise SettingsError(
            where, dotted, f"is {_shown(value)}", expected=_choices(expected) or _plain(error)
        ) from None


def _choices(hint: Any) -> str:
    """Return the values among which one must choose, or nothing when a type does not list them."""
    bare = _bare(hint)
    if get_origin(bare) is tuple:
        choices = _choices(get_args(bare)[0])
        return f"a list of {choices}" if choices else ""
    return " or ".join(f'"{choice}"' for choice in get_args(bare)) if get_origin(bare) is Literal else ""


def _chosen(table: Any, value: Toml, where: str, dotted: str) -> Any:
    """Return the one of several tables that a value's `kind` names; without one, a table with the keys of all."""
    by_kind = {choice.__struct_config__.tag: choice for choice in get_args(table)}
    if not by_kind or "kind" not in value:
        return table
    if value["kind"] not in by_kind:
        allowed = " or ".join(f'"{kind}"' for kind in by_kind)
        raise SettingsError(where, f"{dotted}.kind", f"is {_shown(value['kind'])}", expected=allowed)
    return by_kind[value["kind"]]


def keys(table: Any) -> dict[str, Any]:
    """Return the keys of a settings table with their types; of a union of tables, those of all."""
    known: dict[str, Any] = {}
    for choice in get_args(table) or (table,):
        hints = get_type_hints(choice, include_extras=True)
        known |= {item.encode_name: hints[item.name] for item in msgspec.structs.fields(choice)}
        if choice.__struct_config__.tag_field:
            known[choice.__struct_config__.tag_field] = str
    return known


def table_of(hint: Any) -> Any:
    """Return the table (or union of tables) that a type stands for, or None."""
    bare = _bare(hint)
    if get_origin(bare) in {Union, types.UnionType}:
        tables = [item for item in get_args(bare) if isinstance(item, type) and issubclass(item, msgspec.Struct)]
        return Union[tuple(tables)] if tables else None  # noqa: UP007 - built from a list
    return bare if isinstance(bare, type) and issubclass(bare, msgspec.Struct) else None


def mapping_of(hint: Any) -> Any:
    """Return the type of the values of a table whose keys are free, or None."""
    bare = _bare(hint)
    return get_args(bare)[1] if get_origin(bare) is dict else None


def _bare(hint: Any) -> Any:
    return _bare(get_args(hint)[0]) if get_origin(hint) is Annotated else hint


def _suggestion(key: str, known: Mapping[str, Any], above: str) -> dict[str, str]:
    """Return the nearest valid key: in the same table, else anywhere."""
    here = get_close_matches(key, known, n=1)
    if here:
        return {"expected": f"{above}{here[0]}"}
    everywhere = {dotted.rpartition(".")[2]: dotted for dotted in sorted(all_keys(Settings), reverse=True)}
    other = get_close_matches(key, everywhere, n=1)
    if other:
        return {"expected": everywhere[other[0]]}
    return {"expected": "one of " + ", ".join(sorted(known))}


def all_keys(table: Any, above: str = "") -> Iterator[str]:
    """Yield every dotted key; the free name of a host stands as `NAME`."""
    for key, hint in keys(table).items():
        dotted = f"{above}{key}"
        inner = table_of(hint)
        free = table_of(mapping_of(hint)) if mapping_of(hint) is not None else None
        if inner is not None:
            yield from all_keys(inner, f"{dotted}.")
        elif free is not None:
            yield from all_keys(free, f"{dotted}.NAME.")
        else:
            yield dotted


def from_environment(environment: Mapping[str, str], below: Toml) -> Iterator[tuple[str, list[str], Any]]:
    """Yield (variable, key path, value) for each setting in the environment; `below` knows the names of hosts."""
    for variable in sorted(environment):
        if variable.startswith(PREFIX) and variable != PERMIT:
            words = variable.removeprefix(PREFIX).lower().replace("__", "\0").replace("_", "-").split("\0")
            path, hint = _follow(words, below, variable)
            yield variable, path, _from_text(environment[variable], hint)


def _follow(words: list[str], below: Any, variable: str) -> tuple[list[str], Any]:
    """Return the key path that words mean and its type, following the tables down."""
    hint: Any = Settings
    path: list[str] = []
    for word in words:
        table, free = table_of(hint), mapping_of(hint)
        if table is not None:
            known = keys(table)
            if word not in known:
                above = "".join(f"{key}." for key in path)
                raise SettingsError(
                    f"environment variable {variable}",
                    f"{above}{word}",
                    "unknown key",
                    **_suggestion(word, known, above),
                )
            name, hint = word, known[word]
        elif free is not None:
            name, hint = _spelled(word, below), free
        else:
            raise SettingsError(f"environment variable {variable}", ".".join(path), "holds no further keys")
        path.append(name)
        below = below.get(name, {}) if isinstance(below, dict) else {}
    return path, hint


def _spelled(word: str, below: Any) -> str:
    """Return a free name as the lower layers spell it: the environment knows neither case nor dashes."""
    known = below if isinstance(below, dict) else {}
    return next((name for name in known if name.lower().replace("_", "-") == word), word)


def _from_text(text: str, hint: Any) -> Any:
    """Return the value that an environment variable means: text where text is wanted, else a TOML value."""
    try:
        msgspec.convert("", _bare(hint))
    except msgspec.ValidationError:
        try:
            return tomllib.loads(f"value = {text}")["value"]
        except tomllib.TOMLDecodeError:
            return text
    return text


def _nested(path: list[str], value: Any) -> Toml:
    for key in reversed(path):
        value = {key: value}
    return dict(value)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:59] + "…"  # noqa: PLR2004 - fits a line


def _plain(error: msgspec.ValidationError) -> str:
    """Return msgspec's sentence without its path: the key is named already."""
    sentence = str(error).partition(" - at ")[0].replace("`", "")
    words = {
        "str": "a string",
        "int": "a whole number",
        "bool": "true or false",
        "array": "a list",
        "object": "a table",
    }
    sentence = sentence.removeprefix("Expected ").partition(", got")[0]
    return words.get(sentence, sentence)


def _explained(error: msgspec.ValidationError, merged: Toml) -> tuple[str, str]:
    """Return key and problem of what only the whole can show: a required key that no layer has."""
    sentence, _, place = str(error).partition(" - at ")
    key = place.strip("`$.")
    if "[...]" in key:
        for name, host in merged.get("hosts", {}).items():
            try:
                msgspec.convert({"hosts": {name: host}}, Settings)
            except msgspec.ValidationError:
                key = key.replace("hosts[...]", f"hosts.{name}")
                break
    return key, sentence.replace("`", "'")
