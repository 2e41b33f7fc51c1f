"""A candidate made the final version: because the hosts say so, or because a person does, and why (phase 6)."""

from collections.abc import Sequence

from packaging.version import Version

from .branches import branches_of, check_caught_up, remote_of
from .entering import set_last
from .errors import Refused
from .fleet import HostResult
from .history import observe, version_at
from .ownfiles import check_alone
from .preparing import Plan, is_prepared
from .project import Project
from .publication import check_unpublished
from .report import note
from .rules.changelog import is_final
from .rules.preparation import off_stable
from .rules.text import printable
from .rules.versions import final_of, read_version
from .soaking import line_of, shortfalls, soaks


def plan_promotion(project: Project, reason: str = "") -> Plan:
    """Return the plan for the final version of the candidate that is set; refuse one that has not earned it."""
    branches, git = branches_of(project), project.git
    off_stable(branches.current, branches.stable, branches.development, "a release")
    set_now = read_version(version_at(git, "HEAD"), "project.version at HEAD")
    if set_now.is_devrelease or not (set_now.pre or is_final(str(set_now))):
        raise _no_candidate(set_now)
    final = final_of(set_now) if set_now.pre else set_now
    if not set_now.pre:
        _check_begun(project, final)
    check_unpublished(project, final)
    check_alone(project)
    ref = f"refs/heads/{branches.current}"
    check_caught_up(project, branches.current, remote_of(project).refs(ref).get(ref))
    if not set_now.pre:
        return Plan(project, final, branches.current, begun=True, done=is_prepared(project, final))
    return Plan(project, final, branches.current, reasons=tuple(_grounds(project, set_now, reason)))


def _check_begun(project: Project, final: Version) -> None:
    """Refuse a final version that was released: one that an earlier run promoted may have its date put right."""
    base = observe(project).base
    if base and final <= base:
        raise _no_candidate(final)


def _no_candidate(version: Version) -> Refused:
    return Refused(f"{version} is set, which is no candidate", expected="a version such as 0.36.0rc1",
                   remedy="inv staging.enter, or inv release.prepare without staging")  # fmt: skip


def _grounds(project: Project, candidate: Version, reason: str) -> list[str]:
    """Return why a candidate is promoted, for the commit; refuse without a verdict or a reason."""
    results = soaks(project)
    for result in results:
        note(line_of(result))
    missing = [*_untried(project, candidate), *shortfalls(results, candidate)]
    if not missing:
        return _verdict(candidate, results)
    if not reason.strip():
        more = f" (and {len(missing) - 1} more)" if len(missing) > 1 else ""
        raise Refused(f"{candidate} has not earned promotion: {missing[0]}{more}", expected="a soak that passes",
                      remedy="wait for it, or say why it goes all the same: --reason TEXT")  # fmt: skip
    return [f"Promoted from {candidate} for a reason: {printable(reason).strip()}",
            *(f"Not shown: {line}" for line in missing)]  # fmt: skip


def _verdict(candidate: Version, results: Sequence[HostResult]) -> list[str]:
    return [f"Promoted from {candidate} after its soak: {line_of(result)}" for result in results]


def _untried(project: Project, candidate: Version) -> list[str]:
    """Return that something came after the candidate, which no host can have tried."""
    unreleased = observe(project)
    return (
        [] if set_last(project, unreleased, candidate) else [f"commits came after {candidate} that no host has tried"]
    )
