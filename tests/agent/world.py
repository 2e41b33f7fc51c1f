"""A host that is a folder and a small systemd: the agent can die before, within and after every side effect."""

import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tasks.agent import agent

APP, UNIT, OWN = "untether", "untether.service", "release-coordination-untether.service"
ERROR_LINE = "2025-01-01 12:00:00 [error] it broke"


class Killed(BaseException):
    """The agent was killed."""


def wheel(version: str, package: str = APP, requires: str = ">=3.9") -> bytes:
    """Return the bytes of a wheel with nothing but its metadata."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        text = f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\nRequires-Python: {requires}\n"
        file.writestr(zipfile.ZipInfo(f"{package}-{version}.dist-info/METADATA"), text)
    return buffer.getvalue()


def make_environment(path: Path, version: str, package: str = APP) -> None:
    """Make what an installer leaves: an environment that holds one version."""
    (path / "bin").mkdir(parents=True)
    (path / "pyvenv.cfg").write_text("home = /usr/bin\n")
    site = path / "lib/python3.11/site-packages" / f"{package}-{version}.dist-info"
    site.mkdir(parents=True)
    for name in (package, "python"):
        (path / "bin" / name).write_text("#!\n")
        (path / "bin" / name).chmod(0o755)


class Service:
    """The user unit: started through the link, it lives in the environment that the link points to at that moment."""

    def __init__(self, world: "World") -> None:
        self.world = world
        self.invocations = self.restarts = 0
        self.active, self.sub, self.invocation, self.runs, self.entered = "inactive", "dead", "", "", 0.0
        self.lines: dict[str, list[dict[str, Any]]] = {}
        self.load = "loaded"

    def start(self, *, automatic: bool = False) -> None:
        """Start through the link."""
        self.restarts += automatic
        self.invocations += 1
        self.invocation, self.entered = f"{self.invocations:032x}", self.world.clock
        self.runs = agent.environment_behind(self.world.host(), self.world.link)
        self.lines[self.invocation] = [self.line("Started", manager=True)]
        behaviour = self.behaviour()
        self.active, self.sub = ("activating", "start") if behaviour == "never" else ("active", "running")
        if behaviour == "crash" or not self.runs:
            self.active, self.sub = "activating", "auto-restart"
        else:
            self.lines[self.invocation].append(self.line("ready"))
        if behaviour == "error":
            self.lines[self.invocation].append(self.line(ERROR_LINE))

    def line(self, message: str, *, manager: bool = False) -> dict[str, Any]:
        """Return a journal line."""
        owner = {"USER_INVOCATION_ID": self.invocation, "USER_UNIT": UNIT} if manager else {}
        micros = str(int(self.world.wall().timestamp() * 1e6))
        line = {"MESSAGE": message, "PRIORITY": "6", "__REALTIME_TIMESTAMP": micros, "__CURSOR": micros, "_PID": "77"}
        return {**line, "_SYSTEMD_INVOCATION_ID": self.invocation, **owner}

    def version(self) -> str:
        """Return the version that runs."""
        return agent.quick_version(self.runs, APP) if self.runs else ""

    def behaviour(self) -> str:
        """Return how that version behaves."""
        return self.world.behaviours.get(self.version(), "good")

    def tick(self) -> None:
        """Let time work on it."""
        age = self.world.clock - self.entered
        if self.sub == "auto-restart" and age > 0.1:
            self.start(automatic=True)
        if self.behaviour() == "reloads" and self.active in {"active", "reloading"}:
            self.active = "reloading" if age > 1 else "active"
        if self.active == "active" and self.behaviour() == "late" and age > 3:
            self.active, self.sub = "activating", "auto-restart"

    def show(self) -> str:
        """Return what systemctl show prints, once time has worked on it: it also passes while no agent looks."""
        self.tick()
        entered = int(self.entered * 1e6) if self.active == "active" else 0
        values = {
            "LoadState": self.load, "ActiveState": self.active, "SubState": self.sub, "InvocationID": self.invocation,
            "MainPID": 77 if self.active in {"active", "reloading"} else 0, "NRestarts": self.restarts,
            "ControlGroup": "",
            "ExecStart": f"{{ path={self.world.link} ; argv[]={self.world.link} run ; ignore_errors=no }}",
            "ActiveEnterTimestampMonotonic": entered, "Result": "success", "UnitFileState": "enabled",
            "TimeoutStartUSec": "20s", "TimeoutStopUSec": "10s",
        }  # fmt: skip
        return "".join(f"{key}={value}\n" for key, value in values.items())


class World:
    """A machine: a home folder, a service, the agent's own unit, a clock, and the edge at which the agent dies."""

    def __init__(self, home: Path, live: str = "0.35.0", behaviours: Mapping[str, str] | None = None) -> None:
        self.home, self.behaviours = home, dict(behaviours or {})
        self.clock, self.boots, self.offset = 1000.0, 1, timedelta()
        self.edges: list[str] = []
        self.kill: Callable[[int, str], bool] = lambda _number, _name: False
        self.enabled = self.wanted = False
        self.ending = False  # the agent's own unit still runs, though it has done its work
        self.telegram: tuple[int, bytes] | OSError = (200, b'{"ok":true,"result":{"username":"good_bot"}}')
        self.answers: dict[str, agent.Ran] = {}
        self.commands: list[Sequence[str]] = []
        self.link = home / ".local/bin" / APP
        self.service = Service(self)
        if live:
            ordinary = home / ".local/share/pipx/venvs" / APP
            make_environment(ordinary, live)
            self.link.parent.mkdir(parents=True)
            self.link.symlink_to(ordinary / "bin" / APP)
            self.service.start()
        self.clock += 100

    def host(self) -> "FakeHost":
        """Return the agent's view of this machine."""
        return FakeHost(self)

    def wall(self) -> datetime:
        """Return the time of day."""
        return datetime(2025, 1, 1, tzinfo=UTC) + timedelta(seconds=self.clock) + self.offset

    def edge(self, name: str) -> None:
        """Die here, when that was asked for."""
        self.edges.append(name)
        if self.kill(len(self.edges) - 1, name):
            raise Killed(name)

    def reboot(self) -> None:
        """Start the machine anew: the service comes up through the link, the agent's unit when it is enabled."""
        self.boots += 1
        self.service.restarts = 0
        self.service.start()
        self.wanted = self.enabled

    @property
    def places(self) -> agent.Places:
        """Return where the agent keeps its things."""
        return agent.Places.of(self.host(), APP)

    def record(self) -> list[dict[str, Any]]:
        """Return the record."""
        return agent.Record(self.host(), self.places).lines()

    def states(self) -> list[str]:
        """Return the states in their order, without notes."""
        return [line["state"] for line in self.record() if line["state"] not in agent.NOTES]

    def submit(self, action: str = "install", version: str = "", **more: Any) -> dict[str, Any]:
        """Send a request as the client does, and return the result or the error."""
        version = version or ("0.36.0rc1" if action in {"install", "reset"} else "")
        content = wheel(version) if action in {"install", "reset"} else b""
        request = {
            "action": action, "package": APP, "unit": UNIT, "deploy": more.pop("deploy", "d1"), "settle": 5,
            "operator": "nathan", "error_pattern": r"\[error", "index": "https://index.example/simple/", **more,
        }  # fmt: skip
        if action == "healthcheck":
            request["version"] = version
        if content:
            sha = hashlib.sha256(content).hexdigest()
            request = {"version": version, "wheel": f"{APP}-{version}-py3-none-any.whl", "sha256": sha,
                       "origin": "staging index", **request}  # fmt: skip
        events: list[dict[str, Any]] = []
        host = self.host()
        agent.answered(
            lambda: agent.session(host, request, events.append, b"source", content).answer(), events.append, host
        )
        return events[-1]

    def systemd(self) -> None:
        """Run the agent's unit as systemd would: again after every death, until it ends well."""
        for _ in range(500):
            if not self.wanted:
                return
            host = self.host()
            host.working = True
            try:
                self.wanted = agent.work(host, self.places) != 0
            except Killed:
                self.clock += 1
        raise AssertionError("the agent never came to an end")


