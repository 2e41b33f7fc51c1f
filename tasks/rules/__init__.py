"""The rules of a release as pure functions: values in, values out, no clock, disk, process or network."""
