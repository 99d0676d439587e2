"""Documents and persons that categories and regions demand, from Incomplete to published (B25)."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.core.files.base import ContentFile
from django.db import connection

from catalog.models import (
    Certificate,
    ChannelCategory,
    ChannelPerson,
    CompliancePerson,
    FulfillmentCenter,
    Listing,
    Merchant,
    PersonKind,
    Shop,
    SizeChart,
    UnlinkedListing,
)
from catalog.services import (
    channel_persons,
    compliance,
    compliance_files,
    linking,
    listings,
    mapping,
    products,
    publishing,
    taxonomy,
)
from catalog.states import ListingState
from marketplace.kernel.errors import Refused
from tests import factories
from tests.support.sandbox import Sandbox

pytestmark = pytest.mark.django_db

PDF = b"%PDF-1.7\n1 0 obj << >> endobj\ntrailer << >>\n%%EOF\n"
PERSONS = "/product/202409/compliance"
MANUFACTURERS = f"POST {PERSONS}/manufacturers"
EDIT_MANUFACTURER = f"POST {PERSONS}/manufacturers/{{manufacturer_id}}/partial_edit"
UPLOAD_IMAGE, UPLOAD_FILE = (
    "POST /product/202309/images/upload",
    "POST /product/202309/files/upload",
)


def staged(shop: Shop, center: FulfillmentCenter, leaf: str, *answers: str) -> Listing:
    """A listing that lacks nothing but documents and persons; answers are “Property=Value”."""
    product = factories.make_product(shop.merchant)
    product.variants.update(currency=shop.currency)
    factories.put_stock(product, center, 5)
    listings.stage([product.pk], shop, by="test")
    listing = Listing.objects.get(product=product, shop=shop)
    category = ChannelCategory.objects.get(shop=shop, name=leaf, is_leaf=True)
    taxonomy.ensure_form(category)
    listings.categorize([listing.pk], category, by="test")
    chosen = dict(answer.split("=") for answer in answers)
    for attribute in category.attributes.filter(kind="product"):
        value = chosen.get(attribute.name)
        if value is None and attribute.is_required:
            value = attribute.values[0]["name"] if attribute.values else "Water"
        if value:
            listings.set_attribute([listing.pk], attribute, [value], by="test")
    return fresh(listing)


def fresh(listing: Listing) -> Listing:
    return Listing.objects.select_related("shop", "product").get(pk=listing.pk)


def reasons(listing: Listing) -> list[tuple[str, str, str]]:
    return [(gap["field"], gap["found"], gap["allowed"]) for gap in fresh(listing).missing]


def publish(listing: Listing) -> None:
    """Publish, and see that the channel took it."""
    publishing.request_publish(fresh(listing), by="test")
    publishing.publish_queued(listing.shop)
    listing.refresh_from_db()
    assert listing.state == ListingState.IN_REVIEW, listing.problem


def there(tiktok: Sandbox, listing: Listing) -> dict[str, Any]:
    """The product as the sandbox holds it."""
    content: dict[str, Any] = tiktok.state.store.get("product", listing.external_id)
    return content.get("review_content") or content["content"]


def add_certificate(
    listing: Listing, name: str, content: bytes = PDF, expires_on: date | None = None
) -> Certificate:
    wanted = next(item for item in listing.category.certifications if item["name"] == name)
    row = Certificate(
        product=listing.product, external_id=wanted["id"], name=name, expires_on=expires_on
    )
    compliance_files.store_certificate(row, content)
    row.save()
    products.changed([listing.product_id], by="test")
    return row


def make_person(merchant: Merchant, kind: str, **changes: Any) -> CompliancePerson:
    values = {
        "name": "Rope Works GmbH",
        "email": "safety@ropeworks.example",
        "phone_country_code": "+49",
        "phone_number": "30123456",
        "street": "Seilerweg 4",
        "city": "Berlin",
        "postal_code": "10115",
        "country": "DE",
        "is_default": True,
        **changes,
    }
    return CompliancePerson.objects.create(merchant=merchant, kind=kind, **values)


@pytest.fixture
def german(merchant: Merchant, center: FulfillmentCenter, tiktok: Sandbox) -> Shop:
    """A connected shop in Germany."""
    opened = tiktok.add_shop("DE")
    tokens = tiktok.tokens(opened["id"])
    shop = factories.make_shop(merchant, region="DE", currency="EUR", external_id=opened["id"])
    factories.connect(shop, OneShop(tokens))
    mapping.refresh_warehouses(shop)
    first = tiktok.warehouses(opened["id"])[0]
    factories.map_warehouse(shop, center, shop.warehouses.get(external_id=first))
    taxonomy.refresh(shop)
    return shop


class OneShop:
    """The tokens of a shop that is not the sandbox's first."""

    def __init__(self, granted: dict[str, Any]) -> None:
        self.granted = granted

    def tokens(self) -> dict[str, Any]:
        return self.granted


