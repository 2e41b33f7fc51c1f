"""The sandbox: services that a release talks to, small enough to run in a process, for rehearsals and tests."""
