"""The tests of the outside world's modules."""
