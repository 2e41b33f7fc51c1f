from tasks.rules.scaffold import Planned, State

from .history import cases


@cases(
    "planned state lines",
    {
        "missing": (
            Planned("ci", "ci.yml", None, "a\n"),
            State.MISSING,
            ["--- /dev/null", "+++ b/ci.yml", "@@ -0,0 +1 @@", "+a"],
        ),
        "same": (Planned("ci", "ci.yml", "a\n", "a\n"), State.SAME, []),
        "same, with other ends of lines": (Planned("ci", "ci.yml", "a\r\nb", "a\nb\n"), State.SAME, []),
        "differs": (
            Planned("ci", "ci.yml", "b\n", "a\n"),
            State.DIFFERS,
            ["--- a/ci.yml", "+++ b/ci.yml", "@@ -1 +1 @@", "-b", "+a"],
        ),
        "the project's own": (Planned("log", "log", "b\n", "a\n", own=True), State.KEPT, []),
        "without its table": (
            Planned("settings", "p", "b\n", "b\na\n", own=True, complete=False),
            State.MISSING,
            ["--- a/p", "+++ b/p", "@@ -1 +1,2 @@", " b", "+a"],
        ),
    },
)
def test_planned(planned: Planned, state: State, lines: list[str]) -> None:
    assert (planned.state, planned.diff) == (state, lines)
