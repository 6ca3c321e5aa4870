"""A scheme's document as people write it: YAML or JSON text, read strictly."""

import json
from collections.abc import Mapping
from typing import Any

import yaml

from scoring.domain.packs import spelled_out
from scoring.domain.problems import SchemeInvalid
from scoring.domain.reading import Finding, Unreadable
from scoring.domain.scheme import Scheme
from scoring.domain.scheme_document import scheme_of
from scoring.domain.scheme_schema import scheme_schema
from scoring.store.packs import packs

MOST_CHARACTERS = 200_000


class _Strict(yaml.SafeLoader):
    """YAML whose mappings say what they seem to say."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002  (as the library has it)
        """Refuse a name that is none, or that comes twice: only the last one would count."""
        seen = set()
        for key, _ in node.value:
            name = key.value
            if key.tag != "tag:yaml.org,2002:str" or name in seen:
                what = "comes twice" if name in seen else "is no name; put it in quotes"
                raise yaml.constructor.ConstructorError(
                    None, None, f"'{name}' {what}", key.start_mark
                )
            seen.add(name)
        return super().construct_mapping(node, deep)


def document_of(text: str) -> Mapping[str, Any]:
    """Read the text, or refuse it by the line that cannot be read."""
    if len(text) > MOST_CHARACTERS:
        raise SchemeInvalid(Finding("", f"must have at most {MOST_CHARACTERS} characters"))
    try:
        for token in yaml.scan(text, _Strict):
            if isinstance(token, yaml.AliasToken):  # a few can stand for more than memory holds
                place = f"line {token.start_mark.line + 1}"
                raise SchemeInvalid(Finding(place, "aliases are not read"))
        read = yaml.load(text, _Strict)  # noqa: S506  (a safe loader, stricter still)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f"line {mark.line + 1}" if mark else ""
        raise SchemeInvalid(Finding(place, f"is not YAML: {error.problem}")) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise SchemeInvalid(Finding("", f"is not YAML: {type(error).__name__}")) from None
    if not isinstance(read, dict):
        raise SchemeInvalid(Finding("", "must be a mapping"))
    return plain(read)


def plain(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document as JSON has it: days become text."""
    found: dict[str, Any] = json.loads(json.dumps(document, default=str))
    return found


def text_of(document: Mapping[str, Any]) -> str:
    """Write a document as YAML, its fields in their order."""
    return yaml.safe_dump(dict(document), sort_keys=False, allow_unicode=True, width=100)


def spelled(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the document with its rule pack spelled out, or refuse a pack that is not there."""
    try:
        return spelled_out(document, packs())
    except Unreadable as error:
        raise SchemeInvalid(*error.findings) from None


def readable(document: Mapping[str, Any]) -> Scheme:
    """Return the scheme that the document says, or refuse it with every finding."""
    try:
        return scheme_of(document)
    except Unreadable as error:
        raise SchemeInvalid(*error.findings) from None


def findings(text: str) -> tuple[Finding, ...]:
    """Return everything that is wrong with a text, none where it is a scheme."""
    try:
        readable(spelled(document_of(text)))
    except SchemeInvalid as refusal:
        return refusal.findings
    return ()


def schema_text() -> str:
    """Return the JSON Schema of a scheme's document."""
    return json.dumps(scheme_schema(), indent=2, ensure_ascii=False) + "\n"