# -- size chart ------------------------------------------------------------------------------


def test_a_size_chart_makes_a_listing_ready_and_goes_up_once(live, center, tiktok) -> None:
    listing = staged(live, center, "Jeans")
    assert reasons(listing) == [
        ("size_chart", "none", "a picture of at least 1,024 pixels on its shorter side")
    ]
    chart = SizeChart(product=listing.product)
    compliance_files.store_size_chart(chart, factories.picture_bytes(1100, 2000))
    chart.save()
    products.changed([listing.product_id], by="test")
    publish(listing)
    uri = there(tiktok, listing)["size_chart"]["image"]["uri"]
    assert tiktok.state.store.get("image", uri)["use_case"] == "SIZE_CHART_IMAGE"
    uploads = tiktok.calls()[UPLOAD_IMAGE]

    tiktok.advance(60)
    Listing.objects.filter(pk=listing.pk).update(title="Blue jeans")
    listings.refresh_readiness([listing.pk])
    publish(listing)
    assert there(tiktok, listing)["title"] == "Blue jeans"
    assert there(tiktok, listing)["size_chart"]["image"]["uri"] == uri
    assert tiktok.calls()[UPLOAD_IMAGE] == uploads == 2


def test_documents_that_only_the_channel_has_hold_no_edit_and_stay_there(
    live, center, tiktok
) -> None:
    listing = staged(live, center, "Jeans")
    chart = SizeChart(product=listing.product)
    compliance_files.store_size_chart(chart, factories.picture_bytes(1100, 2000))
    chart.save()
    products.changed([listing.product_id], by="test")
    publish(listing)
    uri = there(tiktok, listing)["size_chart"]["image"]["uri"]
    linking.unlink(fresh(listing), by="test")
    chart.delete()
    linking.link(UnlinkedListing.objects.get(shop=live), fresh(listing).product, by="test")
    assert reasons(listing) == []

    tiktok.advance(60)
    Listing.objects.filter(pk=listing.pk).update(title="Blue jeans")
    listings.refresh_readiness([listing.pk])
    publish(listing)
    assert there(tiktok, listing)["title"] == "Blue jeans"
    assert there(tiktok, listing)["size_chart"]["image"]["uri"] == uri

    other = ChannelCategory.objects.get(shop=live, name="T-shirts", is_leaf=True)
    Listing.objects.filter(pk=listing.pk).update(category=other)
    ChannelCategory.objects.filter(pk=other.pk).update(rules={"size_chart_required": True})
    listings.refresh_readiness([listing.pk])
    assert "size_chart" in {field for field, _, _ in reasons(listing)}


