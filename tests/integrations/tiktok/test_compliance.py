"""Persons and documents at TikTok Shop, over HTTP to the sandbox, by the contract's shapes."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from catalog.models import PersonKind
from catalog.ports import AttributeValue, CertificateDraft, ListingDraft, OfferDraft, Weight
from catalog.ports_compliance import PersonDraft, PersonGone, compliance_channels
from integrations.http.errors import RemoteRefused
from integrations.sandbox.tiktok.shops import save_shop
from integrations.tiktok.adapter import TikTokListings, TikTokTaxonomy
from integrations.tiktok.compliance import TikTokCompliance, person_payload
from integrations.tiktok.fields import Fields
from integrations.tiktok.gateway import listing_calls
from integrations.tiktok.schemas import RulesRow
from integrations.tiktok.to_tiktok import document_name, edited_parts, new_product
from marketplace.kernel.money import Money
from tests.integrations.sandbox.shapes import SHAPES, misfits
from tests.integrations.tiktok.conftest import Connected, World, picture

COMPLIANCE, LISTINGS, TAXONOMY = TikTokCompliance(), TikTokListings(), TikTokTaxonomy()
PATH = "/product/202409/compliance"
MAKER = PersonDraft(
    kind=PersonKind.MANUFACTURER,
    name="Rope Works GmbH",
    email="safety@ropeworks.example",
    phone_country_code="+49",
    phone_number="30123456",
    street="Seilerweg 4",
    postal_code="10115",
    country="DE",
    city="Berlin",
)
ANSWERING = replace(MAKER, kind=PersonKind.RESPONSIBLE_PERSON, name="Vera Vogt")
KINDS = [
    ("manufacturers", "manufacturer", MAKER),
    ("responsible_persons", "responsible_person", ANSWERING),
]


def shape_of(answer: Fields, call: str) -> list[str]:
    return misfits(answer.content, SHAPES[call])


@pytest.mark.parametrize(("path", "kind", "person"), KINDS)
def test_answers_about_persons_have_the_contracts_shape(
    world: World, path: str, kind: str, person: PersonDraft
) -> None:
    payload, call = person_payload(person, region="DE"), world.client.write
    made = call("POST", f"{PATH}/{path}", payload, scoped=False)
    assert shape_of(made, f"POST {PATH}/{path}") == []
    key = made.text(f"{kind}_id")
    edited = call("POST", f"{PATH}/{path}/{key}/partial_edit", {"name": "New"}, scoped=False)
    assert edited.content == {}
    for version in ("202409", "202501"):
        search = f"/product/{version}/compliance/{path}/search"
        found = world.client.search(search, {"keyword": "new"}, {"page_size": 10}, scoped=False)
        assert shape_of(found, f"POST {search}") == []
        assert [row.text("id") for row in found.rows(path)] == [key]


@pytest.mark.parametrize("person", [MAKER, ANSWERING])
def test_a_person_is_made_found_by_name_and_mail_and_edited(
    connected: Connected, person: PersonDraft
) -> None:
    shop = connected.shop
    assert COMPLIANCE.find_person(shop, person) == ""
    other = COMPLIANCE.create_person(shop, replace(person, email="other@ropeworks.example"))
    key = COMPLIANCE.create_person(shop, person)
    assert key != other
    assert COMPLIANCE.find_person(shop, replace(person, name=person.name.upper())) == key
    COMPLIANCE.edit_person(shop, key, replace(person, name="Another Name"))
    assert COMPLIANCE.find_person(shop, person) == ""
    with pytest.raises(PersonGone):
        COMPLIANCE.edit_person(shop, "0" * 24, person)


def test_a_person_is_kept_once_per_language_of_its_markets(connected: Connected) -> None:
    shop = connected.shop
    shop.region = "DE"
    key = COMPLIANCE.create_person(shop, MAKER)
    shop.region = "FR"
    COMPLIANCE.edit_person(shop, key, MAKER)
    profiles = connected.sandbox.state.store.get("manufacturer", key)["regional_profiles"]
    assert [profile["locale"] for profile in profiles] == ["de-DE", "fr-FR"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"country": "US"}, "38023026"),
        ({"phone_country_code": "+1"}, "38023028"),
        ({"email": "nobody"}, "38023042"),
        ({"phone_number": "1"}, "38023041"),
    ],
)
def test_the_channel_refuses_a_person_outside_the_union(
    connected: Connected, changes: dict[str, str], code: str
) -> None:
    with pytest.raises(RemoteRefused) as refusal:
        COMPLIANCE.create_person(connected.shop, replace(ANSWERING, **changes))
    assert refusal.value.code == code


def test_rules_come_with_conditions_dates_details_and_product_types(connected: Connected) -> None:
    shop = connected.shop
    leaf = next(row for row in TAXONOMY.categories(shop) if row.name == "Power Banks")
    rules = TAXONOMY.rules(shop, leaf.external_id)
    always, sometimes = rules.certifications
    assert (always.required_if, always.needs_expiry) == ((), False)
    assert sometimes.required_if == (("101457", "101457002"),)
    assert (sometimes.needs_expiry, sometimes.details) == (
        True,
        "The tested battery and its date.",
    )
    assert sometimes.sample_url.startswith("http")
    assert rules.special_product_types == ("PRE_ORDER", "MADE_TO_ORDER")
    assert (rules.manufacturer_required, rules.responsible_person_required) == (False, False)


def test_product_types_are_read_from_a_list_and_from_a_text_that_looks_like_one() -> None:
    for given in (["PRE_ORDER", "CUSTOM"], '["PRE_ORDER","CUSTOM"]'):
        row = RulesRow.parse(Fields({"allowed_special_product_types": given}, "data"))
        assert row.special_product_types == ("PRE_ORDER", "CUSTOM")


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("Toy safety certificate", "Toy-safety-certificate.pdf"),
        ("report.v2.pdf", "report-v2.pdf"),
        ("_Prüfbericht Nr. 7", "Pr-fbericht-Nr-7.pdf"),
        ("证书", "certificate.pdf"),
    ],
)
def test_a_documents_name_is_one_the_channel_takes(world: World, name: str, sent: str) -> None:
    assert document_name(name) == sent
    assert world.listings.upload_file(b"%PDF-1.4 x", filename=document_name(name)).name == sent


# -- in a product ----------------------------------------------------------------------------


def mug(connected: Connected, **changes: Any) -> ListingDraft:
    """A mug that is complete but for what a region demands."""
    shop = connected.shop
    leaf = next(row for row in TAXONOMY.categories(shop) if row.name == "Card Games")
    uri = LISTINGS.upload_image(shop, picture(), name="mug.jpg", use="main")
    warehouse = connected.sandbox.warehouses(shop.external_id)[0]
    values = {
        "key": "game-1",
        "title": "A game of cards for long evenings",
        "description": "<p>54 cards.</p>",
        "category_id": leaf.external_id,
        "image_uris": (uri,),
        "weight": Weight(Decimal("0.2"), "kg"),
        "attributes": (),
        "offers": (OfferDraft("GAME", Money(Decimal(9), shop.currency), {warehouse: 4}),),
        **changes,
    }
    return ListingDraft(**values)


@pytest.fixture
def german(connected: Connected) -> Connected:
    """The connected shop, moved to Germany on both sides."""
    there = connected.sandbox.state.store.get("shop", connected.shop.external_id)
    save_shop(connected.sandbox.state, {**there, "region": "DE", "currency": "EUR"})
    connected.shop.region, connected.shop.currency = "DE", "EUR"
    return connected


def refusals(connected: Connected, draft: ListingDraft) -> list[str]:
    """What the channel would say to a draft, by its codes."""
    payload = new_product(draft, region=connected.shop.region)
    check = listing_calls(connected.shop).listing_check(payload)
    return [code for code, _ in check.reasons if code not in ("12052104",)]


def test_a_german_product_needs_both_persons_and_known_ones(german: Connected) -> None:
    shop = german.shop
    assert refusals(german, mug(german)) == ["12052282", "12052287"]
    maker = COMPLIANCE.create_person(shop, MAKER)
    answering = COMPLIANCE.create_person(shop, ANSWERING)
    strange = mug(german, manufacturer_ids=("f" * 24,), responsible_person_ids=(answering,) * 2)
    assert refusals(german, strange) == ["12052284", "12052296"]
    good = mug(german, manufacturer_ids=(maker,), responsible_person_ids=(answering,))
    assert refusals(german, good) == []
    shop.region = "FR"
    french = COMPLIANCE.create_person(shop, replace(MAKER, name="Corderie"))
    shop.region = "DE"
    assert refusals(german, replace(good, manufacturer_ids=(french,))) == ["12052365"]


def test_an_edit_of_the_whole_keeps_the_documents_that_others_put_there(
    connected: Connected,
) -> None:
    shop = connected.shop
    leaf = next(row for row in TAXONOMY.categories(shop) if row.name == "Jeans")
    chart = LISTINGS.upload_image(shop, picture(1100, 1100), name="chart.jpg", use="size_chart")
    maker = COMPLIANCE.create_person(shop, MAKER)
    draft = mug(connected, category_id=leaf.external_id, size_chart_uri=chart)
    material = next(
        row for row in TAXONOMY.attributes(shop, leaf.external_id) if row.name == "Material"
    )
    calls = listing_calls(shop)
    payload = new_product(draft, region="US") | {
        "manufacturer_ids": [maker],
        "product_attributes": [
            {"id": material.external_id, "values": [{"id": material.values[0][0]}]}
        ],
    }
    made = calls.create_product(payload)
    offers = (replace(draft.offers[0], external_id=made.skus[0].id),)
    ours = replace(draft, title="A better title", size_chart_uri="", offers=offers)
    attributes = calls.product(made.product_id).attributes
    ours = replace(
        ours,
        attributes=tuple(
            AttributeValue(item.id, item.values[0].id, item.values[0].name) for item in attributes
        ),
    )
    LISTINGS.edit(shop, made.product_id, ours)
    content = connected.sandbox.product(made.product_id)
    row = calls.product(made.product_id)
    assert (row.title, row.size_chart) == ("A better title", {"image": {"uri": chart}}), content
    assert row.manufacturer_ids == [maker]


def test_documents_and_persons_can_be_changed_alone() -> None:
    draft = ListingDraft(
        key="",
        title="Game",
        description="<p>54</p>",
        category_id="1",
        image_uris=("tos/1",),
        weight=Weight(Decimal(1), "kg"),
        offers=(),
        certificates=(CertificateDraft("7", (), "2031-01-31", (("v09", "Test report"),)),),
        size_chart_uri="tos/2",
        manufacturer_ids=("m",),
        responsible_person_ids=("r",),
    )
    parts = ("certificates", "size_chart", "manufacturer", "responsible_person")
    assert edited_parts(draft, parts, region="DE") == {
        "save_mode": "LISTING",
        "certifications": [
            {
                "id": "7",
                "files": [{"id": "v09", "name": "Test-report.pdf", "format": "PDF"}],
                "expiration_date": 1927584000,
            }
        ],
        "size_chart": {"image": {"uri": "tos/2"}},
        "manufacturer_ids": ["m"],
        "responsible_person_ids": ["r"],
    }
    # What is to be cleared needs the whole product.
    assert edited_parts(replace(draft, size_chart_uri=""), parts, region="DE") is None


def test_the_channel_of_documents_and_persons_is_registered() -> None:
    assert "tiktok_shop" in compliance_channels