class FakeHost(agent.Host):
    """The agent's side effects on a folder, with edges around each of them."""

    def __init__(self, world: World) -> None:
        super().__init__({"HOME": str(world.home), "PATH": "/usr/bin"})
        self.world, self.runtime, self.working = world, "/run/user/1", False

    def now(self) -> datetime:
        return self.world.wall()

    def monotonic(self) -> float:
        return self.world.clock

    def sleep(self, seconds: float) -> None:
        self.world.clock += max(seconds, 0.05)
        self.world.service.tick()
        if self.world.wanted and not self.working:
            self.world.systemd()

    def boot(self) -> str:
        return f"boot-{self.world.boots}"

    def has_systemd(self) -> bool:
        return True

    def flush(self) -> None:
        pass

    def free_bytes(self, path: Path) -> int:
        return 10**10

    def which(self, program: str) -> str | None:
        return f"/usr/bin/{program}" if program in {"pipx", "uv", "python3", "systemctl"} else None

    # files, with edges

    def append(self, path: Path, line: bytes) -> None:
        state = json.loads(line)["state"]
        self.world.edge(f"{state} before")
        half = len(line) // 2
        try:
            self.world.edge(f"{state} half written")
        except Killed:
            with path.open("ab") as file:
                file.write(line[:half])
            raise
        super().append(path, line)
        self.world.edge(f"{state} after")

    def write(self, path: Path, content: bytes, mode: int = 0o600) -> None:
        self.world.edge(f"write {path.name} before")
        super().write(path, content, mode)
        self.world.edge(f"write {path.name} after")

    def flip(self, link: Path, target: str) -> None:
        self.world.edge("flip before")
        try:
            self.world.edge("flip half done")
        except Killed:
            temporary = link.with_name(f".{link.name}.{agent.TOOL}")
            temporary.unlink(missing_ok=True)
            temporary.symlink_to(target)
            raise
        super().flip(link, target)
        self.world.edge("flip after")

    def remove_tree(self, path: Path) -> None:
        self.world.edge("remove before")
        super().remove_tree(path)
        self.world.edge("remove after")

    # programs

    def run(self, argv: Sequence[str], limit: float = 15, environment: Mapping[str, str] | None = None) -> agent.Ran:
        self.world.commands.append(list(argv))
        words = list(argv)
        for key, answer in self.world.answers.items():
            if key in " ".join(words):
                return answer
        program = Path(words[0]).name
        handlers = {
            "systemctl": self.systemctl,
            "journalctl": self.journalctl,
            "pipx": self.pipx,
            "loginctl": self.loginctl,
        }
        if program in handlers:
            return handlers[program](words, environment or {})
        if program.startswith("python"):
            return self.python(words)
        return agent.Ran(0, "", "")

    def loginctl(self, _words: list[str], _environment: Mapping[str, str]) -> agent.Ran:
        return agent.Ran(0, "yes\n", "")

    def systemctl(self, words: list[str], _environment: Mapping[str, str]) -> agent.Ran:
        world, verb, name = self.world, words[3], words[-1]
        if verb == "show":
            if name == OWN:
                state = "active" if world.wanted else "inactive"
                return agent.Ran(0, f"LoadState=loaded\nActiveState={state}\n", "")
            return agent.Ran(0, world.service.show() if name == UNIT else "LoadState=not-found\n", "")
        world.edge(f"{verb} {name} before")
        if verb == "restart" and name == UNIT:
            world.service.start()
        if verb == "reset-failed":
            world.service.restarts = 0
        if name == OWN:
            world.enabled = {"enable": True, "disable": False}.get(verb, world.enabled)
            # Starting a unit that runs does nothing, also when it is just about to end.
            world.wanted = world.wanted or verb == "restart" or (verb == "start" and not world.ending)
        world.edge(f"{verb} {name} after")
        return agent.Ran(0, "", "")

    def journalctl(self, words: list[str], _environment: Mapping[str, str]) -> agent.Ran:
        lines = self.world.service.lines
        known = [word.partition("=")[2] for word in words if "INVOCATION_ID=" in word]
        pids = {word.partition("=")[2] for word in words if word.startswith("_PID=")}
        wanted = dict.fromkeys(known) if known else lines
        found = [line for invocation in wanted for line in lines.get(invocation, [])]
        text = "".join(json.dumps(line) + "\n" for line in found if not pids or line["_PID"] in pids)
        return agent.Ran(0, text, "")

    def pipx(self, words: list[str], environment: Mapping[str, str]) -> agent.Ran:
        if "--version" in words:
            return agent.Ran(0, "1.4.3\n", "")
        self.world.edge("build before")
        environment_path = Path(environment["PIPX_HOME"]) / "venvs" / APP
        (environment_path / "bin").mkdir(parents=True)
        self.world.edge("build half done")
        path = Path(words[-1].split(" @ file://")[1].partition("#")[0].replace("%2B", "+"))
        _, version, _ = agent.wheel_facts(path.read_bytes())
        (environment_path / "bin").rmdir()
        make_environment(environment_path, version)
        self.world.edge("build after")
        return agent.Ran(0, "", "")

    def python(self, words: list[str]) -> agent.Ran:
        if words[-1] != APP:
            return agent.Ran(0, "3.11.2\n", "")
        path = Path(words[0]).parent.parent
        version = agent.quick_version(str(path), APP)
        if not version:
            return agent.Ran(1, "", "no such file")
        facts = {"prefix": str(path), "python": "3.11.2", "versions": [version], "url": None}
        return agent.Ran(0, f"noise\n{agent.RS}{json.dumps(facts)}\n", "")

    # processes and network

    def pids(self, cgroup: str) -> list[int]:
        return []

    def arguments(self, pid: int) -> list[str]:
        return [f"{self.world.service.runs}/bin/python", str(self.world.link)] if pid == 77 else []

    def virtual_environment(self, pid: int) -> str:
        return ""

    def connections(self, pid: int) -> int:
        return 1

    def fetch(self, url: str, limit: float, *, redirects: bool = False, most: int = 0) -> tuple[int, bytes]:
        if isinstance(self.world.telegram, OSError):
            raise self.world.telegram
        return self.world.telegram


def live_version(world: World) -> str:
    """Return the version that the link points to."""
    return agent.quick_version(agent.environment_behind(world.host(), world.link), APP)
