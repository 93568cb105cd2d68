"""Writing in a thread keeps the order, the bound and the errors."""

import threading

import pytest

from emergence.training.writer import Writer


def test_writes_are_done_in_order_and_leaving_waits_for_them() -> None:
    written: list[int] = []
    release = threading.Event()
    with Writer(waiting=9) as writer:
        writer.submit(release.wait)
        for number in range(5):
            writer.submit(written.append, number)
        assert not written
        release.set()
    assert written == [0, 1, 2, 3, 4]


def test_training_waits_rather_than_hold_many_states() -> None:
    release, accepted = threading.Event(), []

    def hand_over(writer: Writer) -> None:
        for number in range(4):
            writer.submit(release.wait)
            accepted.append(number)

    with Writer(waiting=2) as writer:
        training = threading.Thread(target=hand_over, args=(writer,))
        training.start()
        training.join(timeout=0.2)
        assert accepted == [0, 1]
        release.set()
        training.join()
    assert accepted == [0, 1, 2, 3]


def full() -> None:
    raise OSError("no space")


def test_an_error_surfaces_at_the_next_write_and_nothing_is_written_after_it() -> None:
    written: list[int] = []
    with pytest.raises(OSError, match="no space"), Writer() as writer:
        writer.submit(full)
        while True:
            writer.submit(written.append, 1)
    assert not written


def test_an_error_of_the_last_write_surfaces_on_leaving_also_after_a_signal() -> None:
    with pytest.raises(OSError, match="no space"), Writer() as writer:
        writer.submit(full)
    with pytest.raises(OSError, match="no space"), Writer() as writer:
        writer.submit(full)
        raise SystemExit(143)
