"""The Dutch catalogue: complete, compiled, and up to date with the texts in the code."""

import ast
import contextlib
import re
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from django.contrib import admin
from django.contrib.admin.utils import flatten_fieldsets
from django.contrib.auth.models import User
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Field, Model
from django.test import RequestFactory
from django.utils.translation import gettext, ngettext, override

ROOT = Path(__file__).resolve().parents[2]
CATALOGUE = ROOT / "hub" / "locale" / "nl" / "LC_MESSAGES" / "django.po"
SINGLE = {"_", "gettext", "gettext_lazy", "gettext_noop", "sentence"}
PLURAL = {"ngettext", "ngettext_lazy"}
CONTEXT_SEPARATOR = "\x04"  # GNU gettext's, between context and text
FORM_SEPARATOR = "\x00"  # GNU gettext's, between singular and plural
MO_HEADER = struct.Struct("<7I")
MO_ENTRY = struct.Struct("<2I")
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd%]|{\w*}")

QUOTED = r"""("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')"""
TAG = re.compile(r"{%-?\s*(?:trans|translate)\s+" + QUOTED)
BLOCK = re.compile(
    r"{%-?\s*blocktrans(?:late)?\b(?P<options>.*?)%}(?P<text>.*?)"
    r"{%-?\s*endblocktrans(?:late)?\s*-?%}",
    re.DOTALL,
)
BLOCK_PLURAL = re.compile(r"{%-?\s*plural\s*-?%}")
BLOCK_VARIABLE = re.compile(r"{{\s*(\w+)\s*}}")
FILTERED = re.compile(r"_\(" + QUOTED + r"\)")


def read_po(path: Path) -> Iterator[tuple[str, str]]:
    """(text, translation) of each entry, plural forms joined as in the compiled file."""
    for block in re.split(r"\n\s*\n", path.read_text()):
        lines = [line for line in block.splitlines() if not line.startswith("#")]
        parts: dict[str, str] = {}
        keyword = ""
        for line in lines:
            found = re.match(r"(\w+(?:\[\d\])?) (\".*)", line)
            keyword, quoted = (found[1], found[2]) if found else (keyword, line)
            parts[keyword] = parts.get(keyword, "") + str(ast.literal_eval(quoted))
        if lines:
            yield _entry(parts)


def _entry(parts: dict[str, str]) -> tuple[str, str]:
    context = parts["msgctxt"] + CONTEXT_SEPARATOR if "msgctxt" in parts else ""
    if "msgid_plural" not in parts:
        return context + parts["msgid"], parts["msgstr"]
    forms = [text for keyword, text in sorted(parts.items()) if keyword.startswith("msgstr[")]
    source = parts["msgid"] + FORM_SEPARATOR + parts["msgid_plural"]
    return context + source, FORM_SEPARATOR.join(forms) if all(forms) else ""


def read_mo(path: Path) -> Iterator[tuple[str, str]]:
    content = path.read_bytes()
    _magic, _revision, count, texts_at, translations_at, *_hash = MO_HEADER.unpack_from(content)
    for place in range(count):
        yield (
            _mo_text(content, texts_at + place * MO_ENTRY.size),
            _mo_text(content, translations_at + place * MO_ENTRY.size),
        )


def _mo_text(content: bytes, entry_at: int) -> str:
    length, start = MO_ENTRY.unpack_from(content, entry_at)
    return content[start : start + length].decode()


