"""A host without root: an SSH server in this process over a scratch home folder.

It imitates the SSH side of a host: the protocol (paramiko's own server), a host key, sign-in by one key, commands that
really run under /bin/sh as this user with HOME at the scratch home and ~/.local/bin on PATH, their standard input,
output, error output and exit code, several channels on one connection, and commands that go on when the connection is
gone.

It imitates nothing else. There is no systemd, no user manager, no journal and no logind of its own: `journalctl` and
`loginctl` in a command are this computer's, or there are none; XDG_RUNTIME_DIR and the bus address are taken out, so
that no test reaches the user manager of whoever runs it. No reboot, no link that can be cut, no other user, no SFTP, no
terminal, no port forwarding; the processes, the disk and the Python are this computer's. Whatever rests on one of these
is proven by the real machines alone.
"""

import os
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from typing import Any

import paramiko
from paramiko import common

_HIDDEN = ("XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS")
_CHUNK = 32768
_CONFIG = """Host {name}
    HostName 127.0.0.1
    Port {port}
    User {user}
    IdentityFile {key}
    IdentitiesOnly yes
    UserKnownHostsFile {known}
    StrictHostKeyChecking yes
    LogLevel ERROR
"""


@dataclass
class EmbeddedHost:
    """A running server. `home` is the scratch home of the host, `folder` has the operator's key and ssh_config."""

    folder: Path
    name: str
    port: int
    host_key: Any
    client_key: Any
    user: str = "deploy"
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    connections: list[Any] = field(default_factory=list)

    @property
    def home(self) -> Path:
        """Return the host's home folder."""
        return self.folder / "host"

    @property
    def ssh_config(self) -> Path:
        """Return the ssh_config that knows this host by its name."""
        return self.folder / "config"

    def drop(self) -> None:
        """End every connection without a word, as a killed sshd does; commands go on."""
        for transport in self.connections:
            transport.sock.close()
        self.connections.clear()

    def start(self, command: str) -> subprocess.Popen[bytes]:
        """Start a command the way sshd does."""
        kept = {key: value for key, value in os.environ.items() if key not in _HIDDEN}
        path = f"{self.home}/.local/bin:{kept.get('PATH', os.defpath)}"
        process = subprocess.Popen(
            ["/bin/sh", "-c", command],
            cwd=self.home,
            env={**kept, "HOME": str(self.home), "USER": self.user, "LOGNAME": self.user, "PATH": path},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        self.processes.append(process)
        return process

    def end(self) -> None:
        """End the connections and whatever commands still run."""
        self.drop()
        for process in self.processes:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


class _Session(paramiko.ServerInterface):
    """What one connection may do."""

    def __init__(self, host: EmbeddedHost) -> None:
        self._host = host

    def get_allowed_auths(self, username: str) -> str:
        return "publickey"

    def check_auth_publickey(self, username: str, key: Any) -> int:
        known = username == self._host.user and key == self._host.client_key
        return common.AUTH_SUCCESSFUL if known else common.AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:
        allowed = kind == "session"
        return common.OPEN_SUCCEEDED if allowed else common.OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED

    def check_channel_exec_request(self, channel: Any, command: bytes) -> bool:
        process = self._host.start(command.decode())
        Thread(target=_converse, args=(channel, process), daemon=True).start()
        return True


def _converse(channel: Any, process: subprocess.Popen[bytes]) -> None:
    """Carry bytes both ways until the command ends, then say its exit code."""
    drains = [
        Thread(target=_drain, args=(process.stdout, channel.sendall), daemon=True),
        Thread(target=_drain, args=(process.stderr, channel.sendall_stderr), daemon=True),
    ]
    for thread in (Thread(target=_feed, args=(channel, process.stdin), daemon=True), *drains):
        thread.start()
    for thread in drains:
        thread.join()
    code = process.wait()
    with suppress(OSError, EOFError):
        channel.send_exit_status(code if code >= 0 else 128 - code)
        channel.close()


def _feed(channel: Any, target: Any) -> None:
    with suppress(OSError, EOFError), closing(target):
        while data := channel.recv(_CHUNK):
            target.write(data)
            target.flush()


def _drain(source: Any, send: Callable[[bytes], None]) -> None:
    with closing(source):
        while data := source.read1(_CHUNK):
            with suppress(OSError, EOFError):
                send(data)


@contextmanager
def serve(folder: Path, name: str = "laptop") -> Iterator[EmbeddedHost]:
    """Give a host on the loopback address; `folder` takes its home and the operator's files."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        host = EmbeddedHost(folder, name, port, paramiko.ECDSAKey.generate(), paramiko.ECDSAKey.generate())
        _write(host)
        stopping = Event()
        acceptor = Thread(target=_accept, args=(listener, host, stopping))
        acceptor.start()
        try:
            yield host
        finally:
            stopping.set()
            acceptor.join()
            host.end()


def _accept(listener: socket.socket, host: EmbeddedHost, stopping: Event) -> None:
    listener.settimeout(0.1)
    while not stopping.is_set():
        with suppress(TimeoutError):
            connection, _ = listener.accept()
            connection.settimeout(None)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            transport = paramiko.Transport(connection)
            transport.add_server_key(host.host_key)
            host.connections.append(transport)
            with suppress(paramiko.SSHException, OSError, EOFError):
                transport.start_server(event=Event(), server=_Session(host))


def _write(host: EmbeddedHost) -> None:
    """Write the operator's key, the known host key and the ssh_config."""
    (host.home / ".local" / "bin").mkdir(parents=True)
    key, known = host.folder / "id_ecdsa", host.folder / "known_hosts"
    host.client_key.write_private_key_file(str(key))
    known.write_text(f"[127.0.0.1]:{host.port} {host.host_key.get_name()} {host.host_key.get_base64()}\n", "ascii")
    config = _CONFIG.format(name=host.name, port=host.port, user=host.user, key=key, known=known)
    host.ssh_config.write_text(config, "utf-8")
