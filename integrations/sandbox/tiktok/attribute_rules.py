"""Checks of what a category asks: attributes, certificates and the size chart."""

from __future__ import annotations

from integrations.sandbox.store import Doc
from integrations.sandbox.tiktok.rules import Draft, Problems, number
from integrations.sandbox.tiktok.taxonomy import (
    PRODUCT,
    Attribute,
    Certification,
    attributes_of,
    certifications_of,
    made_up_id,
)

OWN_VALUE = "73"


def attributes(draft: Draft) -> Problems:
    """Every answer must be one that the category takes, and the required ones must be there."""
    if draft.category is None:
        return
    known = {item.id: item for item in attributes_of(draft.category) if item.type == PRODUCT}
    sent: dict[str, Doc] = {}
    for answer in draft.body.get("product_attributes") or []:
        if answer["id"] in sent:
            yield 12052254, "An attribute is named twice."
        if answer["id"] not in known:
            draft.warnings.append(f"The category has no attribute {answer['id']}.")
            continue
        sent[answer["id"]] = answer
        yield from _answer(known[answer["id"]], answer)
    draft.body["product_attributes"] = list(sent.values())
    if not draft.is_draft:
        for attribute in known.values():
            yield from _presence(attribute, sent)


def _answer(attribute: Attribute, answer: Doc) -> Problems:
    answer["name"] = attribute.name
    values = answer.get("values") or []
    if len(values) > 1 and not attribute.is_multiple:
        yield 12052246, f"{attribute.name} takes one value."
    for value in values:
        yield from _value(attribute, value)
    ids = [value.get("id") for value in values]
    if len(set(ids)) != len(ids):
        yield 12052251, f"A value of {attribute.name} is given twice."


def _value(attribute: Attribute, value: Doc) -> Problems:
    key, name = value.get("id"), value.get("name")
    if not key and not name:
        yield 12052248, f"A value of {attribute.name} has neither id nor name."
    elif key and attribute.value_name(key):
        value["name"] = attribute.value_name(key)
    elif name and attribute.value_id(name):
        value["id"] = attribute.value_id(name)
    elif key and not name:
        yield 12052529, f"{attribute.name} has no value {key}."
    else:
        yield from _own_value(attribute, value)


def _own_value(attribute: Attribute, value: Doc) -> Problems:
    name = value["name"]
    value["id"] = made_up_id(OWN_VALUE, attribute.id, name)
    if not attribute.is_customizable:
        yield 12052247, f"{attribute.name} takes listed values only."
    if len(name) > 2000:
        yield 12052249, f"A value of {attribute.name} has more than 2000 characters."
    if "n" in attribute.flags and (number(name) is None or (number(name) or 0) <= 0):
        yield 12052256, f"{attribute.name} must be a number above zero."


def _presence(attribute: Attribute, sent: dict[str, Doc]) -> Problems:
    given = bool(sent.get(attribute.id, {}).get("values"))
    if attribute.condition is not None:
        other, wanted = attribute.condition
        chosen = {value.get("id") for value in sent.get(other, {}).get("values", [])}
        if wanted in chosen and not given:
            yield 12052182, f"{attribute.name} is required by the answer to another attribute."
        if wanted not in chosen and given:
            yield 12052183, f"{attribute.name} must be empty by the answer to another attribute."
    elif attribute.is_required and not given:
        yield 12052104, f"{attribute.name} is required."


def certificates(draft: Draft) -> Problems:
    """The documents and the size chart that the category requires must have been uploaded."""
    if draft.category is None:
        return
    yield from _size_chart(draft)
    asked = {item.id: item for item in certifications_of(draft.category)}
    sent = draft.body.get("certifications") or []
    if len(sent) > 10:
        yield 12052657, "There are more than 10 certificates."
    for certificate in sent:
        if certificate["id"] not in asked:
            yield 12052655, "The category does not ask for this certificate."
        else:
            yield from _certificate(draft, certificate, expires=asked[certificate["id"]].expires)
    if not draft.is_draft:
        yield from _missing(draft, asked, {certificate["id"] for certificate in sent})


def _missing(draft: Draft, asked: dict[str, Certification], sent: set[str]) -> Problems:
    answers = {
        answer["id"]: {str(value.get("id")) for value in answer.get("values") or []}
        for answer in draft.body.get("product_attributes") or []
    }
    for certification in asked.values():
        if certification.id not in sent and certification.is_required(answers):
            yield 12052105, f"A certificate is missing: {certification.name}."


def _certificate(draft: Draft, certificate: Doc, *, expires: bool) -> Problems:
    images, files = certificate.get("images") or [], certificate.get("files") or []
    if not images and not files:
        yield 12052105, "A certificate has neither picture nor file."
    if any(draft.image(image["uri"]) is None for image in images):
        yield 12052650, "A picture of a certificate was not uploaded."
    if any(draft.sandbox.store.get("file", file["id"]) is None for file in files):
        yield 12052658, "A file of a certificate was not uploaded."
    if expires and int(certificate.get("expiration_date") or 0) <= draft.sandbox.now():
        yield 12052385, "A certificate needs an expiration date in the future."


def _size_chart(draft: Draft) -> Problems:
    uri = ((draft.body.get("size_chart") or {}).get("image") or {}).get("uri")
    if uri and draft.image(uri) is None:
        yield 12052670, "The size chart was not uploaded."
    template = (draft.body.get("size_chart") or {}).get("template")
    required = draft.category is not None and draft.category.has("z") and not draft.is_draft
    if required and not uri and not template:
        yield 12052673, "The category requires a size chart."
