"""Refs, annotated tags, branches and what protects them."""

from typing import Any
from urllib.parse import quote

from ..server import Answer
from .history import detailed
from .hub import Hub, node
from .records import Ref
from .repos import REPO
from .routing import Call, Problem, Routes, found, listed, plain

calls = Routes()
_RULESET = 77


def _view(hub: Hub, ref: Ref) -> dict[str, Any]:
    return {
        "ref": ref.name,
        "node_id": node("REF", ref.name),
        "url": f"{hub.api}/git/{quote(ref.name)}",
        "object": {"sha": ref.sha, "type": ref.kind, "url": f"{hub.api}/git/{ref.kind}s/{ref.sha}"},
    }


@calls.on("GET", f"{REPO}/git/ref/{{ref*}}", "contents=read")
def ref(call: Call) -> Answer:
    """Give a ref: `tags/v1` or `heads/main`."""
    return plain(_view(call.hub, found(call.hub.refs.get(f"refs/{call.values['ref']}"))))


@calls.on("GET", f"{REPO}/git/matching-refs/{{ref*}}", "contents=read")
def matching(call: Call) -> Answer:
    """List the refs that begin with a text."""
    lead = f"refs/{call.values['ref']}"
    known = [one for name, one in sorted(call.hub.refs.items()) if name.startswith(lead)]
    return plain([_view(call.hub, one) for one in known])


@calls.on("GET", f"{REPO}/git/tags/{{sha}}", "contents=read")
def tag(call: Call) -> Answer:
    """Give an annotated tag."""
    hub, sha = call.hub, call.values["sha"]
    known = found(hub.bare.tag(sha))
    name, _, rest = known["tagger"].partition(" <")
    return plain(
        {
            "node_id": node("TA", sha),
            "sha": sha,
            "url": f"{hub.api}/git/tags/{sha}",
            "tag": known["tag"],
            "message": known["message"],
            "tagger": {
                "name": name,
                "email": rest.partition(">")[0],
                "date": hub.bare.commit(known["object"]).author.date,
            },
            "object": {
                "sha": known["object"],
                "type": known["type"],
                "url": f"{hub.api}/git/{known['type']}s/{known['object']}",
            },
        }
    )


@calls.on("POST", f"{REPO}/git/refs", "contents=write")
def make(call: Call) -> Answer:
    """Make a ref."""
    name, sha = str(call.sent.get("ref", "")), str(call.sent.get("sha", ""))
    if not name.startswith("refs/") or name.count("/") < 2:  # noqa: PLR2004 - refs/tags/name
        raise Problem(422, "Reference name must start with 'refs/' and have at least two slashes.")
    if name in call.hub.refs:
        raise Problem(422, "Reference already exists")
    if call.hub.bare.git("cat-file", "-e", sha, check=False).code != 0:
        raise Problem(422, "Object does not exist")
    call.hub.set_ref(name, sha)
    return plain(_view(call.hub, call.hub.refs[name]), 201)


@calls.on("DELETE", f"{REPO}/git/refs/{{ref*}}", "contents=write")
def delete(call: Call) -> Answer:
    """Delete a ref."""
    name = f"refs/{call.values['ref']}"
    if name not in call.hub.refs:
        raise Problem(422, "Reference does not exist")
    call.hub.set_ref(name, None)
    return Answer(204)


@calls.on("GET", f"{REPO}/branches/{{branch*}}/protection", "administration=read")
def protection(call: Call) -> Answer:
    """Give a branch's protection, if it has one."""
    branch = call.values["branch"]
    if call.hub.branch(branch) is None:
        raise Problem(404, "Branch not found")
    if branch not in call.hub.protection:
        raise Problem(404, "Branch not protected")
    return plain({"url": f"{call.hub.api}/branches/{quote(branch)}/protection", **call.hub.protection[branch]})


@calls.on("GET", f"{REPO}/rules/branches/{{branch*}}")
def rules(call: Call) -> Answer:
    """List the rules that apply to a branch."""
    hub = call.hub
    source = {
        "ruleset_source_type": "Repository",
        "ruleset_source": hub.full_name,
        "ruleset_id": _RULESET,
    }
    return listed(call, hub.rules.get(call.values["branch"], []), lambda rule: {**rule, **source})


@calls.on("GET", f"{REPO}/branches/{{branch*}}", "contents=read")
def branch(call: Call) -> Answer:
    """Give a branch."""
    hub, name = call.hub, call.values["branch"]
    sha = hub.branch(name)
    if sha is None:
        raise Problem(404, "Branch not found")
    guarded = bool(hub.protection.get(name) or hub.rules.get(name))
    address = f"{hub.api}/branches/{quote(name)}"
    return plain(
        {
            "name": name,
            "commit": detailed(hub, hub.bare.commit(sha)),
            "_links": {"self": address, "html": f"{hub.web}/tree/{quote(name)}"},
            "protected": guarded,
            "protection": {"enabled": name in hub.protection},
            "protection_url": f"{address}/protection",
        }
    )
