"""The effects of this package's workflows, played when a branch or a tag moves: checks, candidates, tag, release."""

import tomllib
from collections.abc import Callable

from packaging.version import Version

from .hub import Push
from .objects import Pull
from .plays import zipped
from .progress import Artifact, Pace, Run
from .sandbox import SandboxGithub
from .steps import Failure, Files, Plan, StepFailed, Work, carry_out

CI, TAG, RELEASE = "ci.yml", "auto-tag-on-master.yml", "release.yml"


def small(version: str, sha: str) -> Files:
    """Return files that stand in for a wheel and an sdist."""
    return {
        f"sample-{version}-py3-none-any.whl": f"wheel {version} {sha}".encode(),
        f"sample-{version}.tar.gz": f"sdist {version} {sha}".encode(),
    }


class Workflows:
    """The workflows at work on a sandbox, from now on.

    `build` gives the files of (version, commit); `publish` takes ("release" or "staging", files). A push of the stable
    branch is checked and tagged, one of the development branch is checked and published as a candidate, a tag is
    released; pull requests are checked.
    """

    def __init__(
        self,
        sandbox: SandboxGithub,
        *,
        stable: str | None = None,
        development: str | None = None,
        prefix: str = "v",
        build: Callable[[str, str], Files] = small,
        publish: Callable[[str, Files], None] | None = None,
        pace: Pace | None = None,
    ) -> None:
        self.sandbox = sandbox
        self.stable = stable or sandbox.hub.bare.default
        self.development = development
        self.prefix = prefix
        self.build = build
        self.publish = publish or (lambda *_: None)
        self.pace = pace or Pace()
        self.paces: dict[str, Pace] = {}  # of a workflow that differs
        self.failures: list[Failure] = []
        self.tag_starts_release = True  # False: the tag is pushed with the workflow's own token, which starts nothing
        self.switched_off: set[str] = set()  # workflows that do not run
        self._silent: set[str] = set()
        sandbox.hub.listeners.append(self._pushed)
        sandbox.hub.pull_listeners.append(self._opened)

    def fail(self, workflow: str, step: str, log: str = "", times: int = 1) -> Failure:
        """Let a step fail from now on."""
        self.failures.append(Failure(workflow, step, log, times))
        return self.failures[-1]

    def _pushed(self, push: Push) -> None:
        if push.after is None:
            return
        if push.tag is not None and push.tag.startswith(self.prefix):
            if push.tag not in self._silent:
                self._start(RELEASE, self.sandbox.hub.refs[push.ref].peeled, push.tag, "push", self._release())
            self._silent.discard(push.tag)
        elif push.branch == self.stable:
            self._start(CI, push.after, push.branch, "push", self._checks())
            self._start(TAG, push.after, push.branch, "push", self._tag())
        elif push.branch is not None and push.branch == self.development:
            candidate: Plan = [
                ("testpypi", [("Publish to TestPyPI", lambda work: self.publish("staging", work.files))])
            ]
            self._start(CI, push.after, push.branch, "push", [*self._checks(), *candidate])
        for pull in self.sandbox.hub.pulls:
            if pull.state == "open" and push.branch == pull.head:
                self._opened(pull)

    def _opened(self, pull: Pull) -> None:
        head = self.sandbox.hub.branch(pull.head)
        if head is not None:
            self._start(CI, head, pull.head, "pull_request", self._checks())

    def _start(self, workflow: str, sha: str, ref: str, event: str, plan: Plan) -> None:
        if workflow in self.switched_off:
            return
        work = Work(sha, ref, self._version(sha))
        self.sandbox.add_run(
            workflow,
            sha,
            event=event,
            branch=ref,
            jobs=[self.sandbox.job(name, *(step for step, _ in steps)) for name, steps in plan],
            pace=self.paces.get(workflow, self.pace),
            effect=lambda run: self._finish(run, plan, work),
        )

    def _version(self, sha: str) -> str:
        content = self.sandbox.hub.bare.content(sha, "pyproject.toml") or b""
        return str(tomllib.loads(content.decode()).get("project", {}).get("version", ""))

    def _finish(self, run: Run, plan: Plan, work: Work) -> None:
        carry_out(run, plan, work, self.failures)
        if work.files:
            hub = self.sandbox.hub
            run.artifacts.append(Artifact(hub.id(), "dist", zipped(work.files), hub.clock()))

    def _checks(self) -> Plan:
        """Return what checks a commit: the jobs a branch may demand."""
        plain: Plan = [(name, [("Checkout", None), (f"Run {name}", None)]) for name in ("lint", "types", "tests")]
        return [*plain, ("build", [("Checkout", None), ("Build", self._built)])]

    def _tag(self) -> Plan:
        return [("tag", [("Checkout", None), ("Read the version", None), ("Push the tag", self._tagged)])]

    def _release(self) -> Plan:
        pythons = [(f"test ({python})", [("Tests", None)]) for python in ("3.12", "3.13", "3.14")]
        return [
            ("validate", [("Check the tag", self._matched)]),
            *pythons,
            ("build", [("Build", self._built), ("twine check", None), ("check-wheel-contents", None)]),
            ("publish", [("Publish to PyPI", lambda work: self.publish("release", work.files))]),
            ("github-release", [("Create the GitHub Release", self._announced)]),
        ]

    def _built(self, work: Work) -> None:
        if work.version:
            work.files = self.build(work.version, work.sha)

    def _tagged(self, work: Work) -> None:
        """Tag what is final and has no tag yet."""
        tag, hub = f"{self.prefix}{work.version}", self.sandbox.hub
        if not work.version or Version(work.version).is_prerelease:
            work.log.append(f"{work.version or 'no version'} is no final version: nothing to tag")
        elif f"refs/tags/{tag}" in hub.refs:
            work.log.append(f"{tag} is there already")
        else:
            if not self.tag_starts_release:
                self._silent.add(tag)
            hub.set_ref(f"refs/tags/{tag}", work.sha)

    def _matched(self, work: Work) -> None:
        if work.ref != f"{self.prefix}{work.version}":
            raise StepFailed(f"Tag {work.ref} does not match version {work.version} in pyproject.toml")

    def _announced(self, work: Work) -> None:
        candidate = Version(work.version).is_prerelease
        self.sandbox.add_release(work.ref, work.files, generate_release_notes=True, prerelease=candidate)
