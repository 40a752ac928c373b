"""The page of what is tried names tests that are there, and says of each attack and fault which test tries it."""

from pathlib import Path

from tests.assurance import PAGE, missing, page, trials

ALL = [trial for some in trials().values() for trial in some]


def test_every_test_that_is_named_is_there() -> None:
    assert not [(trial.name, one) for trial in ALL for one in trial.named if missing(one)]


def test_every_attack_and_fault_has_a_test_and_a_planted_one_or_says_why_not() -> None:
    assert [trial.name for trial in ALL if not trial.tests] == []
    assert [trial.name for trial in ALL if not trial.planted and not trial.less] == []
    numbers = [trial.name for trial in ALL]
    expected = [f"F{n}" for n in range(1, 25)] + [f"A{n}" for n in range(1, 24)] + [f"P{n}" for n in range(1, 22)]
    expected += [f"R{n}" for n in range(1, 6)] + [f"D{n}" for n in range(1, 4)]
    assert numbers == expected


def test_the_page_is_as_it_is_written() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "python -m tests.assurance writes it"


def test_planted_name_of_a_test_that_is_not_there_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "test_one.py").write_text("def test_this() -> None: ...\n", encoding="utf-8")
    (tmp_path / "two.py").write_text("def helps() -> None: ...\n", encoding="utf-8")
    assert not missing("test_one.py::test_this", tmp_path)
    assert not missing("test_one.py", tmp_path)
    assert [missing(one, tmp_path) for one in ("test_one.py::test_that", "test_three.py", "two.py")] == [True] * 3
