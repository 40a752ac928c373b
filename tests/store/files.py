"""Files that people send: whole ones of each kind, made by hand, and those that are something else than they say."""

import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from random import Random

MIB = 1024 * 1024
LIMIT = 10 * MIB


# PDF, PNG, JPEG.


def pdf(inside: bytes = b"", ending: bytes = b"") -> bytes:
    """A PDF of one empty page; `inside` stands in a stream, `ending` after its end."""
    head = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"
    page = b"1 0 obj <</Type/Catalog/Pages 2 0 R>> endobj\n2 0 obj <</Type/Pages/Kids[]/Count 0>> endobj\n"
    stream = b"3 0 obj <</Length %d>> stream\n" % len(inside) + inside + b"\nendstream endobj\n"
    body = head + page + stream
    return body + b"xref\n0 1\n0000000000 65535 f \ntrailer <</Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % len(body) + ending


def pdf_of(size: int) -> bytes:
    """A PDF of so many bytes."""
    return pdf(bytes(2 * size - len(pdf(bytes(size)))))


def chunk(name: bytes, data: bytes = b"") -> bytes:
    """One chunk of a PNG, with its check sum."""
    return struct.pack(">L", len(data)) + name + data + struct.pack(">L", zlib.crc32(name + data))


PNG = b"\x89PNG\r\n\x1a\n"


def header(width: int = 2, height: int = 2, depth: int = 8, colour: int = 0) -> bytes:
    return chunk(b"IHDR", struct.pack(">LLBBBBB", width, height, depth, colour, 0, 0, 0))


def png(*more: bytes, width: int = 2, height: int = 2, ending: bytes = b"") -> bytes:
    """A small grey PNG; `more` are further chunks."""
    image = chunk(b"IDAT", zlib.compress(b"\x00\x01\x02" * 2))
    return PNG + header(width, height) + b"".join(more) + image + chunk(b"IEND") + ending


def segment(marker: int, data: bytes = b"") -> bytes:
    """One segment of a JPEG, with its length."""
    return bytes((0xFF, marker)) + struct.pack(">H", len(data) + 2) + data


def frame(width: int, height: int, marker: int = 0xC0) -> bytes:
    return segment(marker, struct.pack(">BHHB", 8, height, width, 1) + b"\x01\x11\x00")


SCAN = segment(0xDA, b"\x01\x01\x00\x00\x3f\x00") + b"\x12\xff\x00\x34\xff\xd0\x56"


def jpeg(*more: bytes, width: int = 8, height: int = 8, ending: bytes = b"") -> bytes:
    """A small JPEG; `more` are further segments."""
    tables = segment(0xE0, b"JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00") + segment(0xDB, bytes(65))
    return b"\xff\xd8" + tables + b"".join(more) + frame(width, height) + SCAN + b"\xff\xd9" + ending


# Word: a zip written by hand, so that it can lie.


@dataclass(frozen=True)
class Part:
    """One entry of a zip. What it says of itself is true unless it is said otherwise."""

    name: str
    data: bytes = b""
    method: int = 8
    flags: int = 0x800
    packed: bytes | None = None
    size: int | None = None
    crc: int | None = None
    local_name: str = ""
    hidden: bytes = b""
    """What stands after it and belongs to nothing."""
    at: int | None = None
    """Where it is said to begin, if it is not written at all."""

    def named(self, main: str) -> "Part":
        """The list of parts, with the document itself under another name."""
        return replace(self, data=self.data.replace(b"/word/document.xml", main.encode()))

    def content(self) -> bytes:
        if self.packed is not None:
            return self.packed
        return deflated(self.data) if self.method == 8 else self.data

    def fields(self) -> bytes:
        crc = zlib.crc32(self.data) if self.crc is None else self.crc
        size = len(self.data) if self.size is None else self.size
        return struct.pack("<HHHHLLL", self.flags, self.method, 0, 0x5C21, crc, len(self.content()), size)

    def local(self) -> bytes:
        name = (self.local_name or self.name).encode()
        return b"PK\x03\x04\x14\x00" + self.fields() + struct.pack("<HH", len(name), 0) + name + self.content()