def test_a_small_size_chart_says_what_was_found_and_what_is_allowed(live, center) -> None:
    listing = staged(live, center, "Jeans")
    small = factories.picture_bytes(1023, 3000)
    with pytest.raises(Refused, match="1023 × 3000 pixels, allowed 1024"):
        compliance_files.store_size_chart(SizeChart(product=listing.product), small)
    SizeChart.objects.create(
        product=listing.product, width=1023, height=3000, size=9, format="PNG", sha256="a"
    )
    products.changed([listing.product_id], by="test")
    assert reasons(listing) == [
        ("size_chart", "1023 × 3000 pixels", "1024 × 1024 to 20000 × 20000 pixels")
    ]


def test_a_chart_no_category_asks_for_is_neither_checked_nor_sent(live, center, tiktok) -> None:
    listing = staged(live, center, "Dog Toys")
    SizeChart.objects.create(product=listing.product, width=10, height=10, size=9, format="PNG")
    products.changed([listing.product_id], by="test")
    publish(listing)
    assert "size_chart" not in there(tiktok, listing)


# -- certificates ----------------------------------------------------------------------------


def test_a_certificate_as_pdf_goes_from_missing_to_the_channel_once(live, center, tiktok) -> None:
    name = "Toy safety certificate"
    listing = staged(live, center, "Puzzles", "Battery Included=No")
    assert reasons(listing) == [("certificate", "none", name)]
    row = add_certificate(listing, name)
    assert reasons(listing) == [("certificate", "no date", "the day it expires")]
    today = compliance.today()
    row.expires_on = today
    row.save()
    products.changed([listing.product_id], by="test")
    assert reasons(listing) == [("certificate", f"expired on {today}", f"a date after {today}")]
    row.expires_on = date(2031, 1, 31)
    row.save()
    products.changed([listing.product_id], by="test")
    assert fresh(listing).state == ListingState.READY

    publish(listing)
    (sent,) = there(tiktok, listing)["certifications"]
    (file,) = sent.pop("files")
    assert sent == {"id": row.external_id, "expiration_date": 1927584000}
    assert (file["name"], file["format"]) == ("Toy-safety-certificate.pdf", "PDF")
    assert tiktok.state.store.get_blob(file["id"]) == ("application/pdf", PDF)

    tiktok.advance(60)
    row.expires_on = date(2032, 1, 31)
    row.save()
    products.changed([listing.product_id], by="test")
    assert fresh(listing).has_unpublished_changes
    publish(listing)
    assert there(tiktok, listing)["certifications"][0]["expiration_date"] == 1959120000
    assert tiktok.calls()[UPLOAD_FILE] == 1


def test_pictures_of_one_certificate_go_together_and_expired_ones_stay_here(
    live, center, tiktok
) -> None:
    listing = staged(live, center, "Puzzles", "Battery Included=No")
    for number, color in enumerate(("red", "blue"), start=1):
        picture = factories.picture_bytes(color=color)
        add_certificate(listing, "Toy safety certificate", picture, date(2031, number, 1))
    add_certificate(listing, "Toy safety certificate", PDF, date(2020, 1, 1))
    publish(listing)
    (sent,) = there(tiktok, listing)["certifications"]
    uses = [tiktok.state.store.get("image", one["uri"])["use_case"] for one in sent["images"]]
    assert uses == ["CERTIFICATION_IMAGE"] * 2
    assert (sent["expiration_date"], "files" in sent) == (1924992000, False)


def test_dangerous_goods_ask_for_more_only_where_the_answer_says_so(live, center, tiktok) -> None:
    harmless = staged(live, center, "Power Banks")
    assert reasons(harmless) == [("certificate", "none", "Electrical safety report")]
    charged = staged(
        live, center, "Power Banks", "Dangerous Goods or Hazardous Materials=Contains Batteries"
    )
    assert [(field, allowed.split(",")[0]) for field, _, allowed in reasons(charged)] == [
        ("attribute:101460", "Dry cell"),
        ("attribute:101463", "20"),
        ("attribute:101466", "1"),
        ("certificate", "Electrical safety report"),
        ("certificate", "UN 38.3 test summary"),
    ]
    sentence = fresh(charged).missing[-1]["sentence"]
    assert sentence.startswith("“Dangerous Goods or Hazardous Materials” is “Contains Batteries”")


