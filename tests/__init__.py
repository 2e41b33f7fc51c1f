"""The tests: real git repositories, real uv, real git-cliff; commands are run as a person types them."""
