"""Which manufacturer and responsible person stand for a product, and what is told of them (B25)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict

from catalog.models import CompliancePerson, PersonKind, Product
from catalog.ports_compliance import PersonDraft

#: By (merchant id, kind): who stands for every product that names none of its own.
Defaults = Mapping[tuple[int, str], CompliancePerson]


def defaults_of(merchants: Iterable[int]) -> Defaults:
    """Return the default persons of merchants (ids), in one query."""
    rows = CompliancePerson.objects.filter(merchant__in=set(merchants), is_default=True)
    return {(row.merchant_id, row.kind): row for row in rows}


def person_of(product: Product, kind: PersonKind, defaults: Defaults) -> CompliancePerson | None:
    """Return the product's own person of a kind, else the merchant's default one."""
    own = product.manufacturer if kind == PersonKind.MANUFACTURER else product.responsible_person
    return own or defaults.get((product.merchant_id, kind))


def draft_of(person: CompliancePerson) -> PersonDraft:
    """Return all that a channel is told of a person."""
    return PersonDraft(
        kind=person.kind,
        name=person.name,
        email=person.email,
        phone_country_code=person.phone_country_code,
        phone_number=person.phone_number,
        street=person.street,
        street2=person.street2,
        city=person.city,
        province=person.province,
        postal_code=person.postal_code,
        country=person.country,
    )


def told(person: CompliancePerson | None) -> str:
    """Return the same facts as one line, for a comparison and for people; empty for nobody."""
    if person is None:
        return ""
    facts = asdict(draft_of(person))
    facts.pop("kind")
    return ", ".join(str(value) for value in facts.values() if value)