def test_dangerous_goods_with_answers_and_both_documents_are_published(
    live, center, tiktok
) -> None:
    listing = staged(
        live,
        center,
        "Power Banks",
        "Dangerous Goods or Hazardous Materials=Contains Batteries",
        "Battery Classification=Dry cell",
        "Battery Capacity (Wh)=37.5",
        "Number of Cells=2",
    )
    add_certificate(listing, "Electrical safety report", factories.picture_bytes())
    add_certificate(listing, "UN 38.3 test summary", PDF, date(2031, 1, 1))
    publish(listing)
    assert len(there(tiktok, listing)["certifications"]) == 2


def test_thirty_days_before_it_expires_is_a_warning_and_the_day_itself_a_reason(
    live, center
) -> None:
    listing = staged(live, center, "Puzzles", "Battery Included=No")
    last = compliance.today() + timedelta(days=31)
    add_certificate(listing, "Toy safety certificate", PDF, last)
    rows = Certificate.objects.all()
    assert (compliance.needing_renewal(rows).count(), fresh(listing).missing) == (0, [])
    with time_machine.travel(last - timedelta(days=30), tick=False):
        compliance.recheck_expired()
        assert (compliance.expiring(rows).count(), compliance.expired(rows).count()) == (1, 0)
        assert fresh(listing).state == ListingState.READY
    with time_machine.travel(last, tick=False):
        assert (compliance.expiring(rows).count(), compliance.expired(rows).count()) == (0, 1)
        assert compliance.recheck_expired() == 1
        assert fresh(listing).state == ListingState.INCOMPLETE
        assert reasons(listing)[0][1] == f"expired on {last}"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "The file is empty"),
        (b"just a text, whatever it is called", "not a picture of a known format"),
        (PDF + b"0" * (20 * 1024 * 1024), "found 20.0 MB, allowed up to 20 MB"),
        (factories.picture_bytes(90, 400), "found 90 × 400, allowed 100 to 20,000"),
        (factories.picture_bytes(400, 400, kind="GIF"), "found GIF, allowed PDF, JPG"),
    ],
)
def test_a_file_that_is_no_certificate_is_refused_with_its_rule(content: bytes, words: str) -> None:
    with pytest.raises(Refused, match=words):
        compliance_files.inspect_certificate(content)


def test_what_a_file_is_decides_its_content_and_not_its_name(merchant) -> None:
    row = Certificate(product=factories.make_product(merchant), external_id="1", name="Test")
    row.file = ContentFile(b"", name="report.pdf")
    compliance_files.store_certificate(row, factories.picture_bytes(300, 300, kind="PNG"))
    assert (row.format, row.file.name[-4:]) == ("PNG", ".png")


# -- manufacturer and responsible person ------------------------------------------------------


def test_a_german_shop_demands_both_persons_and_gets_each_once(
    german, live, center, tiktok
) -> None:
    first = staged(german, center, "Dog Toys")
    assert [field for field, _, _ in reasons(first)] == ["manufacturer", "responsible_person"]
    assert reasons(staged(live, center, "Dog Toys")) == []
    maker = make_person(german.merchant, PersonKind.MANUFACTURER)
    make_person(german.merchant, PersonKind.RESPONSIBLE_PERSON)
    assert compliance.person_changed(maker, by="test") == 1
    second = staged(german, center, "Dog Toys")
    for listing in (first, second):
        publish(listing)
    known = {row.person.kind: row.external_id for row in ChannelPerson.objects.all()}
    for listing in (first, second):
        sent = there(tiktok, listing)
        assert sent["manufacturer_ids"] == [known["manufacturer"]]
        assert sent["responsible_person_ids"] == [known["responsible"]]
    counts = tiktok.calls()
    assert (counts[MANUFACTURERS], counts[f"POST {PERSONS}/responsible_persons"]) == (1, 1)


