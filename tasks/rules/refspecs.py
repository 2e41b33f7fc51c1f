"""`git push` on a command line: which refs it would move, by its arguments and by git's settings."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..errors import Refused
from .options import Options, read_options, unknown
from .pushes import Guarded
from .refusals import Unclear, shown

_VALUED = "-o --push-option --repo --receive-pack --exec --recurse-submodules"
_KNOWN = (
    "--all --branches --mirror --tags --follow-tags --no-follow-tags --delete --prune --no-verify --verify --verbose "
    "--no-verbose --dry-run --force --force-with-lease --force-if-includes --set-upstream --signed --atomic --thin "
    "--no-thin --quiet --progress --porcelain --ipv4 --ipv6 --help"
)
_MANY = ("--all", "--branches", "--mirror", "--tags", "--follow-tags")
_TRUE = {"true", "yes", "on", "1", ""}


@dataclass(frozen=True, slots=True)
class Repository:
    """What git says of a work tree: its branch (empty when detached), its branches and remote ones, its settings."""

    branch: str
    branches: frozenset[str]
    config: Mapping[str, Sequence[str]]

    def get(self, key: str) -> str:
        """Return the last value of a setting, or nothing."""
        return next(reversed(self.config.get(key, ())), "")

    def true(self, key: str) -> bool:
        """Tell whether a setting is switched on."""
        return key in self.config and self.get(key).lower() in _TRUE


def check_push(words: Sequence[str], at: Repository | None, guarded: Guarded) -> None:
    """Refuse `git push` with these arguments when it moves what is guarded, or when that cannot be told.

    `at` is None where the work tree cannot be looked at.
    """
    options = read_options(words, _VALUED, _KNOWN)
    if options.help:
        return
    said = shown("git push", *words)
    _check_flags(options, said, guarded)
    if unknown([word for word in words if word != _address(options)]):
        raise Unclear(
            f"{said} names something that only running it would tell",
            expected="the remote and the branch written out",
            remedy="git push origin HEAD, or the name of the branch",
        )
    if at and at.true("push.followtags") and not options.has("--no-follow-tags"):
        raise _refused(said, "version tags", guarded, because=" (push.followTags is set: add --no-follow-tags)")
    for spec in _specs(options, at, said):
        what = _moved(spec, guarded)
        if what:
            raise _refused(said, what, guarded)


def _address(options: Options) -> str:
    """Return the remote when it is an address, in which a token may stand that only running would tell."""
    remote, *names = options.operands or [""]
    return remote if names and re.match(r"https?://[^@/]+@[\w.-]+/[\w./~-]+\Z", remote) else ""


def _check_flags(options: Options, said: str, guarded: Guarded) -> None:
    """Refuse the options that push everything, or past the hook."""
    if options.has("--no-verify"):
        raise Refused(
            f"{said} goes past the guard's pre-push hook", expected="a push that the guard sees", remedy="git push"
        )
    for flag in filter(options.has, _MANY):
        what = "version tags" if "tags" in flag else f"the stable branch {guarded.stable}"
        raise _refused(said, what, guarded, because=f" ({flag})")


def _refused(said: str, what: str, guarded: Guarded, because: str = "") -> Refused:
    if "tag" in what:
        expected = "the tag is made after the merge, by the workflow"
        return Refused(f"{said} pushes {what}{because}", expected=expected, remedy="a maintainer types inv release.tag")
    return Refused(
        f"{said} pushes {what}{because}",
        expected=f"a topic branch, and a pull request into {guarded.stable}",
        remedy="git switch -c TOPIC && git push -u origin TOPIC",
    )


def _specs(options: Options, at: Repository | None, said: str) -> list[str]:
    """Return the refspecs of a push: those given, or those that the settings imply."""
    remote, *names = options.operands or [""]
    if not names:
        if at is None:
            raise Unclear(
                f"{said} does not say what it pushes, and the branch it is run on cannot be told",
                expected="the remote and the branch written out",
                remedy="git push origin TOPIC",
            )
        return _implied(remote or options.last("--repo"), at)
    specs: list[str] = []
    rest = iter(names)
    for name in rest:
        spec = f"refs/tags/{next(rest, '')}" if name == "tag" else name
        specs.append(f":{spec}" if options.has("--delete", "-d") else spec)
    return [mapped for spec in specs for mapped in _mapped(spec, remote, at, said)]


def _mapped(spec: str, remote: str, at: Repository | None, said: str) -> list[str]:
    """Return a refspec with the destinations that it has by itself and by the settings."""
    name = spec.removeprefix("+")
    if ":" in name and not name.endswith(":"):
        return [name]
    name = name.rstrip(":") if name != ":" else name
    if name in {"HEAD", "@"}:
        if at is None:
            raise Unclear(
                f"{said} pushes the current branch, which cannot be told",
                expected="the branch written out",
                remedy="git push origin TOPIC",
            )
        name = at.branch
    short = name.removeprefix("refs/heads/")
    configured = [one for one in at.config.get(f"remote.{remote}.push", ()) if _source(one, short)] if at else []
    upstream = at.get(f"branch.{short}.merge") if at and at.get("push.default") in {"upstream", "tracking"} else ""
    full = f"refs/heads/{short}" if at and (short == at.branch or f"refs/heads/{short}" in at.branches) else name
    return [full, *configured, *([f"{name}:{upstream}"] if upstream else [])]


def _source(spec: str, branch: str) -> bool:
    """Tell whether a configured refspec maps a branch."""
    source = spec.removeprefix("+").partition(":")[0]
    before, star, after = source.partition("*")
    full = f"refs/heads/{branch}"
    return (full.startswith(before) and full.endswith(after)) if star else source in {branch, full}


def _implied(remote: str, at: Repository) -> list[str]:
    """Return what a push without a refspec pushes."""
    branch = at.branch
    remote = (
        remote
        or at.get(f"branch.{branch}.pushremote")
        or at.get("remote.pushdefault")
        or at.get(f"branch.{branch}.remote")
        or "origin"
    )
    if at.true(f"remote.{remote}.mirror"):
        return ["refs/*"]
    configured = at.config.get(f"remote.{remote}.push")
    if configured:
        return [spec if spec not in {"HEAD", "@"} else branch for spec in configured]
    default = at.get("push.default")
    if default == "matching":
        return [":"]
    if default == "nothing" or not branch:
        return []
    upstream = at.get(f"branch.{branch}.merge") if default in {"upstream", "tracking"} else ""
    return [f"refs/heads/{branch}:{upstream}" if upstream else f"refs/heads/{branch}"]


def _moved(spec: str, guarded: Guarded) -> str:
    """Return in words what a refspec moves of what is guarded, or nothing."""
    if spec.startswith("^"):
        return ""
    source, colon, target = spec.removeprefix("+").partition(":")
    if colon and not source and not target:
        return f"the stable branch {guarded.stable} among all that match"
    ref = target or source
    return guarded.within(ref) if "*" in ref else guarded.what(ref)
