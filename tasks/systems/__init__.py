"""The outside world, one thin module a system: processes, files, git, uv, git-cliff."""
