#!/bin/sh
# The staging commands of the workflow on this machine, without Invoke: hands over to the agent and ends as it does.
set -eu

usage() {
  cat << 'USAGE'
usage: staging.sh install X      a candidate from the staging index
       staging.sh rollback [X]   back to what ran before, or to version X when it is still here; needs no network
       staging.sh reset [X]      the newest release, or release X, from the release index
       staging.sh status         version, origin, since when, state of the unit, who is at work on it

Each takes --package NAME (default: the only one that was installed here), --json, and other flags of the agent.
A change ends with a restart and a health check; what is not healthy goes back to what ran before.
What is not said comes from the file that the first `inv staging.install` left on this machine.
Exit codes: 0 done, 1 failed or rolled back, 2 wrong value, 3 unknown, 4 refused.
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

case ${1-} in
  install | rollback | reset | status) ;;
  *)
    printf 'error: %s: no such command\n' "${1:-nothing}" >&2
    usage >&2
    exit 2
    ;;
esac

if ! find_agent; then
  printf 'error: nothing was installed on this machine yet\nnext: inv staging.install --version X --host NAME\n' >&2
  exit 2
fi
exec python3 -I "$agent" "$@"