def deflated(data: bytes, level: int = 6) -> bytes:
    packing = zlib.compressobj(level, zlib.DEFLATED, -15)
    return packing.compress(data) + packing.flush()


def zipped(*parts: Part, before: bytes = b"", count: int | None = None, comment: bytes = b"", between: bytes = b"") -> bytes:
    """A zip of these parts: `before` it, `between` its directory and its end."""
    body, directory = before, b""
    for part in parts:
        offset = len(body) if part.at is None else part.at
        name = part.name.encode()
        directory += b"PK\x01\x02\x14\x03\x14\x00" + part.fields()
        directory += struct.pack("<HHHHHLL", len(name), 0, 0, 0, 0, 0o600 << 16, offset) + name
        body += part.local() + part.hidden if part.at is None else b""
    entries = len(parts) if count is None else count
    end = struct.pack("<HHHHLLH", 0, 0, entries, entries, len(directory), len(body), len(comment))
    return body + directory + between + b"PK\x05\x06" + end + comment


MAIN = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'


def types(main: str = MAIN, more: str = "") -> Part:
    listed = f'<Types><Override PartName="/word/document.xml" ContentType="{main}"/>{more}</Types>'
    return Part("[Content_Types].xml", f"{XML}{listed}".encode())


def text(words: str = "We will hold the meeting.", head: str = XML, encoding: str = "utf-8") -> Part:
    return Part("word/document.xml", f"{head}<w:document><w:t>{words}</w:t></w:document>".encode(encoding))


OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"


def relations(target: str = "word/document.xml", kind: str = OFFICE) -> Part:
    """What leads to the document itself."""
    listed = f'<Relationships><Relationship Id="r1" Type="{kind}" Target="{target}"/></Relationships>'
    return Part("_rels/.rels", f"{XML}{listed}".encode())


RELATIONS = relations()


def docx(*more: Part, **lies: bytes | int) -> bytes:
    """A small Word document; `more` are further parts."""
    return zipped(types(), RELATIONS, text(), *more, **lies)  # type: ignore[arg-type]


def replaced(*parts: Part) -> bytes:
    """A Word document with these parts in place of its own of the same name."""
    own = {part.name: part for part in (types(), RELATIONS, text())}
    return zipped(*(own | {part.name: part for part in parts}).values())


@cache
def zeros() -> tuple[bytes, int]:
    """128 MiB of zeros, packed, and their check sum."""
    packing, steps, crc = zlib.compressobj(9, zlib.DEFLATED, -15), [], 0
    for _ in range(128):
        steps.append(packing.compress(bytes(MIB)))
        crc = zlib.crc32(bytes(MIB), crc)
    return b"".join([*steps, packing.flush()]), crc


def bomb(says: int = 128 * MIB) -> bytes:
    """A Word document with a picture of nothing but zeros, which says that it unpacks to so many."""
    packed, crc = zeros()
    return docx(Part("word/media/1.png", packed=packed, size=says, crc=crc))


