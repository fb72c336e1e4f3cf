"""Problems for practice: by seed, with answers that their pictures show."""

import re

import pytest

from zbudlab.lessons import practice

SEEDS = range(60)


@pytest.mark.parametrize("subject", practice.SUBJECTS)
def test_a_seed_always_gives_the_same_problem_and_seeds_give_many(subject):
    made = practice.SUBJECTS[subject]
    assert [made(seed) for seed in SEEDS] == [made(seed) for seed in SEEDS]
    least = 8 if subject == "migration" else len(SEEDS) // 2
    assert len({made(seed).question for seed in SEEDS}) >= least
    assert len({made(seed).answer for seed in SEEDS}) >= 2
    assert all(made(seed).why and made(seed).rows for seed in SEEDS)


@pytest.mark.parametrize("seed", SEEDS)
class TestAnswers:
    def test_the_frame_is_the_address_divided_by_the_page_size(self, seed):
        problem = practice.pages(seed)
        address = int(re.search(r"0x\w+", problem.question)[0], 16)
        assert problem.answer == address // 4096

    def test_the_largest_block_is_in_the_picture_and_nothing_could_merge(self, seed):
        problem = practice.buddy(seed)
        (cells,) = problem.rows.values()
        assert "" not in cells
        assert problem.answer == max(int(cell) for cell in cells if cell.isdigit())
        for pfn in range(0, 16, 2):
            assert cells[pfn : pfn + 2] != ["0", "0"]
        for order in range(1, 4):
            for pfn in range(0, 16, 2 << order):
                assert cells[pfn : pfn + (2 << order)] != [str(order)] * (2 << order)

    def test_the_slots_make_the_key_again(self, seed):
        problem = practice.radix(seed)
        ((name, slots),) = problem.rows.items()
        key = 0
        for slot in slots:
            key = key * 64 + int(slot[1:])
        assert name == f"key {key}"
        assert f"s{problem.answer}" == slots[0]

    def test_pages_hold_all_objects_and_no_two_single_ones_fit_together(self, seed):
        problem = practice.zbud(seed)
        sizes = [int(size) for size in re.findall(r"\d+", problem.question.split("Objects of")[1])]
        assert len(problem.rows) == problem.answer
        rows = list(problem.rows.values())
        assert sum(row.count("F") + row.count("L") for row in rows) == sum(sizes)
        assert all(len(row) == 16 for row in rows)
        single = sorted(row.count("F") for row in rows if "L" not in row)
        assert len(single) < 2 or single[0] + single[1] > 15

    def test_the_pool_keeps_its_limit_and_every_live_page_is_somewhere(self, seed):
        problem = practice.zswap(seed)
        (row,) = problem.rows.values()
        assert row.count("d") == problem.answer
        assert row.count("z") <= practice.LIMIT
        stored = set(re.findall(r"store (\d)", problem.question))
        gone = set(re.findall(r"invalidate (\d)", problem.question))
        assert {str(slot) for slot, cell in enumerate(row) if cell} == stored - gone

    def test_a_page_moves_if_the_count_is_as_expected(self, seed):
        problem = practice.migration(seed)
        held, expected = problem.rows.values()
        assert (problem.answer == practice.MOVES) == (len(held) == len(expected))
        fooled = "mapped once and then freed" in problem.question
        unmapped = "not mapped" in problem.question
        assert (problem.answer == practice.MOVES) == (unmapped or fooled)

    def test_compaction_keeps_the_unmovable_frame_and_all_pages(self, seed):
        problem = practice.compaction(seed)
        before, after = problem.rows.values()
        assert sorted(before) == sorted(after)
        assert before.index("U") == after.index("U")
        free = [
            size
            for size in (1, 2, 4, 8, 16)
            for pfn in range(0, 16, size)
            if after[pfn : pfn + size] == [""] * size
        ]
        assert problem.answer == max(free, default=1)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_counter_is_one_more_than_its_last_writer_read(seed):
    problem = practice.races(seed)
    start = int(re.search(r"counter is (\d+)", problem.question)[1])
    counter, read = start, {}
    for who, verb in re.findall(r"([ABC]) (reads|writes)", problem.question):
        if verb == "reads":
            read[who] = counter
        else:
            counter = read[who] + 1
    assert problem.answer == counter
    assert start < problem.answer <= start + 3
    for row in problem.rows.values():
        assert "".join(row) == "rw"


class TestZsmalloc:
    @pytest.mark.parametrize("seed", range(0, 180, 3))
    def test_a_place_has_room_for_the_object_and_its_word(self, seed):
        problem = practice.zsmalloc(seed)
        length = int(re.search(r"to (\d+) bytes", problem.question)[1])
        assert problem.answer % 16 == 0
        assert 0 <= problem.answer - (length + 8) < 16

    @pytest.mark.parametrize("seed", range(1, 180, 3))
    def test_the_place_starts_in_its_page_and_no_other_chain_wastes_less(self, seed):
        problem = practice.zsmalloc(seed)
        name = re.search(r"place (\w) start", problem.question)[1]
        size = int(re.search(r"places (\d+)", problem.question)[1])
        rows = list(problem.rows.values())
        start = next(at for at, row in enumerate(rows) if name in row)
        assert problem.answer == f"page {start}"
        cells = [cell for row in rows for cell in row]
        assert cells.count(name) == size
        assert cells.count("") == min(16 * pages % size for pages in range(1, 5))

    @pytest.mark.parametrize("seed", range(2, 180, 3))
    def test_a_page_moves_without_readers_and_other_holders(self, seed):
        problem = practice.zsmalloc(seed)
        third, read = "third holder" in problem.question, "being read" in problem.question
        expected = practice.AGAIN if third else practice.BUSY if read else practice.MOVES
        assert problem.answer == expected
        assert (len(problem.rows["references"]) == 2) is not third
