"""The service under test: a small package `acme-bot` in versions that each do one thing, and what surrounds it.

`acme-bot --version` answers; `acme-bot` alone runs for ever, says that it is ready when systemd asks (Type=notify),
logs to standard output as structlog does, and ends on SIGTERM.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from .wheels import Distribution

NAME = "acme-bot"
LIBRARY = "acme-lib"
UNIT = "acme-bot.service"
UNIT_PATH = f".config/systemd/user/{UNIT}"
CONFIG_PATH = ".acme-bot/acme-bot.toml"
TOKEN = "7700112233:AAtests-ThisTokenMayAppearNowhereElse"
MARK = "compromised"  # a file in the home folder: its lines say which foreign code ran
FIRST = "0.35.3"


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What a version does; seconds count from its start."""

    says: str | None = None  # the version that --version and the log claim
    ready_after: float | None = 0.0  # None: never
    error_after: float | None = None
    crash_after: float | None = None
    crash_on: str | None = None  # a file in the home folder: once it is there, every start ends soon
    drain: float = 0.0  # how long it takes to end


@dataclass(frozen=True, slots=True)
class Build:
    """One version of the service."""

    version: str
    behaviour: Behaviour = Behaviour()
    requires: tuple[str, ...] = ()
    requires_python: str = ">=3.9"
    metadata_version: str | None = None

    @property
    def distribution(self) -> Distribution:
        """Return the package."""
        behaviour = {**asdict(self.behaviour), "says": self.behaviour.says or self.version}
        library = "import acme_lib\n" if self.requires else ""
        return Distribution(
            NAME,
            self.version,
            {"acme_bot.py": _PROGRAM.format(behaviour=json.dumps(json.dumps(behaviour)), library=library)},
            {NAME: "acme_bot:main"},
            self.requires,
            self.requires_python,
            self.metadata_version,
        )


RELEASES: Mapping[str, Build] = {
    "first": Build(FIRST),
    "release": Build("0.36.0"),
    "bad-release": Build("0.36.1", Behaviour(crash_after=0.1)),
}
CANDIDATES: Mapping[str, Build] = {
    "good": Build("0.36.0rc1"),
    "better": Build("0.36.0rc2"),
    "crash-loop": Build("0.37.0rc1", Behaviour(ready_after=None, crash_after=0.1)),
    "ready-then-loop": Build("0.37.0rc2", Behaviour(crash_after=0.1)),
    "lies": Build("0.37.0rc3", Behaviour(says="0.36.9")),
    "mislabelled": Build("0.37.0rc4", metadata_version="0.36.9"),
    "logs-error": Build("0.37.0rc5", Behaviour(error_after=3)),
    "crashes-late": Build("0.37.0rc6", Behaviour(crash_after=5)),
    "never-ready": Build("0.37.0rc7", Behaviour(ready_after=None)),
    "slow-start": Build("0.37.0rc8", Behaviour(ready_after=3)),
    "drains": Build("0.37.0rc9", Behaviour(drain=5)),
    "with-dependency": Build("0.38.0rc1", requires=(f"{LIBRARY}>=1.0",)),
    "missing-dependency": Build("0.38.0rc2", requires=("acme-nowhere>=1.0",)),
    "needs-newer-python": Build("0.38.0rc3", requires_python=">=3.99"),
    "yanked": Build("0.38.0rc4"),
}

GOOD_LIBRARY = Distribution(LIBRARY, "1.2.0", {"acme_lib.py": "def greet() -> str:\n    return 'hello'\n"})

_PROGRAM = '''\
"""A service for tests."""
import json, os, signal, socket, sys, threading, time
{library}
BEHAVIOUR = json.loads({behaviour})
__version__ = BEHAVIOUR["says"]


def say(level, text):
    print("%s [%-8s] %s" % (time.strftime("%Y-%m-%d %H:%M:%S"), level, text), flush=True)


def notify(state):
    where = os.environ.get("NOTIFY_SOCKET")
    if where:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
            channel.sendto(state, "\\0" + where[1:] if where.startswith("@") else where)


def ready():
    notify(b"READY=1")
    say("info", "ready")


def crash():
    say("critical", "giving up")
    os._exit(3)


def later(seconds, action):
    if seconds == 0:
        action()
    elif seconds is not None:
        timer = threading.Timer(seconds, action)
        timer.daemon = True
        timer.start()


def watch(name):
    while not os.path.exists(os.path.join(os.path.expanduser("~"), name)):
        time.sleep(0.05)
    crash()


def stop(signum, frame):
    say("info", "stopping")
    time.sleep(BEHAVIOUR["drain"])
    sys.exit(0)


def main():
    if "--version" in sys.argv[1:]:
        print("acme-bot", __version__)
        return
    signal.signal(signal.SIGTERM, stop)
    say("info", "acme-bot %s starting" % __version__)
    later(BEHAVIOUR["crash_after"], crash)
    later(BEHAVIOUR["ready_after"], ready)
    if BEHAVIOUR["crash_on"]:
        threading.Thread(target=watch, args=(BEHAVIOUR["crash_on"],), daemon=True).start()
    later(BEHAVIOUR["error_after"], lambda: print("[error] something broke id=4711", flush=True))
    while True:
        time.sleep(10)
        say("info", "polling")
'''


def unit(kind: str = "notify", start_limit: float = 10) -> str:
    """Return the systemd user unit; `kind` is its Type: notify or simple."""
    return f"""[Unit]
Description=acme-bot for tests
[Service]
Type={kind}
ExecStart=%h/.local/bin/{NAME}
Environment=PYTHONUNBUFFERED=1
Restart=on-failure
RestartSec=0.5
TimeoutStartSec={start_limit:g}
[Install]
WantedBy=default.target
"""


def config(token: str = TOKEN) -> str:
    """Return the service's own settings, with a token in comments too, which is not the one."""
    return f'# bot_token = "0:commented-out"\n[transports.telegram]\nbot_token = "{token}"\nchat_id = 1\n'


def _leave_mark(what: str) -> str:
    return f"import os; open(os.path.expanduser('~/{MARK}'), 'a').write({what + chr(10)!r})"


def traps() -> list[tuple[str, bytes]]:
    """Return what an attacker put onto the staging index: names that are not the project's, in higher versions."""
    imported = {"acme_lib.py": _leave_mark("library imported"), "acme_lib_trap.pth": _leave_mark("library installed")}
    wheel = Distribution(LIBRARY, "99.0.0", imported)
    backend = f"{_leave_mark('library built')}\nraise SystemExit('built')\n"
    project = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    source = Distribution(LIBRARY, "99.1.0", {"pyproject.toml": project, "backend.py": backend})
    imported = {"pip/__init__.py": _leave_mark("pip imported"), "pip/__main__.py": ""}
    installer = Distribution("pip", "99.0", {**imported, "pip_trap.pth": _leave_mark("pip installed")})
    return [
        (wheel.wheel_name, wheel.wheel()),
        (source.sdist_name, source.sdist()),
        (installer.wheel_name, installer.wheel()),
    ]


def recipe() -> bytes:
    """Return what the prepared layer depends on."""
    return Path(__file__).read_bytes()
