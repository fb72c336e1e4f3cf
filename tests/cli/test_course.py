"""`zbudlab course`: a folder without a name is refused, and existing files are kept."""

from tests.cli.calls import answer, refusal


def test_a_folder_without_a_name_is_refused(folder, capsys):
    assert "the folder must have a name, not ''" in refusal(capsys, folder, "course", "")


def test_a_second_copy_changes_nothing(folder, capsys):
    code, out, _ = answer(capsys, "course", "lab")
    assert code == 0
    assert out.endswith("files copied to lab\n")
    (notebook, *_) = sorted((folder / "lab").rglob("*.ipynb"))
    notebook.write_text("mine")
    out = answer(capsys, "course", "lab")[1]
    assert "kept lab/exercises/e01_pages/e01_pages.ipynb: it differs" in out
    assert out.endswith("nothing to copy: all files exist already\n")
    assert notebook.read_text() == "mine"
