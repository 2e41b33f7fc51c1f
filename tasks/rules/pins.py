"""Pins: what the workflows take from elsewhere, each at one version; raise them together with the tests that hold them.

An action is pinned by the commit that its release's tag names, so that a tag that is moved changes nothing.
"""

ACTIONS = {
    "checkout": "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1",
    "setup_uv": "astral-sh/setup-uv@20cfd1bf945f4377ade1205e4dbc17946fc9a30d # v10.0.1",
    "upload_artifact": "actions/upload-artifact@bbbca2ddaa5d8feaa63e36b76fdaad77386f024f # v7.0.0",
    "download_artifact": "actions/download-artifact@3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c # v8.0.1",
    "publish": "pypa/gh-action-pypi-publish@dc37677b2e1c63e2034f94d8a5b11f265b73ba33 # v1.14.2",
}
TOOLS = {
    "twine": "twine==7.0.0",
    "check_wheel_contents": "check-wheel-contents==0.6.3",
    "pip_audit": "pip-audit==2.10.1",
    "bandit": "bandit==1.9.4",
}
# github.com's, SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU; another server's goes into RELEASE_HOST_KEYS.
HOST_KEYS = "github.com ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"
