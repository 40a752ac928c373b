"""Text as files made of XML can hold it (workbooks, Word files): without marks that XML knows nothing of."""

import re

_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def text_for_xml(text: str) -> str:
    """The text, with a sign that something stood there in place of each mark that XML does not have."""
    return _NO_XML.sub("\ufffd", text)
