"""release-coordination: a release of a Python service as Invoke tasks."""

from invoke.collection import Collection

from . import (
    aftermath,
    audit,
    candidates,
    chain,
    changelog,
    doctor,
    guard,
    handover,
    init,
    release,
    rollback,
    staging,
    version,
    watching,
    workflow,
)

ns = Collection(init.init)
for _name, _tasks in {
    "audit": (audit.commits, audit.issues, audit.file),
    "version": (version.show, version.decide, version.bump),
    "changelog": (changelog.draft, changelog.check, changelog.show),
    "release": (
        release.validate,
        handover.prepare,
        handover.propose,
        release.watch,
        aftermath.tag,
        chain.rollout,
        release.verify,
        aftermath.sync,
        chain.status,
        chain.run,
    ),
    "staging": (
        candidates.enter,
        staging.wait,
        staging.install,
        staging.restart,
        watching.healthcheck,
        watching.status,
        watching.logs,
        watching.soak,
        staging.rollback,
        staging.reset,
        staging.prune,
        candidates.promote,
    ),
    "guard": (guard.install, guard.check),
    "workflow": (workflow.bumped, workflow.candidate, workflow.tag, workflow.match),
    "rollback": (rollback.hosts, rollback.tag, rollback.yank, rollback.unyank, rollback.revert, rollback.patch),
    "doctor": (doctor.release, doctor.setup),
}.items():
    ns.add_collection(Collection(_name, *_tasks))
