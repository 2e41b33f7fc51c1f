"""Hands Invoke the package `tasks` beside this file, and nothing else."""

import sys
from importlib import import_module

# Invoke loads this file under the name "tasks", which hides the package of the same name from Python's own
# import. Dropping that entry lets import_module find the package, which is what everything else imports too.
sys.modules.pop("tasks", None)
# Invoke switches byte code off for everything that a tasks.py imports; without it each command would compile the
# package and its libraries anew, 0.15 s every time. Python's own -B and PYTHONDONTWRITEBYTECODE still hold.
sys.dont_write_bytecode = bool(sys.flags.dont_write_bytecode)
ns = import_module("tasks").ns