def test_an_edited_person_is_told_before_the_next_publish_that_uses_it(
    german, center, tiktok
) -> None:
    maker = make_person(german.merchant, PersonKind.MANUFACTURER)
    make_person(german.merchant, PersonKind.RESPONSIBLE_PERSON)
    listing = staged(german, center, "Dog Toys")
    publish(listing)
    tiktok.advance(60)
    maker.street = "Neuer Weg 1"
    maker.save()
    compliance.person_changed(maker, by="test")
    assert fresh(listing).has_unpublished_changes
    assert EDIT_MANUFACTURER not in tiktok.calls()
    publish(listing)
    (call,) = tiktok.recent_calls(EDIT_MANUFACTURER.removeprefix("POST "))
    assert json.loads(call["body"])["address"] == "Neuer Weg 1, 10115 Berlin, DE"
    assert json.loads(call["body"])["locale"] == "de-DE"
    assert tiktok.calls()[MANUFACTURERS] == 1


def test_a_lost_answer_makes_no_second_person(german, center, tiktok) -> None:
    maker = make_person(german.merchant, PersonKind.MANUFACTURER)
    make_person(german.merchant, PersonKind.RESPONSIBLE_PERSON)
    listing = staged(german, center, "Dog Toys")
    tiktok.fault("lost_answer", path=f"{PERSONS}/manufacturers", count=1)
    publishing.request_publish(listing, by="test")
    publishing.publish_queued(german)
    assert fresh(listing).state == ListingState.QUEUED
    row = ChannelPerson.objects.get(person=maker)
    assert row.external_id == ""
    assert row.claimed_until > row.updated_at
    ChannelPerson.objects.filter(pk=row.pk).update(claimed_until=None)
    publishing.publish_queued(german)
    listing.refresh_from_db()
    assert listing.state == ListingState.IN_REVIEW
    assert tiktok.calls()[MANUFACTURERS] == 1


def test_a_person_deleted_on_the_channel_is_made_again(german, center, tiktok) -> None:
    maker = make_person(german.merchant, PersonKind.MANUFACTURER)
    product = factories.make_product(german.merchant)
    old = channel_persons.id_of(german, product, PersonKind.MANUFACTURER)
    tiktok.state.store.delete("manufacturer", old)
    maker.city = "Hamburg"
    maker.save()
    new = channel_persons.id_of(german, product, PersonKind.MANUFACTURER)
    assert new != old
    assert tiktok.state.store.get("manufacturer", new) is not None


def test_a_products_own_person_goes_before_the_default_one(german, center, tiktok) -> None:
    make_person(german.merchant, PersonKind.MANUFACTURER)
    own = make_person(german.merchant, PersonKind.MANUFACTURER, name="Own", is_default=False)
    make_person(german.merchant, PersonKind.RESPONSIBLE_PERSON)
    listing = staged(german, center, "Dog Toys")
    listing.product.manufacturer = own
    listing.product.save()
    products.changed([listing.product_id], by="test")
    publish(listing)
    (sent,) = there(tiktok, listing)["manufacturer_ids"]
    profile = tiktok.state.store.get("manufacturer", sent)["regional_profiles"][0]
    assert profile["name"] == "Own"


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_workers_at_the_same_time_make_a_person_known_once(german, tiktok) -> None:
    make_person(german.merchant, PersonKind.MANUFACTURER)
    product = factories.make_product(german.merchant)
    tiktok.fault("slow", path=f"{PERSONS}/manufacturers", count=1, seconds=0.5)

    def work(_: int) -> str:
        try:
            return channel_persons.id_of(german, product, PersonKind.MANUFACTURER)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        ids = set(pool.map(work, range(4)))
    assert len(ids) == 1
    assert tiktok.calls()[MANUFACTURERS] == 1
