"""The agent: what runs on a host. It is sent over the connection, see PROTOCOL.md."""

import hashlib
import json
import zlib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

RECORD_SEPARATOR = "\x1e"

# Constant, and free of single quotes, dollars, backslashes and exclamation marks: every login shell passes it on as it
# is. It starts loader.py, which comes first on standard input; -S, because nothing but the standard library is needed.
LOADER = (
    "import json,sys;i=sys.stdin.buffer;h=json.loads(i.readline());g={};"
    'exec(compile(i.read(h[0]),"loader.py","exec"),g);sys.exit(g["start"](i,*h[1:]))'
)
COMMAND = f"python3 -I -S -c '{LOADER}'"


@lru_cache(maxsize=1)
def source() -> bytes:
    """Return the agent's source."""
    return Path(__file__).with_name("agent.py").read_bytes()


@lru_cache(maxsize=1)
def _packed() -> tuple[bytes, bytes, str]:
    """Return what starts the agent, the agent, and its hash."""
    loader = Path(__file__).with_name("loader.py").read_bytes()
    return loader, zlib.compress(source(), 9), hashlib.sha256(source()).hexdigest()


def frame(request: Mapping[str, Any], payload: bytes = b"") -> bytes:
    """Return what is written to standard input: a header with sizes and hash, loader, source, request, payload."""
    loader, packed, digest = _packed()
    body = json.dumps(request).encode("ascii")
    header = json.dumps([len(loader), len(packed), len(body), len(payload), digest]).encode("ascii")
    return b"\n".join((header, loader + packed + body + payload))
