"""docs/environments.md says what the stacks' settings say."""

from tools.docs import environments


def test_the_document_is_fresh():
    assert environments.TARGET.read_text() == environments.document()


def test_rows_that_differ_between_stacks_are_bold():
    text = environments.document()
    assert "| **protect** | no | no | yes |" in text
    assert "| workload | mlops | mlops | mlops |" in text
    assert "| **clusters.cpu.max_nodes** | 2 | 4 | 10 |" in text


def test_a_stale_document_fails_the_check_and_writing_it_mends_that(tmp_path, monkeypatch, capsys):
    copy = tmp_path / "environments.md"
    copy.write_text(environments.TARGET.read_text() + "edited\n")
    monkeypatch.setattr("sys.argv", ["environments", "--check"])
    assert environments.main(copy) == 1
    assert "is stale" in capsys.readouterr().err
    monkeypatch.setattr("sys.argv", ["environments"])
    assert environments.main(copy) == 0
    monkeypatch.setattr("sys.argv", ["environments", "--check"])
    assert environments.main(copy) == 0
