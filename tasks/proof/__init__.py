"""The proof of a release: what the tests in verify/ look at, and how they wait for it."""
