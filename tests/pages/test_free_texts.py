"""Whatever `drp check` passes in an authority's files, every page and every document carries as it was written.

And what a later release refuses in new files: an authority whose files are in force already works on.
"""

import csv
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from io import BytesIO, StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.etree import ElementTree

import openpyxl
import pytest

from tests.cast.councils import WATCHING
from tests.cast.free_texts import Filling, Words, calmly, hostile, uncarried
from tests.pages.every_page import PAGES, Place, asker_of, places
from tests.pages.ground import OWN, Ground, made
from tests.pages.test_hostile_words import Skeleton
from tests.referral.matter import opened_bundle
from workflows.model.authority import Authority
from workflows.proofs import drawing

LOOK = ("IRO manager", "the child's IRO", "asked", "administrator")


@dataclass(frozen=True)
class Answer:
    """What somebody got: a page as its bones and words, or a document."""

    status: int
    kind: str
    page: Skeleton | None
    octets: bytes


@contextmanager
def ground_of(words: Words) -> Iterator[Ground]:
    """The ground of the attacks with these words in every free text of its files."""
    council = replace(WATCHING, rewritten=lambda files: Filling(words).files(files), in_force=words is uncarried)
    with TemporaryDirectory() as folder:
        making = made(Path(folder), council)
        yield next(making)
        next(making, None)


def asked_for(ground: Ground) -> Iterator[tuple[str, Place]]:
    """Who asks for what: every page by some of the people, every form sent by the IRO, every file in every form."""
    for method, template in PAGES:
        for place in places(ground, method, template):
            of_iro = method == "POST" or "{move}" in template or "{step}" in template
            for who in ("the child's IRO",) if of_iro else LOOK:
                if place.whose in ("", OWN):
                    yield who, place
    files = [f"/register/export?format={kind}" for kind in ("csv", "xlsx", "json")]
    files += [f"/themes/file?by={by}&format={kind}" for by in ("stage", "reason") for kind in ("csv", "xlsx", "json", "svg")]
    files += [f"/reports/{ground.reports[said]}/file?format=docx" for said in ("a draft", "a report")]
    for path in files:
        yield "IRO manager", Place("GET", path, path, path_in_words=re.sub(r"[0-9a-f-]{36}", "<report>", path))


def every_answer(words: Words) -> dict[tuple[str, str], Answer]:
    """Everything that the service answers over files with these words."""
    found = {}
    with ground_of(words) as ground:
        asker = asker_of(ground)
        for who, place in asked_for(ground):
            answer = asker.ask(place, ground.everybody[who])
            kind = answer.headers.get("content-type", "").partition(";")[0]
            page = Skeleton(answer.text) if kind == "text/html" else None
            found[who, place.name] = Answer(answer.status_code, kind, page, answer.content)
            ground.restore()
        irene = ground.everybody["the child's IRO"]
        (place,) = (one for one in places(ground, "POST", "/challenges/{reference}/court-statement") if one.whose == OWN)
        paper = asker.ask(place, irene, said={"then": ["pdf"]})
        kind = paper.headers["content-type"]
        found["the child's IRO", f"{place.name} as PDF"] = Answer(paper.status_code, kind, None, paper.content)
    return found


@cache
def calm_answers() -> dict[tuple[str, str], Answer]:
    return every_answer(calmly)


def bones_of(page: Skeleton) -> list[tuple[str, ...]]:
    """A page without its words. The lines of a drawing are as many as its words need."""
    return [bone for bone in page.bones if bone[0] not in ("text", "/text")]


def numbers_on(page: Skeleton, mark: str) -> set[int]:
    """The texts that a page shows to their end, by their number."""
    return {int(number) for number in re.findall(rf"\b{mark}(\d+)z", "\n".join(page.words), re.IGNORECASE)}


def read(answer: Answer) -> None:
    """Fail unless a document can be read by what reads its kind."""
    kind = answer.kind.rpartition("/")[2].partition(";")[0]
    if kind == "pdf":
        assert answer.octets.startswith(b"%PDF-")
        assert b"%%EOF" in answer.octets[-32:]
    elif kind == "zip":
        assert opened_bundle(answer.octets).reference
    elif kind.endswith("sheet"):
        book = openpyxl.load_workbook(BytesIO(answer.octets))
        assert [row for sheet in book.worksheets for row in sheet.iter_rows()]
    elif kind.endswith("wordprocessingml.document"):
        with zipfile.ZipFile(BytesIO(answer.octets)) as held:
            ElementTree.fromstring(held.read("word/document.xml"))
    elif kind == "csv":
        lines = list(csv.reader(StringIO(answer.octets.decode("utf-8-sig"))))
        assert len({len(line) for line in lines if len(line) > 1}) == 1
    elif kind == "svg+xml":
        ElementTree.fromstring(answer.octets)


def everything_is_carried(words: Words) -> None:
    """Fail unless every answer is what it is over plain words, but for the words."""
    calm, found = calm_answers(), every_answer(words)
    assert {key: (one.status, one.kind) for key, one in found.items()} == {
        key: (one.status, one.kind) for key, one in calm.items()
    }
    shown, kinds = set[int](), set[str]()
    for key, plain in calm.items():
        hostile = found[key]
        if plain.status == 200 and hostile.octets:
            kinds.add(plain.kind)
            read(hostile)
        if plain.page and hostile.page:
            assert bones_of(hostile.page) == bones_of(plain.page), key
            assert numbers_on(hostile.page, "n") == numbers_on(plain.page, "calm"), key
            shown |= numbers_on(plain.page, "calm")
    assert len(shown) >= 60, len(shown)
    assert len(kinds) >= 8, kinds


@pytest.mark.parametrize("words", [hostile, uncarried])
def test_every_page_and_document_carries_every_text_of_the_files(words: Words) -> None:
    everything_is_carried(words)


def test_planted_a_title_taken_for_a_format_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    real = drawing.role_title

    def formatted(authority: Authority, role: str) -> str:
        return real(authority, role).format("or")

    monkeypatch.setattr(drawing, "role_title", formatted)
    with pytest.raises(KeyError):
        everything_is_carried(hostile)
