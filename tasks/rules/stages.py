"""Stages: how far a release is on its way from the merge to the published files, told from what is there and not."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from packaging.version import Version

from .distributions import lacking
from .explanations import GOOD
from .failures import Stop
from .sightings import RELEASE, TAG, Seen
from .stage import Stage, State, of_run
from .text import plural
from .versions import final_of

AUTO_TAG, RELEASE_WORKFLOW = "auto-tag", "release workflow"  # the stages that are a run
GRACE = timedelta(minutes=2)  # what follows by itself is there by then, or never comes


def stages(seen: Seen) -> tuple[Stage, ...]:
    """Return the stages in their order."""
    merged = _merged(seen)
    tagging = _tagging(seen, merged)
    releasing = _releasing(seen)
    return merged, tagging, _tag(seen, tagging), releasing, _index(seen), _page(seen)


def verdict(found: Sequence[Stage]) -> int | None:
    """Return the exit code that the stages come to, None while they are under way."""
    if any(stage.state is State.FAILED for stage in found):
        return 1
    return 0 if all(stage.state.over for stage in found) else None


def _over(seen: Seen, *since: datetime | None) -> bool:
    """Tell whether what should have followed by itself since the latest of these moments will not come."""
    known = [moment for moment in (*since, seen.began) if moment]
    return not known or seen.now - max(known) > GRACE


def _merged(seen: Seen) -> Stage:
    name = "merge"
    if seen.tagged:
        return Stage(name, State.DONE, f"{seen.tagged[:12]} is tagged", seen.tagged_at)
    if not seen.set:
        return Stage(name, State.WAITING, f"{seen.branch} sets no version that can be read")
    wanted, there = Version(seen.version), Version(seen.set)
    said = f"{seen.branch} sets {seen.set} ({seen.head[:12]})"
    if there.is_prerelease and wanted in {there, final_of(there)}:
        return Stage(name, State.FAILED, f"{said}, which is never tagged", stop=Stop.PRERELEASE)
    if there > wanted:
        return Stage(name, State.FAILED, said, stop=Stop.PASSED_OVER)
    return Stage(name, State.DONE, said) if there == wanted else Stage(name, State.WAITING, f"{said}: not merged yet")


def _tagging(seen: Seen, merged: Stage) -> Stage:
    name = AUTO_TAG
    if seen.tagging is not None and not (seen.tagged and seen.tagging.status == "completed"):
        return of_run(name, seen.tagging, seen.now)
    if seen.tagging is not None and seen.tagging.conclusion in GOOD:
        return Stage(name, State.DONE, seen.tagging.conclusion, seen.tagging.updated, seen.tagging.url)
    if seen.tagged:
        return Stage(name, State.SKIPPED, "tagged without it")
    if merged.state is not State.DONE:
        return Stage(name, State.WAITING)
    return _unstarted(seen, name, TAG, f"no run for {seen.head[:12]}")


def _unstarted(seen: Seen, name: str, workflow: str, said: str, *since: datetime | None) -> Stage:
    """Return a stage whose workflow has no run; after a while it will have none."""
    if workflow in seen.switched_off:
        return Stage(name, State.FAILED, f"{said}: the workflow is switched off", stop=Stop.SWITCHED_OFF)
    if not _over(seen, *since):
        return Stage(name, State.WAITING, f"{said} yet", max((m for m in (*since, seen.began) if m), default=None))
    by_itself = workflow == RELEASE and seen.tagging is not None
    return Stage(name, State.FAILED, said, stop=Stop.OWN_TOKEN if by_itself else Stop.NOT_STARTED)


def _tag(seen: Seen, tagging: Stage) -> Stage:
    if seen.tagged:
        return Stage("tag", State.DONE, f"{seen.tag} at {seen.tagged[:12]}", seen.tagged_at)
    if tagging.state is State.DONE and _over(seen, tagging.since):
        run = seen.tagging.id if seen.tagging else 0
        return Stage("tag", State.FAILED, f"no tag {seen.tag}", tagging.since, tagging.url, Stop.NO_TAG, run)
    return Stage("tag", State.WAITING)


def _releasing(seen: Seen) -> Stage:
    name = RELEASE_WORKFLOW
    if seen.releasing is not None:
        return of_run(name, seen.releasing, seen.now)
    if not seen.tagged:
        return Stage(name, State.WAITING)
    if seen.complete and ((seen.shown and not seen.shown.draft) or _by_hand(seen)):
        return Stage(name, State.SKIPPED, "published without it")
    return _unstarted(seen, name, RELEASE, f"no run for {seen.tag}", *_tagged_since(seen))


def _tagged_since(seen: Seen) -> tuple[datetime | None, datetime | None]:
    """Return the moments since when a run for the tag is due."""
    return seen.tagged_at, seen.tagging.updated if seen.tagging else None


def _by_hand(seen: Seen) -> bool:
    """Tell whether the files came in another way than by a run for the tag."""
    late = bool(seen.tagged) and seen.releasing is None and _over(seen, *_tagged_since(seen))
    return late and seen.complete


def _index(seen: Seen) -> Stage:
    attached = {name for name, _ in seen.shown.assets} if seen.shown else set()
    wanted = {name for name in attached if name.endswith((".whl", ".tar.gz"))}
    missing = sorted(wanted - set(seen.files))
    if seen.complete and not missing:
        return Stage("index", State.DONE, plural(len(seen.files), "file"))
    if not seen.files:
        return Stage("index", State.WAITING, f"no file of {seen.version} yet" if seen.tagged else "")
    absent = missing or [f"the {kind}" for kind in lacking(seen.files, seen.kinds)]
    return Stage("index", State.RUNNING, f"{plural(len(seen.files), 'file')}; not yet {', '.join(absent)}")


def _page(seen: Seen) -> Stage:
    name = "GitHub Release"
    done = seen.releasing if seen.releasing and seen.releasing.status == "completed" else None
    late = _by_hand(seen) or (done is not None and done.conclusion in GOOD and _over(seen, done.updated))
    run = done.id if done else 0
    if seen.shown is None or seen.shown.draft:
        said = "a draft" if seen.shown else ""
        return Stage(
            name, State.FAILED if late else State.WAITING, said, stop=Stop.NO_RELEASE if late else None, run=run
        )
    broken = [asset for asset, state in seen.shown.assets if state != "uploaded"]
    left_out = sorted(set(seen.files) - {asset for asset, _ in seen.shown.assets})
    if not broken and not left_out:
        said = f"{len(seen.shown.assets)} assets"
        return Stage(name, State.DONE, said, seen.shown.published, seen.shown.url)
    said = "; ".join([*(f"{asset} was not uploaded" for asset in broken), *(f"no {asset}" for asset in left_out)])
    state, stop = (State.FAILED, Stop.ASSETS) if late else (State.RUNNING, None)
    return Stage(name, state, said, seen.shown.published, seen.shown.url, stop, run)
