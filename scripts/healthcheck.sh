#!/bin/sh
# The health check of the workflow on this machine, without Invoke: hands over to the agent and ends as it does.
set -eu

usage() {
  cat << 'USAGE'
usage: healthcheck.sh [--dev] [--version X] [--package NAME] [--json] [another flag of the agent]

Judges the service on this machine: unit, calm, version, journal, liveness.
  --version X     the version that must run; default: what the host's record says
  --dev           the service of an editable checkout, PACKAGE-dev.service
  --package NAME  whose service; default: the only one that was installed here

What is not said comes from the file that the first `inv staging.install` left on this machine.
Exit codes: 0 healthy, 1 not healthy, 2 wrong value, 3 unknown, 4 refused.
USAGE
}

# Sets `agent`: the one of this checkout, else the one that the first installation left.
find_agent() {
  for agent in "$(dirname -- "$0")/../tasks/agent/agent.py" \
    "${XDG_STATE_HOME:-$HOME/.local/state}"/release-coordination/*/agent.py; do
    [ ! -f "$agent" ] || return 0
  done
  return 1
}

for word; do
  case $word in
    -h | --help)
      usage
      exit 0
      ;;
  esac
done

if ! find_agent; then
  printf 'error: nothing was installed on this machine yet\nnext: inv staging.install --version X --host NAME\n' >&2
  exit 2
fi
exec python3 -I "$agent" healthcheck "$@"
