"""Text of the kernel made plain: prefixes, wrapped lines, several dumps."""

import pytest

from zbudlab.host.text import decoded, last_dump, numbered_lines, plain_lines, plain_text, unread


@pytest.mark.parametrize(
    "prefix",
    [
        "",
        "> ",
        "> > ",
        "| ",
        "<4>",
        "[ 5091.850887] ",
        "<4>[ 5091.850887] ",
        "[   12.3456][ T1234] ",
        "[Mon Jan  5 10:20:30 2015] ",
        "Jan  5 10:20:30 box kernel: [ 5091.85] ",
        "2024-01-05T10:20:30.123456+01:00 box kernel: ",
        "box kernel: ",
        "kernel: ",
        "Tue Jan 10 12:00:00 2023 kern.warn kernel: [ 1234.567890] ",  # OpenWrt's logread
        "kern  :warn  : [   12.5] ",  # dmesg -x
        "[Jan10 12:00] ",  # dmesg -e
        "4,1234,5678901234,-;",  # /dev/kmsg
        "\x1b[32m[   12.5] \x1b[0m\x1b[33m",  # dmesg --color
        "01-05 10:20:30.123     0     0 W         : [   11.6] ",  # logcat
        "<4>[ 11.616321]  [2:   Binder:711_1:  740] ",  # Samsung
        "<4>[ 11.616321]I[0:      swapper/0:    0] ",
        "<4>[ 11.616321] (1)[123:kworker/u:1]",  # MediaTek
        "[ 11.616321@2] ",  # Amlogic
        "07-13 08:41:51.341 <4>[309805.658142s][pid:1361,cpu5,sManagerService]",  # Huawei
        "[ 11.616321] c0   123 (logd) ",  # Unisoc
    ],
)
def test_what_stands_before_a_line_is_removed(prefix):
    assert plain_lines(f"{prefix}Node 0, zone Normal 1 2\r\n") == ["Node 0, zone Normal 1 2"]


def test_quoted_printable_mail_is_decoded_and_other_text_is_not():
    assert decoded("a =3D b=\nc =C2=A0d\n") == "a = bc  d\n"
    assert decoded("x" * 75 + "=\r\ny") == "x" * 75 + "y"
    for text in ("order=3D gfp_mask=0x20\n", "a=\nb\n", ""):
        assert decoded(text) == text


def test_units_and_blocks_that_were_cut_are_joined():
    assert plain_text("| free:4k\n| B 2*\n| 32kB 7\n8") == "free:4kB 2*32kB 7\n8"


def test_lines_of_numbers_continue_the_line_before():
    text = "Node 0, zone DMA 1\n 2 3\n\nNode 0,\n zone Normal 4\n5\nx\n7\n"
    assert numbered_lines(text) == [
        (1, "Node 0, zone DMA 1 2 3"),
        (3, ""),
        (4, "Node 0, zone Normal 4 5"),
        (7, "x"),
        (8, "7"),
    ]


def test_a_heading_of_columns_continues_with_words():
    text = "Number of blocks type Unmovable\n Movable CMA\nNode 0, zone DMA 1 2 3\n"
    assert numbered_lines(text)[0] == (1, "Number of blocks type Unmovable Movable CMA")


def test_commands_and_blank_lines_are_not_odd():
    lines = [(1, "me@box:~$ cat /proc/buddyinfo"), (2, ""), (3, "good"), (4, "bad")]
    assert unread(lines, lambda line: line == "good").named == [(4, "bad")]


def test_a_dump_begins_where_a_key_comes_again():
    assert last_dump(["a1", "b1", "a2", "b2", "c2"], lambda word: word[0]) == (
        ["a2", "b2", "c2"],
        2,
    )
    assert last_dump([], str) == ([], 1)