@cache
def repeated(size: int) -> bytes:
    """Bytes that become about eighty times smaller: not suspicious by themselves."""
    return (Random(1).randbytes(20_000) * (size // 20_000 + 1))[:size]


def blocks_without_end() -> bytes:
    """A part that begins with a million empty blocks: long to read, and harmless."""
    return docx(Part("a.xml", b"<a/>", packed=b"\x00\x00\x00\xff\xff" * MIB + deflated(b"<a/>")))


def _many(number: int, size: int) -> list[Part]:
    part = Part("x", repeated(size))
    packed, crc = part.content(), zlib.crc32(part.data)
    return [Part(f"word/media/{n}.png", b"", packed=packed, size=size, crc=crc) for n in range(number)]


@cache
def the_most_that_is_unpacked() -> bytes:
    """Just under the 64 MiB that a Word document may unpack to, all of it looked through."""
    markup = XML.encode() + b"<a>" + repeated(MIB).replace(b"<", b" ")
    part = Part("x", markup[:MIB])
    packed, crc = part.content(), zlib.crc32(part.data)
    return docx(*(Part(f"word/p{n}.xml", b"", packed=packed, size=MIB, crc=crc) for n in range(63)))


WHOLE: dict[str, Callable[[], bytes]] = {
    "a PDF": pdf,
    "a PDF that opens at a page": lambda: pdf().replace(b"/Pages 2 0 R", b"/Pages 2 0 R/OpenAction[1 0 R/Fit]", 1),
    "a PDF with a compressed list of objects": lambda: objects(b"4 0 <</Title(JavaScript and Launch, in words)>>"),
    "a PDF saved again after a change": lambda: pdf() + b"4 0 obj null endobj\nstartxref\n100\n%%EOF\r\n",
    "a PDF filled up with zeros": lambda: pdf(ending=bytes(500)),
    "a PNG": png,
    "a PNG with text and a time": lambda: png(chunk(b"tEXt", b"Title\x00Plan"), chunk(b"tIME", bytes(7))),
    "a JPEG": jpeg,
    "a JPEG in several scans": lambda: jpeg(segment(0xFE, b"note"), frame(8, 8, 0xC2), SCAN, SCAN),
    "a telephone's JPEG with a preview behind": lambda: jpeg(ending=bytes(40) + jpeg(width=2, height=2)),
    "a JPEG with filled markers": lambda: jpeg(b"\xff\xff" + segment(0xFE, b"note")),
    "a Word document": docx,
    "a Word document with pictures, a folder and UTF-16": lambda: docx(
        Part("word/", method=0), Part("word/media/1.png", png(), method=0), Part("customXml/1.xml", "<a/>".encode("utf-16"))
    ),
    "a Word document of Word on the web": lambda: replaced(
        relations("/word/document2.xml"), types().named("/word/document2.xml"), Part("word/document2.xml", text().data)
    ),
    "a Word document of another program": lambda: replaced(
        Part("_rels/.rels", relations("./x.xml").data.replace(b'"./x.xml"', b"'Word/Main.xml'")),
        types().named("/Word/Main.xml"),
        Part("Word/Main.xml", text().data),
    ),
    "a Word document with much that is alike": lambda: docx(Part("word/styles.xml", b"<s>" + b"alike " * 150_000)),
    "a Word document written in one go": lambda: replaced(text("x" * 200_000), replace(RELATIONS, hidden=bytes(16))),
}
"""Whole documents, as people send them."""

HTML = b"<!DOCTYPE html><script>alert(1)</script>"
EXE = b"MZ\x90\x00" + bytes(60)
OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
ENTITY = '<!DOCTYPE w [<!ENTITY x SYSTEM "file:///etc/passwd">]>'


def _within() -> bytes:
    """A zip whose second entry lies within the first, as bombs do it that pack one content many times."""
    inner = text()
    outer = Part("[Content_Types].xml", b"", method=0)
    start = len(outer.local())
    lies = Part("[Content_Types].xml", types().data + inner.local(), method=0)
    return zipped(lies, Part(inner.name, inner.data, at=start + len(types().data)), RELATIONS)


def _straddling() -> bytes:
    """The declaration lies across the border between two steps of the reading."""
    return replaced(Part("word/document.xml", XML.encode().ljust(65_536 - 4) + ENTITY.encode() + b"<w/>"))


ARCHIVE = zipped(Part("a.txt", b"text"))

WRONG_KIND: dict[str, Callable[[], bytes]] = {
    "text": lambda: b"Dear Irene,",
    "a web page": lambda: HTML,
    "a drawing with a script": lambda: b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
    "a program": lambda: EXE,
    "a GIF": lambda: b"GIF89a" + bytes(60),
    "an older Word document": lambda: OLD_OFFICE,
    "an e-mail saved from Outlook": lambda: OLD_OFFICE + "__properties_version1.0".encode("utf-16-le") + bytes(60),
    "an e-mail saved as a file": lambda: b"Received: from a by b;\r\n\tWed\r\nFrom: a@b.example\r\nSubject: x\r\n\r\nHello.\r\n",
    "a telephone's own picture": lambda: b"\x00\x00\x00\x18ftypheic" + bytes(60),
    "an archive": lambda: ARCHIVE,
    "an archive in an archive": lambda: zipped(Part("inner.zip", ARCHIVE, method=0)),
    "a spreadsheet": lambda: zipped(types(), Part("xl/workbook.xml", b"<x/>")),
    "a Word template": lambda: replaced(types(MAIN.replace("document.main", "template.main"))),
    "a PDF that does not begin as one": lambda: b"\n" + pdf(),
    "a PDF behind a web page": lambda: HTML + pdf(),
    "nothing but the beginning of a PDF": lambda: b"%PDF-1.7",
    "nothing but the beginning of a PNG": lambda: PNG,
    "nothing but the beginning of a JPEG": lambda: b"\xff\xd8\xff",
    "nothing but the beginning of a zip": lambda: b"PK\x03\x04",
}


def objects(inside: bytes, said: bytes = b"/Filter/FlateDecode") -> bytes:
    """A PDF with a compressed list of objects."""
    packed = zlib.compress(inside)
    return pdf().replace(
        b"xref\n", b"5 0 obj <</Type/ObjStm/N 1/First 4" + said + b"/Length %d>> stream\n" % len(packed) + packed
        + b"\nendstream endobj\nxref\n", 1,
    )  # fmt: skip


ACTIVE: dict[str, Callable[[], bytes]] = {
    "JavaScript": lambda: pdf().replace(b"xref", b"4 0 obj <</S/JavaScript/JS(app.alert(1))>> endobj\nxref", 1),
    "JavaScript, spelt otherwise": lambda: pdf().replace(b"xref", b"4 0 obj <</S/J#61va#53cript/JS(x)>> endobj\nxref", 1),
    "JavaScript in a compressed list": lambda: objects(b"4 0 <</S/JavaScript/JS(x)>>"),
    "JavaScript in a list that says otherwise what it is": lambda: objects(b"4 0 <</S/JavaScript>>", b"/Filter[/Flate#44ecode]"),
    "a program to start": lambda: pdf().replace(b"xref", b"4 0 obj <</S /Launch/F(cmd.exe)>> endobj\nxref", 1),
    "another file": lambda: pdf().replace(b"xref", b"4 0 obj <</Type/EmbeddedFile>> endobj\nxref", 1),
    "a list of files": lambda: objects(b"4 0 <</Names<</EmbeddedFiles 5 0 R>>>>"),
    "a film": lambda: pdf().replace(b"xref", b"4 0 obj <</Subtype/RichMedia>> endobj\nxref", 1),
    "a password": lambda: pdf().replace(b"trailer <<", b"trailer <</Encrypt 9 0 R", 1),
    "a list packed in another way": lambda: objects(b"x", b"/Filter[/ASCII85Decode/FlateDecode]"),
    "a list packed as hex digits": lambda: objects(b"x", b"/Filter/ASCIIHexDecode"),
    "a list whose packing stands elsewhere": lambda: objects(b"x", b"/Filter 9 0 R"),
    "a list packed with a predictor": lambda: objects(b"x", b"/Filter/FlateDecode/DecodeParms<</Predictor 12>>"),
    "a list that unpacks without end": lambda: objects(bytes(70 * MIB)),
}
"""PDFs that act by themselves, hide something or cannot be looked into, by what they hold."""

TWO_AT_ONCE: dict[str, Callable[[], bytes]] = {
    "a PDF that is a zip too": lambda: pdf(zipped(Part("a.txt", b"x"), comment=bytes(300))),
    "a PDF with a zip behind": lambda: pdf(ending=ARCHIVE),
    "a PDF with a web page behind": lambda: pdf(ending=HTML),
    "a PNG with a zip behind": lambda: png(ending=ARCHIVE),
    "a PNG with a byte behind": lambda: png(ending=b"\x00"),
    "a PNG with a zip inside": lambda: png(chunk(b"tEXt", b"x\x00" + ARCHIVE)),
    "a JPEG with a zip behind": lambda: jpeg(ending=ARCHIVE),
    "a JPEG with a web page behind": lambda: jpeg(ending=HTML),
    "a JPEG with a zip inside": lambda: jpeg(segment(0xFE, ARCHIVE)),
    "a Word document behind a program": lambda: docx(before=EXE),
    "a Word document behind a note of its own": lambda: docx(before=b"PK\x03\x04" + bytes(40)),
    "a Word document with a comment": lambda: docx(comment=HTML),
    "a Word document with something behind": lambda: docx() + b"\x00",
    "a Word document with something between its parts": lambda: replaced(replace(RELATIONS, hidden=HTML)),
    "a Word document with something before its end": lambda: docx(between=bytes(8)),
    "a Word document with two ends": lambda: docx(between=b"PK\x06\x07" + bytes(16)),
}
DAMAGED: dict[str, Callable[[], bytes]] = {
    "a PDF of a version that is none": lambda: pdf().replace(b"%PDF-1.4", b"%PDF-9.x"),
    "a PDF that points beyond itself": lambda: pdf().replace(b"startxref\n", b"startxref\n99999"),
    "a PNG with a wrong check sum": lambda: png()[:-13] + bytes((png()[-13] ^ 1,)) + png()[-12:],
    "a PNG without a picture": lambda: PNG + header() + chunk(b"IEND"),
    "a PNG that begins twice": lambda: png(header()),
    "a PNG that does not begin": lambda: PNG + chunk(b"tIME", bytes(7)) + png()[8:],
    "a PNG with a part that must be understood": lambda: png(chunk(b"XXXX", b"x")),
    "a PNG of no width": lambda: png(width=0),
    "a PNG of colours that are none": lambda: PNG + header(colour=5) + png()[33:],
    "a PNG that ends with more": lambda: png()[:-12] + chunk(b"IEND", b"x"),
    "a JPEG without a frame": lambda: b"\xff\xd8" + segment(0xFE, b"x") + SCAN + b"\xff\xd9",
    "a JPEG without a scan": lambda: b"\xff\xd8" + frame(8, 8) + b"\xff\xd9",
    "a JPEG of no height": lambda: jpeg(height=0),
    "a JPEG that begins twice": lambda: jpeg(b"\xff\xd8"),
    "a JPEG with a part of no length": lambda: jpeg(b"\xff\xfe\x00\x00"),
    "a JPEG with a part longer than itself": lambda: jpeg(b"\xff\xfe\xff\xff"),
    "a Word document with a password": lambda: replaced(text(), Part("word/document.xml", b"x" * 40, flags=0x801)),
    "a Word document packed in another way": lambda: docx(Part("word/a.xml", b"<a/>", method=12, packed=b"BZh91AY")),
    "a Word document with a part that is not packed as it says": lambda: docx(Part("a.xml", b"<a/>", packed=b"\xff\xff\xff")),
    "a Word document with a part of a wrong check sum": lambda: docx(Part("a.xml", b"<a/>", crc=1)),
    "a Word document with a part of two names": lambda: docx(Part("a.xml", b"<a/>", local_name="b.xml")),
    "a Word document with one part twice": lambda: docx(Part("word/a.xml", b"<a/>"), Part("word/A.xml", b"<a/>")),
    "a Word document that miscounts its parts": lambda: docx(count=2),
    "a Word document with a part that begins beyond it": lambda: docx(Part("a.xml", b"<a/>", at=0x7FFFFFFF)),
    "a Word document with a list that escapes": lambda: replaced(types(more="<!-- macro&#69;nabled -->")),
    "a Word document with another main part": lambda: replaced(types("application/xml")),
    "a Word document whose relations lead elsewhere": lambda: replaced(relations("word/other.xml")),
    "a Word document whose main part is not there": lambda: replaced(
        relations("word/other.xml"), types().named("/word/other.xml")
    ),
    "a Word document whose relation is of another kind": lambda: replaced(relations(kind="http://x/theme")),
    "a Word document with markup that is none": lambda: docx(Part("word/a.xml", b"no markup")),
    "a Word document in a script that hides": lambda: docx(Part("a.xml", b'<?xml version="1.0" encoding="UTF-7"?><a/>')),
    "a Word document in a script of large machines": lambda: docx(Part("a.xml", "<a/>".encode("cp037"))),
}
NAMES_OF_PARTS = ["/etc/passwd", "../../x.xml", "word/../../x.xml", "word\\x.xml", "C:x.xml", "a\x00.xml", "./x.xml", "a//b.xml"]
INSIDE: dict[str, Callable[[], bytes]] = {
    "macros": lambda: docx(Part("word/vbaProject.bin", OLD_OFFICE)),
    "macros written large": lambda: docx(Part("word/VBAPROJECT.BIN", b"x")),
    "macros by their kind": lambda: replaced(types(MAIN.replace("openxmlformats", "macroEnabled"), f"<x {MAIN}/>")),
    "an outside entity": lambda: replaced(text(ENTITY)),
    "an outside entity in UTF-16": lambda: replaced(text(ENTITY, encoding="utf-16", head="")),
    "an outside entity in UTF-16 without its mark": lambda: replaced(text(ENTITY, encoding="utf-16-be", head="")),
    "an outside entity across a border": _straddling,
    "an outside entity in a part of another name": lambda: docx(Part("word/a.bin", b"<a>" + ENTITY.encode())),
    "a declaration among the relations": lambda: replaced(Part("_rels/.rels", b"<!doctype r><r/>")),
    "a zip": lambda: docx(Part("word/media/1.png", ARCHIVE)),
    "a zip, stored as it is": lambda: docx(Part("word/media/1.png", ARCHIVE, method=0)),
    "another document": lambda: docx(Part("word/embeddings/1.docx", b"x")),
    "an older Office file": lambda: docx(Part("word/media/1.png", OLD_OFFICE)),
    "a program": lambda: docx(Part("word/media/1.png", EXE)),
    "a control that runs": lambda: docx(Part("word/activeX/activeX1.bin", b"x")),
    **{f"a part named {name!a}": (lambda name=name: docx(Part(name, b"<a/>"))) for name in NAMES_OF_PARTS},  # type: ignore[misc]
}
TOO_MUCH: dict[str, Callable[[], bytes]] = {
    "a byte more than is taken": lambda: pdf_of(LIMIT + 1),
    "a PNG of a hundred million pixels and one row": lambda: png(width=10_000, height=10_001),
    "a PNG of the most that its numbers can say": lambda: png(width=0xFFFFFFFF, height=0xFFFFFFFF),
    "a PNG of nothing but beginnings": lambda: PNG + header() + chunk(b"tEXt") * (9 * MIB // 12) + chunk(b"IEND"),
    "a JPEG of the most that its numbers can say": lambda: jpeg(width=0xFFFF, height=0xFFFF),
    "a JPEG of nothing but beginnings": lambda: jpeg(segment(0xFE) * (9 * MIB // 4)),
    "a JPEG of nothing but pictures": lambda: jpeg() * (9 * MIB // len(jpeg())),
    "a JPEG whose markers never end": lambda: b"\xff\xd8" + b"\xff" * (9 * MIB),
    "a JPEG whose scan never ends": lambda: jpeg()[:-2] + b"\xff\x00" * (4 * MIB),
    "a JPEG whose scan is all fillings": lambda: jpeg()[:-2] + b"\xff" * (9 * MIB),
    "a JPEG with a long nothing and then more": lambda: jpeg(ending=bytes(9 * MIB) + b"x"),
    "a bomb": bomb,
    "a bomb of many parts": lambda: docx(*_many(80, MIB)),
    "a bomb that says it is small": lambda: bomb(1000),
    "a bomb one layer down": lambda: docx(Part("word/media/1.png", zipped(Part("a", packed=zeros()[0])), method=0)),
    "a bomb that packs one content twice": _within,
    "a bomb that says nothing follows": lambda: docx(Part("word/a.xml", b"<a/>", packed=deflated(b"<a/>") + zeros()[0])),
    "ten thousand parts": lambda: zipped(types(), RELATIONS, text(), *(Part(f"{n}.xml", b"<a/>") for n in range(10_000))),
    "ten thousand parts, counted as three": lambda: docx(*(Part(f"{n}.xml", b"<a/>") for n in range(10_000)), count=3),
    "a part with a very long name": lambda: docx(Part("a" * 60_000 + ".xml", b"<a/>")),
}
ABUSES = (
    WRONG_KIND
    | {f"PDF with {what}": made for what, made in ACTIVE.items()}
    | TWO_AT_ONCE
    | DAMAGED
    | {f"Word with {what}": made for what, made in INSIDE.items()}
    | TOO_MUCH
)
"""Everything that is refused, by what it is."""
