# ruff: noqa: UP031  (an old Python must be able to read this, to say that it is too old)
"""What a host runs first: it takes the agent from standard input and starts it.

Compiling the agent is half of what a question costs the host, so its code is kept in the user's runtime folder, which
is private, in memory and gone after a reboot. Only a regular file of this user that nobody else may touch is taken.
"""

import contextlib
import json
import marshal
import os
import stat
import sys
import types
import zlib
from pathlib import Path
from typing import Any

OLDEST = (3, 9)
KEPT = "release-coordination-agent-"
_CHECK = 4  # bytes of a checksum: marshal must not see what was cut off


def start(stream: Any, size: int, request_size: int, payload_size: int, digest: str) -> int:
    """Start the agent that the stream holds and end with its exit code; return one when it cannot be started."""
    version = sys.version_info
    if version < OLDEST:
        event = {"event": "error", "code": 4, "kind": "python", "found": "python3 is %d.%d" % version[:2]}
        event.update(expected="Python %d.%d or newer" % OLDEST, remedy="install one on the host")
        sys.stdout.write(chr(30) + json.dumps(event) + "\n")
        return 4
    source = zlib.decompress(stream.read(size))
    # A module of its own, because dataclasses look theirs up in sys.modules.
    module = sys.modules["agent"] = types.ModuleType("agent")
    exec(compiled(source, digest), module.__dict__)  # noqa: S102 - this is what it is for
    code = int(module.serve(source, request_size, payload_size, digest))
    os._exit(code)  # everything is flushed, and to tear all modules down would be a fifth of a question's work


def compiled(source: bytes, digest: str) -> "types.CodeType":
    """Return the agent's code: what an earlier session kept, else compiled, and kept for the next one."""
    folder = Path(os.environ.get("XDG_RUNTIME_DIR") or "/run/user/%d" % os.getuid())
    file = folder / ("%s%s-%s-%x" % (KEPT, digest, sys.implementation.cache_tag, sys.hexversion))
    code = kept(file)
    if code is None:
        code = compile(source, "agent.py", "exec")
        with contextlib.suppress(OSError):  # no such folder, no room: the next session compiles again
            keep(file, code, source, digest)
    return code


def kept(path: Path) -> "types.CodeType | None":
    """Return the code that a file holds; None when there is none or when it cannot be trusted."""
    try:
        file = os.fdopen(os.open(str(path), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb")
    except OSError:
        return None
    with file:
        found = os.fstat(file.fileno())
        private = stat.S_ISREG(found.st_mode) and not found.st_mode & 0o077 and found.st_uid == os.geteuid()
        content = file.read() if private else b""
    if len(content) <= _CHECK or zlib.crc32(content[_CHECK:]) != int.from_bytes(content[:_CHECK], "big"):
        return None
    code = marshal.loads(content[_CHECK:])  # noqa: S302 - this user wrote it
    return code if isinstance(code, types.CodeType) else None


def keep(path: Path, code: "types.CodeType", source: bytes, digest: str) -> None:
    """Leave the code for the next session, in place of another agent's; a folder of somebody else is left alone."""
    import hashlib

    if hashlib.sha256(source).hexdigest() != digest or path.parent.stat().st_uid != os.geteuid():
        return
    for other in path.parent.glob(KEPT + "*"):
        other.unlink()
    content = marshal.dumps(code)
    temporary = path.with_name("%s.%d" % (path.name, os.getpid()))
    with os.fdopen(os.open(str(temporary), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(zlib.crc32(content).to_bytes(_CHECK, "big") + content)
    temporary.replace(path)
