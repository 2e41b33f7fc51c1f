"""The layer with the service on it: version 0.35.3, installed by an ordinary `pipx install`, running since the boot.

Built once on a machine that is booted for it, then kept beside the Debian root; a machine that has it is up as fast as
one without.
"""

import shutil
from pathlib import Path

from . import roots, service
from .indexes import Index
from .lab import Lab
from .machines import Machine
from .roots import USER
from .shell import find_uv

# What belongs to one machine or one run alone must not be in the layer.
_PRIVATE = "etc/machine-id etc/hostname etc/hosts etc/pip.conf etc/ssh var/log/journal var/log/wtmp var/lib/systemd"


def publish(release: Index, staging: Index) -> None:
    """Upload every version of the service, its library, and the attacker's work."""
    for build in service.RELEASES.values():
        release.add(build.distribution.wheel_name, build.distribution.wheel())
    for build in service.CANDIDATES.values():
        staging.add(build.distribution.wheel_name, build.distribution.wheel())
    staging.yank(service.NAME, service.CANDIDATES["yanked"].version, "broken")
    release.add(service.GOOD_LIBRARY.wheel_name, service.GOOD_LIBRARY.wheel())
    for name, content in service.traps():
        staging.add(name, content)


def publish_installers(release: Index) -> None:
    """Upload the machines' own pip and setuptools, which pipx asks for."""
    for wheel in (roots.debian() / "usr/share/python-wheels").glob("*.whl"):
        release.add(wheel.name, wheel.read_bytes())


def point_to(release: Index) -> dict[str, str]:
    """Return the files that make an index the one a machine uses by default, as PyPI is elsewhere."""
    return {"/etc/pip.conf": f"[global]\nindex-url = {release.simple}\ntrusted-host = {release.host}\n"}


def install(machine: Machine) -> None:
    """Install the first version the ordinary way, and let the user's systemd start it now and at every boot."""
    machine.as_user(f"pipx install {service.NAME}=={service.FIRST}")
    machine.write_file(f"/home/{USER}/{service.UNIT_PATH}", service.unit(), owner=USER)
    machine.write_file(f"/home/{USER}/{service.CONFIG_PATH}", service.config(), owner=USER, mode=0o600)
    machine.as_user(f"systemctl --user daemon-reload && systemctl --user enable --now {service.UNIT}")


def give_uv(machine: Machine) -> None:
    """Put this computer's uv onto a machine, where there is none otherwise."""
    uv = find_uv()
    assert uv, "uv is not here"
    machine.write_file("/usr/local/bin/uv", Path(uv).read_bytes(), mode=0o755)


def layer(lab: Lab) -> Path:
    """Return the layer, built by a machine of this lab if it is not there yet (about ten seconds)."""
    root = roots.debian()
    folder = roots.cache() / f"prepared-{roots.digest(root.name, service.recipe(), Path(__file__).read_bytes())}"
    with roots.locked(folder.name):
        if not folder.exists():
            _build(lab, folder)
    roots.used(folder)
    return folder


def _build(lab: Lab, folder: Path) -> None:
    unfinished = folder.with_suffix(".unfinished")
    roots.discard(unfinished)
    with lab.fleet(1) as [machine]:
        install(machine)
        machine.stop()
        machine.overlay.unmount()
        for private in [*_PRIVATE.split(), f"home/{USER}/.cache", f"home/{USER}/.ssh"]:
            _remove(machine.overlay.upper / private)
        shutil.move(machine.overlay.upper, unfinished)
    unfinished.rename(folder)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
