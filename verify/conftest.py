"""Hands over to the package's pytest plugin, under whichever name the package has here (DESIGN.md section 9)."""

import sys
from importlib import import_module
from pathlib import Path

import pytest

_CHECKOUT = Path(__file__).resolve().parent.parent / "tasks" / "proof" / "plugin.py"
_PLUGIN = "tasks.proof.plugin" if _CHECKOUT.exists() else "release_coordination.proof.plugin"

# pytest answers a lone --version with its own version and exit code 0 when a conftest cannot be imported: a release
# would look proved. So whatever goes wrong here ends the process at once.
try:
    if _CHECKOUT.exists() and str(_CHECKOUT.parents[2]) not in sys.path:
        sys.path.insert(0, str(_CHECKOUT.parents[2]))  # also when pytest was started in another folder
    _plugin = import_module(_PLUGIN)
except BaseException as error:
    sys.stderr.write(f"verify: {_PLUGIN} cannot be loaded: {type(error).__name__}: {error}\n")
    raise SystemExit(4) from error


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    """Take pytest's own --version and --strict away (-V still answers it), then let the plugin add the suite's options.

    pytest 8 prints its version for --version before any test is looked at, so it must lose the word before the command
    line is read for good. There is no public way to take an option back.
    """
    for group in [parser._anonymous, *parser._groups]:  # noqa: SLF001
        for option in list(group.options):
            for word in {"--version", "--strict"} & set(option.names()):
                option._long_opts.remove(word)  # noqa: SLF001
            if not option.names():
                group.options.remove(option)
    pluginmanager.register(_plugin, "release-proof")
