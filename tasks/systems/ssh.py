"""SSH connections through Fabric: verified host keys, a time limit on everything, no delay on small packets."""

import logging
import socket
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import Refused, Unreachable

if TYPE_CHECKING:
    from fabric import Connection
    from paramiko import Channel, PKey, SSHClient

CONNECT_SECONDS = 10
_SSH_PORT = 22
_BANNER_SECONDS = 8  # less than connecting takes at the most, or paramiko reports that instead
_LOGIN_SECONDS = 20
_DEAD_LINK_SECONDS = 20  # TCP gives a link up when sent bytes stay unacknowledged for so long
_USUAL_KNOWN_HOSTS = ("~/.ssh/known_hosts", "/etc/ssh/ssh_known_hosts")


class HostKeyUnknown(Refused):
    """A host showed a key that is not among the known ones."""


class HostKeyChanged(Refused):
    """A host showed another key than the known one: somebody may stand in between."""


class HostUnreachable(Unreachable):
    """No connection to a host could be made, or it broke before anything was asked of the host."""


def connect(address: str) -> "Connection":
    """Return an open connection to whatever ssh_config knows, or user@host:port."""
    from fabric import Connection

    # Without a handler of its own, Python would print paramiko's log, tracebacks with it; with --debug it is shown.
    logging.getLogger("paramiko").addHandler(logging.NullHandler())
    connection = Connection(address, connect_timeout=CONNECT_SECONDS)
    try:
        _open(connection)
    except BaseException:
        with suppress(Exception):
            connection.close()
        raise
    return connection


def _open(connection: "Connection") -> None:
    from paramiko import AuthenticationException, BadHostKeyException, PasswordRequiredException, SSHException

    shown = typed(connection)
    _prepare(connection)
    try:
        connection.open()
    except BadHostKeyException as error:
        raise HostKeyChanged(
            f"{shown}: the host's key is not the one that is known: {_fingerprint(error.key)}",
            expected=f"{_fingerprint(error.expected_key)}, unless its administrator says it was changed",
            remedy=f"ssh-keygen -f {_own_known_hosts(connection)} -R {_known_name(connection)}, "
            f"then ssh -o StrictHostKeyChecking=ask {shown} to check the new key",
        ) from None
    except (AuthenticationException, PasswordRequiredException) as error:
        raise HostUnreachable(
            f"{shown}: login as {connection.user} was refused: {type(error).__name__}",
            expected="a key that the host accepts, in the agent or in ssh_config",
            remedy=f"ssh {shown}",
        ) from None
    except (SSHException, OSError, EOFError) as error:
        raise HostUnreachable(
            f"{shown}: no connection to {connection.host}:{connection.port}: {_words(error)}", remedy=f"ssh {shown}"
        ) from None


def typed(connection: "Connection") -> str:
    """Return a host as a person types it behind `ssh`: its alias, or with what the address gave."""
    if connection.original_host != connection.host or connection.ssh_config.get("user"):
        return str(connection.original_host)
    port = f"-p {connection.port} " if connection.port != _SSH_PORT else ""
    return f"{port}{connection.user}@{connection.host}"


def same_machine(address: str) -> str:
    """Return what an address comes to by ssh_config: two of the same are one machine, as far as can be told here."""
    from fabric import Connection

    connection = Connection(address)
    gateway = connection.gateway
    through = f" through {gateway if isinstance(gateway, str) else gateway.host}" if gateway else ""
    return f"{connection.user}@{connection.host}:{connection.port}{through}"


def _own_known_hosts(connection: "Connection") -> str:
    return _known_hosts(connection.ssh_config)[0]


def _words(error: BaseException) -> str:
    if "banner" in str(error).lower():
        return "something accepted the connection but sent no SSH banner"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__


def _prepare(connection: "Connection") -> None:
    """Verify host keys and limit waiting, for the connection and for every host it jumps through."""
    from fabric import Connection

    _verify(connection.client, connection)
    more: dict[str, Any] = {"banner_timeout": _BANNER_SECONDS, "auth_timeout": _LOGIN_SECONDS}
    if isinstance(connection.gateway, Connection):
        connection.gateway.connect_timeout = CONNECT_SECONDS
        _prepare(connection.gateway)
        _open(connection.gateway)
    elif not connection.gateway:
        more["sock"] = _socket(connection)
    # Fabric wraps what it holds in proxies; a plain dictionary in its place is passed on as it is.
    connection.connect_kwargs = {**dict(connection.connect_kwargs), **more}


def _socket(connection: "Connection") -> socket.socket:
    host, port = connection.host, connection.port
    try:
        made = socket.create_connection((host, port), timeout=CONNECT_SECONDS)
    except OSError as error:
        raise HostUnreachable(
            f"{host}:{port} cannot be reached: {_words(error)}", remedy=f"ssh {typed(connection)}"
        ) from None
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _DEAD_LINK_SECONDS * 1000)
    return made


def _verify(client: "SSHClient", connection: "Connection") -> None:
    from paramiko import MissingHostKeyPolicy

    class Refuse(MissingHostKeyPolicy):
        def missing_host_key(self, _client: "SSHClient", hostname: str, key: "PKey") -> None:
            raise HostKeyUnknown(
                f"{connection.original_host}: the host's key is not known: {_fingerprint(key)}",
                expected=f"a key for {hostname} in {_USUAL_KNOWN_HOSTS[0]}",
                remedy=f"ssh -o StrictHostKeyChecking=ask {typed(connection)}, and compare the fingerprint it shows",
            )

    client.set_missing_host_key_policy(Refuse())
    for name in _known_hosts(connection.ssh_config):
        path = Path(name).expanduser()
        if path.is_file():
            client.load_system_host_keys(str(path))


def _known_hosts(config: dict[str, Any]) -> list[str]:
    own, everyone = _USUAL_KNOWN_HOSTS
    return [*config.get("userknownhostsfile", own).split(), *config.get("globalknownhostsfile", everyone).split()]


def _known_name(connection: "Connection") -> str:
    return connection.host if connection.port == _SSH_PORT else f"'[{connection.host}]:{connection.port}'"


def _fingerprint(key: "PKey") -> str:
    return f"{key.get_name()} {key.fingerprint}"


def started(connection: "Connection", command: str) -> "Channel":
    """Start a command on its own channel and return it; reading from it never waits longer than its timeout."""
    channel: Channel = connection.transport.open_session(timeout=CONNECT_SECONDS)
    channel.set_combine_stderr(True)  # noise is skipped, and unread standard error would block the host
    channel.exec_command(command)  # nosec B601 - the agent's one fixed command, no value in it
    return channel
