"""Fuzzing: readers of outside bytes with what must hold of their answers, and the ways to feed them.

:mod:`~tests.fuzzing.readers` has the readers, :mod:`~tests.fuzzing.mutations` the blind way that the tests use,
:mod:`~tests.fuzzing.guided` the way that follows coverage (``make fuzz``). A failing input becomes a case in
``tests/fuzz_cases``, which ``make test`` reads from then on.
"""
