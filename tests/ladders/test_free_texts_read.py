"""Marks that templates, formats and drawings know are read as they are written, and drawn as they are read."""

import html
import re
from xml.etree import ElementTree

import pytest

from tests.cast import rules
from tests.cast.councils import MARSH
from tests.cast.free_texts import MARKS, Filling, free_texts, hostile, uncarried
from tests.ladders import reading
from workflows.ladder_language.carried_text import on_one_line
from workflows.ladder_language.reader import AuthorityProcedures, Unreadable, read_procedures
from workflows.proofs.drawing import draw_ladder_svg, draw_mermaid

FOLDERS = [*sorted(path for path in reading.SHIPPED.iterdir() if (path / "authority.yaml").exists())]


def filled(words=hostile, is_in_force: bool = False) -> tuple[list[AuthorityProcedures], Filling]:
    """Every shipped authority's files, and Marsh Council's, with these words."""
    filling = Filling(words)
    texts = [reading.texts(folder) for folder in FOLDERS] + [rules.marsh_files(MARSH.ladders)]
    return [read_procedures(filling.files(one), is_in_force=lambda content: is_in_force) for one in texts], filling


def test_every_free_text_of_the_language_is_written_in() -> None:
    _, filling = filled()
    assert filling.filled >= free_texts()
    assert len(free_texts()) >= 40


def test_what_passes_is_read_as_it_is_written() -> None:
    read, _ = filled()
    for one in read:
        assert one.to_weigh == ()
        titles = [one.authority.name, *(role.title for role in one.authority.roles), *(ladder.title for ladder in one.ladders)]
        assert sum(MARKS in title for title in titles) >= len(titles) // 2


@pytest.mark.parametrize("words", [hostile, uncarried])
def test_drawings_say_what_is_written(words) -> None:
    read, _ = filled(words, is_in_force=True)
    for one in read:
        for ladder in one.ladders:
            said = " ".join("".join(ElementTree.fromstring(draw_ladder_svg(ladder, one.authority)).itertext()).split())
            labels = [on_one_line(text) for text in (ladder.title, one.authority.name, *(stage.label for stage in ladder.stages))]
            assert all(label.replace(" ", "") in said.replace(" ", "") for label in labels)
            for line in draw_mermaid(ladder, one.authority).splitlines()[1:]:
                shown = re.search(r'\["(.*)"\]$', line)
                if shown:
                    assert not set('"<`%') & set(shown[1].replace("<br/>", ""))
                    plain = html.unescape(re.sub(r"#(\d+);", r"&#\1;", re.sub(r"#([a-z]+);", r"&\1;", shown[1])))
                    assert any(plain.startswith(label) for label in labels), plain


def test_a_new_file_is_refused_for_what_one_in_force_is_warned_of() -> None:
    weighed = sum(len(one.to_weigh) for one in filled(uncarried, is_in_force=True)[0])
    with pytest.raises(Unreadable) as refused:
        filled(uncarried)
    assert weighed >= 500
    assert {fault.wrong.split(" ")[0] for fault in refused.value.faults} <= {"the", "a", "`=?`"}
