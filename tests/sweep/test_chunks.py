"""Chunks are long enough to be sent and short enough to share."""

from zbudlab.sweep.chunks import LEAST, TARGET, Sizer


def test_chunks_are_long_enough_to_be_sent_and_short_enough_to_share():
    sizer = Sizer(workers=4)
    assert sizer.next_size(1000) == 1
    for _ in range(20):
        sizer.note(sizer.next_size(10**5), 0.001 * sizer.next_size(10**5))
    assert sizer.next_size(10**5) == round(TARGET / 0.001)
    assert sizer.next_size(800) == 100  # two for each worker are left
    assert sizer.next_size(60) == round(LEAST / 0.001)
    assert sizer.next_size(3) == 3
    sizer.note(1, 100)
    assert sizer.next_size(1000) == 1