def texts_of_code(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        texts = [one.value for one in node.args if isinstance(one, ast.Constant)]
        if name in SINGLE and texts and isinstance(texts[0], str):
            yield texts[0]
        elif name in PLURAL:
            yield FORM_SEPARATOR.join(str(text) for text in texts[:2])


def texts_of_template(path: Path) -> Iterator[str]:
    source = path.read_text()
    yield from (str(ast.literal_eval(quoted)) for quoted in TAG.findall(source))
    yield from (str(ast.literal_eval(quoted)) for quoted in FILTERED.findall(source))
    for block in BLOCK.finditer(source):
        forms = BLOCK_PLURAL.split(block["text"])
        is_trimmed = "trimmed" in block["options"]
        yield FORM_SEPARATOR.join(_block_text(form, is_trimmed=is_trimmed) for form in forms)


def _block_text(text: str, *, is_trimmed: bool) -> str:
    text = BLOCK_VARIABLE.sub(r"%(\1)s", text.replace("%", "%%"))
    return " ".join(line.strip() for line in text.strip().splitlines()) if is_trimmed else text


def texts_in_use() -> set[str]:
    found: Iterable[str] = [
        *(
            text
            for folder in ("hub", "integrations")
            for path in (ROOT / folder).rglob("*.py")
            for text in texts_of_code(path)
        ),
        *(text for path in (ROOT / "hub").rglob("*.html") for text in texts_of_template(path)),
        *(
            text
            for path in (ROOT / "templates").rglob("*.html")
            for text in texts_of_template(path)
        ),
    ]
    return set(found)


def without_header(entries: Iterable[tuple[str, str]]) -> dict[str, str]:
    """It holds dates, which are not compiled."""
    return {text: translation for text, translation in entries if text}


def placeholders(text: str) -> list[str]:
    return sorted(PLACEHOLDER.findall(text.partition(FORM_SEPARATOR)[0]))


def test_every_text_has_a_translation() -> None:
    untranslated = [text for text, translation in read_po(CATALOGUE) if not translation]

    assert untranslated == []


def test_no_translation_is_a_guess() -> None:
    content = CATALOGUE.read_text()

    assert "#, fuzzy" not in content
    assert "#~" not in content


def test_the_compiled_catalogue_is_that_of_the_source() -> None:
    compiled = without_header(read_mo(CATALOGUE.with_suffix(".mo")))

    assert compiled == without_header(read_po(CATALOGUE))


def test_makemessages_would_add_and_remove_nothing() -> None:
    translated = without_header(read_po(CATALOGUE))

    assert texts_in_use() == set(translated)


def test_a_translation_has_the_placeholders_of_its_text() -> None:
    entries = without_header(read_po(CATALOGUE))

    wrong = [text for text in entries if placeholders(text) != placeholders(entries[text])]

    assert wrong == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("delivery", "bezorging"),
        ("event", "gebeurtenis"),
        ("dead letter", "onbestelbaar"),
        ("held", "vastgehouden"),
        ("trigger rule", "regel"),
        ("thread", "draad"),
    ],
)
def test_the_words_of_the_product_are_dutch_in_dutch(text: str, expected: str) -> None:
    with override("nl"):
        translated = gettext(text)

    assert translated == expected


@pytest.mark.parametrize(("count", "expected"), [(0, "pogingen"), (1, "poging"), (2, "pogingen")])
def test_a_plural_follows_its_number(count: int, expected: str) -> None:
    with override("nl"):
        translated = ngettext("%(n)d attempt", "%(n)d attempts", count)

    assert translated == f"%(n)d {expected}"


def test_every_field_that_a_form_shows_has_a_name_to_translate() -> None:
    models = [model for model in admin.site._registry if model._meta.app_label == "hub"]

    unnamed = [
        f"{model.__name__}.{field.name}"
        for model in models
        for field in shown_fields(model)
        if isinstance(field.verbose_name, str)  # Django's own, made of the field's name
    ]

    # Their pages are templates of our own, without the form's labels.
    bare = ("Delivery.", "Event.", "Reference.")
    assert [name for name in unnamed if not name.startswith(bare)] == []


def shown_fields(model: type[Model]) -> "Iterator[Field[Any, Any]]":
    page = admin.site._registry[model]
    request = RequestFactory().get("/")
    request.user = User(is_active=True, is_superuser=True)
    for name in flatten_fieldsets(page.get_fieldsets(request, model())):
        with contextlib.suppress(FieldDoesNotExist):
            if not hasattr(page, name):
                yield cast("Field[Any, Any]", model._meta.get_field(name))
