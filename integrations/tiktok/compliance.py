"""Documents, manufacturers and responsible persons at TikTok Shop (EU product safety, B25)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from catalog.models import PersonKind, Shop
from catalog.ports import ListingDraft
from catalog.ports_compliance import PersonDraft, PersonGone
from integrations.http.errors import RemoteRefused
from integrations.tiktok.client import Json, TikTokClient
from integrations.tiktok.fields import Fields
from integrations.tiktok.gateway import client_of, listing_calls
from integrations.tiktok.schemas_products import ProductRow
from integrations.tiktok.to_tiktok import document_name

FULL_PAGE = 100
#: The channel does not know the id, or knows it as another seller's.
GONE = frozenset({"38023051", "38023052"})
#: A person is kept once per language, and a product needs that of its market.
LOCALES = {
    "DE": "de-DE", "FR": "fr-FR", "IT": "it-IT", "ES": "es-ES", "IE": "en-IE", "GB": "en-GB",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Kind:
    """How the wire calls one kind of person."""

    path: str
    id_name: str
    rows: str


KINDS = {
    PersonKind.MANUFACTURER: Kind("manufacturers", "manufacturer_id", "manufacturers"),
    PersonKind.RESPONSIBLE_PERSON: Kind(
        "responsible_persons", "responsible_person_id", "responsible_persons"
    ),
}


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A person as the channel knows it: (name, e-mail) in every language."""

    id: str
    profiles: tuple[tuple[str, str], ...]

    @classmethod
    def parse(cls, row: Fields) -> PersonRow:
        profiles = row.rows("regional_profiles")
        return cls(
            row.text("id"),
            tuple((one.text("name", ""), one.text("email", "")) for one in profiles),
        )


class ComplianceCalls:
    """The client's calls about persons; they belong to the seller, so they name no shop."""

    def __init__(self, client: TikTokClient) -> None:
        self._client = client

    def create(self, kind: Kind, payload: Json) -> str:
        path = f"/product/202409/compliance/{kind.path}"
        return self._client.write("POST", path, payload, scoped=False).text(kind.id_name)

    def edit(self, kind: Kind, person_id: str, payload: Json) -> None:
        path = f"/product/202409/compliance/{kind.path}/{person_id}/partial_edit"
        self._client.write("POST", path, payload, scoped=False)

    def search(self, kind: Kind, keyword: str) -> Iterator[PersonRow]:
        path = f"/product/202501/compliance/{kind.path}/search"
        query = {"page_size": FULL_PAGE}
        for page in self._client.pages(path, {"keyword": keyword}, query, scoped=False):
            yield from map(PersonRow.parse, page.rows(kind.rows))


class TikTokCompliance:
    """Takes documents, manufacturers and responsible persons."""

    def upload_document(self, shop: Shop, content: bytes, *, name: str) -> str:
        return listing_calls(shop).upload_file(content, filename=document_name(name)).id

    def find_person(self, shop: Shop, person: PersonDraft) -> str:
        wanted = _folded(person.name, person.email)
        for row in ComplianceCalls(client_of(shop)).search(_kind(person), person.name.strip()):
            if any(_folded(*profile) == wanted for profile in row.profiles):
                return row.id
        return ""

    def create_person(self, shop: Shop, person: PersonDraft) -> str:
        payload = person_payload(person, region=shop.region)
        return ComplianceCalls(client_of(shop)).create(_kind(person), payload)

    def edit_person(self, shop: Shop, external_id: str, person: PersonDraft) -> None:
        payload = person_payload(person, region=shop.region)
        try:
            ComplianceCalls(client_of(shop)).edit(_kind(person), external_id, payload)
        except RemoteRefused as error:
            if error.code not in GONE:
                raise
            raise PersonGone(error.message, code=error.code, request_id=error.request_id) from error


def _folded(name: str, email: str) -> tuple[str, str]:
    return name.strip().casefold(), email.strip().casefold()


def _kind(person: PersonDraft) -> Kind:
    return KINDS[PersonKind(person.kind)]


def person_payload(person: PersonDraft, *, region: str) -> dict[str, Any]:
    """Return a person in the channel's words; a manufacturer's address is one line there."""
    phone = {"country_code": person.phone_country_code, "local_number": person.phone_number}
    payload: dict[str, Any] = {"name": person.name, "email": person.email, "phone_number": phone}
    if person.kind == PersonKind.MANUFACTURER:
        phone["availability"] = "AVAILABLE"
        town = f"{person.postal_code} {person.city}".strip()
        parts = (person.street, person.street2, town, person.province, person.country)
        payload["address"] = ", ".join(part for part in parts if part)
    else:
        address = {
            "street_address_line1": person.street,
            "street_address_line2": person.street2,
            "city": person.city,
            "province": person.province,
            "postal_code": person.postal_code,
            "country": person.country,
        }
        payload["address"] = {name: part for name, part in address.items() if part}
    if region in LOCALES:
        payload["locale"] = LOCALES[region]
    return payload


def kept_from(row: ProductRow, draft: ListingDraft, parts: Collection[str]) -> dict[str, Any]:
    """Return the documents and persons of a live product that an edit must not drop.

    An edit of the whole product clears what it leaves out. What we do not have, and did not mean
    to change (`parts` names what differs), was put there by somebody else and stays.
    """
    if "category" in parts:
        return {}
    known: Mapping[str, tuple[str, bool, Any]] = {
        "certifications": ("certificates", bool(draft.certificates), row.certifications),
        "size_chart": ("size_chart", bool(draft.size_chart_uri), row.size_chart),
        "manufacturer_ids": ("manufacturer", bool(draft.manufacturer_ids), row.manufacturer_ids),
        "responsible_person_ids": (
            "responsible_person",
            bool(draft.responsible_person_ids),
            row.responsible_person_ids,
        ),
    }
    return {
        name: found
        for name, (part, is_ours, found) in known.items()
        if found and not is_ours and part not in parts
    }
