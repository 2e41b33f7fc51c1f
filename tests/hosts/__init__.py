"""Real machines for tests: systemd, journal, sshd, pipx, each in a network namespace of its own; and what they reach.

Fixtures (conftest.py): `hetz` is one machine on which acme-bot 0.35.3 runs; `fleet(3)` boots hetz, web1 and web2;
`lab` has the ssh_config, known_hosts and OpenSSH; `indexes` the release and the staging index with faults on demand;
`telegram` the Bot API; `embedded` a host for computers without root. Machines are thrown away after each test.

As root on Debian: apt-get install systemd-container mmdebstrap iproute2 openssh-client. The first run builds a Debian
root in the user's cache folder (half a minute); after that a machine is up in about a second.
"""
