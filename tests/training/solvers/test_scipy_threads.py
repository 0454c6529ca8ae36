"""The threads of SciPy's BLAS while its solvers run."""

import threading

import pytest
from threadpoolctl import ThreadpoolController

from deltarule.training.solvers.scipy_threads import _libraries, one_blas_thread


def threads() -> list[int]:
    return [library.num_threads for library in _libraries().lib_controllers]


def test_blas_of_scipy_has_one_thread_until_the_first_of_overlapping_solvers_ends() -> None:
    before = threads()
    entered, may_leave = threading.Event(), threading.Event()

    def other() -> None:
        with one_blas_thread():
            entered.set()
            assert may_leave.wait(10)

    thread = threading.Thread(target=other)
    with one_blas_thread():
        thread.start()
        assert entered.wait(10)
        assert threads() == [1] * len(before)
    assert threads() == before
    may_leave.set()
    thread.join()
    assert threads() == before


def test_an_error_in_a_solver_gives_the_threads_back() -> None:
    before = threads()
    with pytest.raises(ZeroDivisionError), one_blas_thread():
        raise ZeroDivisionError
    assert threads() == before


def test_blas_of_numpy_keeps_its_threads() -> None:
    own = {library.filepath for library in _libraries().lib_controllers}
    others = [library for library in ThreadpoolController().lib_controllers if library.filepath not in own]
    before = [library.num_threads for library in others]
    with one_blas_thread():
        assert [library.num_threads for library in others] == before
