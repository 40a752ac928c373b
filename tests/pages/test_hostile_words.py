"""What somebody wrote is text wherever it is shown: never an element, an attribute, a template, a format."""

import re
from collections.abc import Iterable
from functools import cache
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path

import pytest
from sqlalchemy import update

from api.pages.frame import layout
from drp.database.directory_tables import ChildRow, PersonRow, UnitRow
from tests.pages.every_page import PAGES, Place, asker_of, places
from tests.pages.ground import OWN, Ground
from tests.pages.test_forged_forms import pressing

WRITTEN = Path(__file__).with_name("hostile_words.txt")
CALM = "Plain words, and some more of them."


@cache
def hostile() -> tuple[str, ...]:
    """Every hostile line."""
    lines = WRITTEN.read_text(encoding="utf-8").split("\n")
    return tuple(line for line in lines if line and not line.startswith("---"))


class Skeleton(HTMLParser):
    """A page without its words: every element with the names of its attributes. And its words."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.bones: list[tuple[str, ...]] = []
        self.words: list[str] = []
        self.addresses: list[tuple[str, str]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.bones.append((tag, *sorted(name for name, _ in attrs)))
        for name, value in attrs:
            self.words.append(value or "")
            if name in ("href", "src", "action", "formaction", "srcset", "data", "poster"):
                self.addresses.append((name, value or ""))

    def handle_endtag(self, tag: str) -> None:
        self.bones.append((f"/{tag}",))

    def handle_comment(self, data: str) -> None:
        self.bones.append(("a comment", data))

    def handle_decl(self, decl: str) -> None:
        self.bones.append(("a declaration", decl))

    def handle_pi(self, data: str) -> None:
        self.bones.append(("an instruction", data))

    def unknown_decl(self, data: str) -> None:
        self.bones.append(("a declaration", data))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def says(self, text: str) -> bool:
        """Does the page say this, as it was typed?"""
        return _plain(text) in _plain("\n".join(self.words))


def _plain(text: str) -> str:
    return " ".join(text.split())


def bundles(longest: int, lines: Iterable[str] = ()) -> list[str]:
    """Lines (all the hostile ones), as many at a time as a field takes; where a line is a field, side by side."""
    between = "\n" if longest > 1000 else " "
    found, held = [], ""
    for line in lines or hostile():
        if held and len(held) + len(line) + 1 > longest:
            found.append(held)
            held = ""
        held = f"{held}{between}{line}" if held else line
    return [*found, held]


def fields_of_text(ground: Ground, place: Place) -> dict[str, str]:
    """The inputs of a form that take words: by name, line or words."""
    found = asker_of(ground).controls(place)
    kinds = {"text": "line", "textarea": "words"}
    dates = re.compile(r".+-(day|month|year|time)$")
    coded = ("child", "email", "version", "find", "q", "reference_shown")
    return {
        name: kinds[one.kind] for name, one in found.items() if one.kind in kinds and not dates.match(name) and name not in coded
    }


def after(ground: Ground, place: Place, said: dict[str, list[str]]) -> list[str]:
    """What the pages show after a form was sent with these words, to whoever sent it and to whoever is asked."""
    by = pressing(ground, place)
    answer = asker_of(ground).ask(place, by, said={**said, "details_checked": ["yes"]})
    pages = [answer.text]
    if answer.status_code == 303:
        there = answer.headers["location"]
        own = re.match(r"/challenges/[\w-]+", there)
        item = own[0] if own else f"/challenges/{ground.references[OWN]}"
        written_on = place.path.endswith(("/noted", "/answer", "/legal_advice_taken", "/child_view_recorded"))
        paths = {f"{item}?all=1"} | ({f"{item}/do/corrected"} if written_on else set())
        paths |= {place.path, f"/raise/{ground.drafts[OWN]}/check"} if place.path.startswith("/raise/") else set()
        paths |= {place.path} if "/referral/" in place.path and not place.path.endswith("/send") else set()
        paths |= {"/register"} if place.path.startswith("/register") else set()
        paths |= {there} if "?done=" not in there else set()  # or it is the item's page again
        pages += [by.send("GET", path).text for path in sorted(paths, key=lambda path: path == there)]
        pages += [ground.everybody["asked"].send("GET", f"{item}?all=1").text] if written_on else []
    ground.restore()
    return pages


def written_into(ground: Ground, place: Place, names: dict[str, str]) -> Iterable[tuple[dict[str, list[str]], tuple[str, ...]]]:
    """A form's text fields filled with every hostile line, in as few sendings as it takes; and what each sending says."""
    words, lines = bundles(9_500), bundles(190)
    rounds = max(
        [len(words)] + [-(-len(lines) // max(1, sum(kind == "line" for kind in names.values())))] * ("line" in names.values())
    )
    at = 0
    for n in range(rounds):
        said, tell = {}, []
        for name, kind in names.items():
            text = words[n % len(words)] if kind == "words" else lines[at % len(lines)]
            at += kind == "line"
            said[name] = [text]
            tell.append(text)
        yield said, tuple(tell)


def every_form(ground: Ground) -> list[Place]:
    """Each form of each page, all moves too."""
    posts = [template for method, template in PAGES if method == "POST"]
    return [place for template in posts for place in places(ground, "POST", template) if place.whose in ("", OWN)]


NOT_SHOWN_AGAIN = ("/cover", "/administration/labels", "/administration/outbox/brake", "/reports/examples")
"""Forms whose words are not needed where the first choice is taken, and so come back on no page; or that others read."""


def test_no_word_becomes_an_element_an_attribute_or_a_template_on_any_page(ground: Ground) -> None:
    tried, kept = set(), 0
    for place in every_form(ground):
        names = fields_of_text(ground, place)
        if not names:
            continue
        calm = [Skeleton(page).bones for page in after(ground, place, {name: [CALM] for name in names})]
        for n, (said, tell) in enumerate(written_into(ground, place, names)):
            if n > 1 and place.template not in ("/talks/new", "/challenges/{reference}/answer"):
                break  # every line has been in some field of lines; words have had them all
            pages = [Skeleton(page) for page in after(ground, place, said)]
            assert [page.bones for page in pages] == calm, (place.name, said)
            if len(pages) > 1:
                kept += 1
                for text in tell if place.template not in NOT_SHOWN_AGAIN else ():
                    assert any(page.says(text) for page in pages), (place.name, text)
        tried |= {(place.name, name) for name in names}
    assert len(tried) >= 30, tried
    assert kept >= 15, kept


def comes_out_as_typed(ground: Ground, lines: Iterable[str]) -> None:
    """Each line alone in running text and in an attribute; a few together in a text area and in a search. Shown, not kept."""
    irene, nobody = ground.everybody["the child's IRO"], ground.everybody["nobody signed in"]
    place = f"/challenges/{ground.references[OWN]}/do/noted"

    calm = Skeleton(nobody.send("POST", place, data={"text": f"{CALM} Plain words."}).text).bones
    for line in lines:
        page = Skeleton(nobody.send("POST", place, data={"text": f"{CALM} {line}"}).text)
        assert page.bones == calm, line
        assert page.says(f"{CALM} {line}"), line

    def shown(text: str) -> list[Skeleton]:
        data = {"text": text, "once": text.replace("\n", " ")}
        return [
            Skeleton(irene.send("POST", place, data=data).text),
            Skeleton(irene.send("GET", "/search", params={"q": text}).text),
        ]

    calmly = [page.bones for page in shown(CALM)]
    for some in bundles(95, lines):
        pages = shown(some)
        assert [page.bones for page in pages] == calmly, some
        assert pages[0].says(some), some
        if some.isascii() and len(some) <= 100:
            assert pages[1].says(re.sub(r"[^ -~]", " ", some)), some
    assert not ground.is_changed


def test_each_line_alone_comes_out_as_it_was_typed(ground: Ground) -> None:
    assert len(hostile()) >= 200
    comes_out_as_typed(ground, hostile())


def test_the_directorys_words_are_text_too(ground: Ground) -> None:
    """Names of people, teams and children come from files; a hostile one is shown as it stands."""
    looked_at = [
        place
        for method, template in PAGES
        if method == "GET" and template != "/administration/access-log"  # it grows while it is looked at
        for place in places(ground, method, template)
        if place.whose in ("", OWN) and ("{move}" not in template or place.path.endswith(("/redirected", "/escalated")))
    ]

    def every_page() -> dict[tuple[str, str], Skeleton]:
        found = {}
        for who in ("IRO manager", "asked"):
            for place in looked_at:
                answer = ground.everybody[who].send("GET", place.path)
                if answer.status_code == 200 and answer.headers["content-type"].startswith("text/html"):
                    found[who, place.name] = Skeleton(answer.text)
        return found

    def named(person: str, team: str, initials: str) -> dict[tuple[str, str], Skeleton]:
        for table, column, value in ((PersonRow, "name", person), (UnitRow, "name", team), (ChildRow, "initials", initials)):
            ground.world.write(update(table).values({column: value}))
        try:
            return every_page()
        finally:
            ground.restore()

    calm = named("Plain", "Plain Team", "PL")
    person, team, initials = (
        "\"><img src=x onerror=alert(1)>' {{7*7}}{0.__class__}",
        "</option><option selected>%s{{7*7}}",
        "<b>\"'",
    )
    found = named(person, team, initials)
    assert {key: page.bones for key, page in found.items()} == {key: page.bones for key, page in calm.items()}
    for text in (person, team, initials):
        assert sum(page.says(text) for page in found.values()) >= 10, text


# The templates themselves.


TEMPLATES = sorted(Path(str(files("api").joinpath("templates"))).rglob("*.html"))
SOURCES = sorted(
    path for name in ("api", "drp", "notifications", "workflows") for path in Path(str(files(name).joinpath(""))).rglob("*.py")
)


FORBIDDEN = re.compile(
    r"\|\s*(?:safe|forceescape|xmlattr|tojson)\b|autoescape|Markup|\bstyle\s*=|\son[a-z]+\s*=|<style|javascript:"
    r"|<script(?! (?:type=\"module\" )?src=)|\s[a-z-]+=\{\{"
)
"""What no template of ours holds. The last: an attribute without quotation marks."""


def test_every_template_escapes_and_none_says_that_it_knows_better() -> None:
    assert len(TEMPLATES) >= 20
    environment = layout.page_environment()
    assert environment.autoescape is True
    assert environment.from_string("{{ x }}").render(x="<b>") == "&lt;b&gt;"
    for path in TEMPLATES:
        text = path.read_text(encoding="utf-8")
        # What leaves the service as a file carries its own styles, under a policy that lets it load and run nothing.
        found = [one for one in FORBIDDEN.findall(text) if not (one == "<style" and "default-src 'none'" in text)]
        assert not found, (path.name, found)
        for passed in re.findall(r'"html"\s*:\s*([^,}]+)', text):
            assert passed.strip() in ("", "none"), (path.name, passed)


def test_nothing_is_called_markup_but_a_drawing_of_ours() -> None:
    found = {
        path.name
        for path in SOURCES
        if re.search(r"\bMarkup\(|\.from_string\(|Template\(|render_template_string", path.read_text())
    }
    assert found == {"layout.py"}
    drawn = {path.name for path in SOURCES if "layout.drawn_markup(" in path.read_text(encoding="utf-8")}
    assert drawn == {"procedures.py", "themes_page.py"}, "each use is looked at: the drawing escapes what it is given"


def test_a_drawing_escapes_the_words_of_the_procedure_it_draws() -> None:
    import inspect

    from workflows.proofs import drawing

    assert "escape" in inspect.getsource(drawing)


@pytest.mark.parametrize("text", ["{{7*7}}", "{0.__class__}", "%s", "<b>"])
def test_a_title_a_hint_and_a_label_are_no_formats_either(ground: Ground, text: str) -> None:
    from api.pages.frame.form_fields import Form, RadioPick, TextArea, TextLine, TickBoxes

    fields = [
        TextLine(name="a", label=text, hint=text),
        TextArea(name="b", label=text, hint=text),
        RadioPick(name="c", label=text, options=[(text, text, text)]),
        TickBoxes(name="d", label=text, options=[(text, text, text)] * 2),
    ]
    made = layout.page_environment().from_string(
        '{% import "pages/form.html" as f %}{% for each in form.fields %}{{ f.field(each, form) }}{% endfor %}'
    )
    page = Skeleton(made.render(form=Form(fields, {"a": (text,), "b": (text,), "c": (text,), "d": (text,)})))
    calm = Skeleton(made.render(form=Form(fields, {})))
    assert sum(_plain(text) in words for words in page.words) >= 8
    assert {bone[0] for bone in page.bones} == {bone[0] for bone in calm.bones}
    assert "b" not in {bone[0] for bone in page.bones}
