"""Fuzzing: readers of outside bytes with what must hold of their answers, and the ways to feed them.

:mod:`~tests.rigs.fuzzing.readers` has the readers, :mod:`~tests.rigs.fuzzing.mutations` the blind way that the tests use,
:mod:`~tests.rigs.fuzzing.guided` the way that follows coverage (``make fuzz``). A failing input becomes a case in
``tests/cases/fuzz``, which ``make test`` reads from then on.
"""
