"""The agent: what runs on a host. It is sent over the connection, see PROTOCOL.md."""

import json
import zlib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

RECORD_SEPARATOR = "\x1e"

# Constant, and free of single quotes, dollars, backslashes and exclamation marks: every login shell passes it on as it
# is. The agent becomes a module of its own, because dataclasses look theirs up in sys.modules.
LOADER = (
    "import json,sys,types,zlib;i=sys.stdin.buffer;h=json.loads(i.readline());s=zlib.decompress(i.read(h[0]));"
    "v=sys.version_info;n=(30,v[0],v[1]);"
    'v<(3,9) and sys.exit(print(chr(n[0])+json.dumps(dict(event="error",code=4,kind="python",'
    'found="python3 is {1}.{2}".format(*n),expected="Python 3.9 or newer",remedy="install one on the host"))) or 4);'
    'm=types.ModuleType("agent");sys.modules["agent"]=m;exec(compile(s,"agent.py","exec"),m.__dict__);'
    "sys.exit(m.serve(s,*h[1:]))"
)
COMMAND = f"python3 -I -c '{LOADER}'"


@lru_cache(maxsize=1)
def source() -> bytes:
    """Return the agent's source."""
    return Path(__file__).with_name("agent.py").read_bytes()


@lru_cache(maxsize=1)
def _packed() -> bytes:
    return zlib.compress(source(), 9)


def frame(request: Mapping[str, Any], payload: bytes = b"") -> bytes:
    """Return what is written to the loader's standard input: sizes, source, request, payload."""
    body = json.dumps(request).encode("ascii")
    sizes = json.dumps([len(_packed()), len(body), len(payload)]).encode("ascii")
    return b"\n".join((sizes, _packed() + body + payload))
