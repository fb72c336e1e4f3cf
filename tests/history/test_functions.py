"""Functions are found with their source and their place in Linux."""

from zbudlab.history import functions


class TestFunctions:
    def test_linux_names_come_from_the_docstrings(self):
        assert functions.linux_of("zbud.zbud_alloc")[:2] == ("mm/zbud.c", "zbud_alloc")
        assert functions.linux_of("page_alloc.free_one_page").function == "__free_one_page"
        assert functions.linux_of("page_alloc.put_page").file == "mm/swap.c"
        assert functions.linux_of("operations.pin") is None

    def test_source_lines_are_where_they_say(self):
        source = functions.source_of("zbud_migrate.move_handle")
        text = (functions._PACKAGE.parent / source.file).read_text().splitlines(keepends=True)
        assert "".join(text[source.line - 1 :]).startswith(source.text)
