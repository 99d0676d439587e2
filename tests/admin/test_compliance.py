"""Certificates, size charts and persons in the admin: what is taken, refused, and found again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from catalog.models import (
    Certificate,
    CompliancePerson,
    Listing,
    Merchant,
    PersonKind,
    Product,
    Shop,
    SizeChart,
    Video,
)
from catalog.services import compliance, compliance_files, listings
from catalog.states import ListingState
from tests import factories
from tests.admin.conftest import signed_in
from tests.admin.door import do, list_url, page_url
from tests.catalog.test_compliance import PDF, make_person

KIND = {
    "id": "77",
    "name": "Toy safety certificate",
    "required": True,
    "needs_expiry": True,
    "details": "The tested model.",
    "sample_url": "https://samples.example/toy.png",
}


def form_of(page: Any) -> dict[str, Any]:
    """What a browser would send back if a person saved a page as it is."""
    form = BeautifulSoup(page.content, "html.parser").find(
        "form", id=lambda name: name and "_form" in name
    )
    given: dict[str, Any] = {}
    for field in form.find_all(["input", "textarea", "select"]):
        name, kind = field.get("name"), field.get("type")
        if not name or "__prefix__" in name or kind in ("file", "submit", "button"):
            continue
        if kind in ("checkbox", "radio") and not field.has_attr("checked"):
            continue
        if field.name == "select":
            chosen = [one["value"] for one in field.find_all("option", selected=True)]
            if chosen:
                given[name] = chosen if field.has_attr("multiple") else chosen[0]
        else:
            given[name] = field.text if field.name == "textarea" else field.get("value", "")
    return given


def save(client: Client, row: Any, **changes: Any) -> Any:
    """Open a row's page, change some of its fields, and press Save."""
    return client.post(page_url(row), {**form_of(client.get(page_url(row))), **changes})


def errors(page: Any) -> str:
    found = BeautifulSoup(page.content, "html.parser").select(".errorlist, .text-red-600")
    return " ".join(one.get_text(" ", strip=True) for one in found)


def upload(name: str, content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


@pytest.fixture
def toy(shop: Shop, center: Any) -> Listing:
    """A toy in a category that asks for a certificate and a size chart."""
    rules = {"certifications": [KIND], "size_chart_required": True}
    category = factories.make_category(shop, rules=rules)
    product = factories.make_product(shop.merchant)
    factories.put_stock(product, center, 3)
    listings.stage([product.pk], shop, by="test")
    listing = Listing.objects.get(product=product)
    listings.categorize([listing.pk], category, by="test")
    listing.refresh_from_db()
    assert [gap["field"] for gap in listing.missing] == ["certificate", "size_chart"]
    return listing


def certificate(**changes: Any) -> dict[str, Any]:
    """The fields of one new certificate on a product's page."""
    given = {"external_id": "77", "name": "", "expires_on": "2031-01-31", **changes}
    rows = {f"certificates-0-{name}": value for name, value in given.items()}
    return {"certificates-TOTAL_FORMS": "1", **rows}


def test_documents_uploaded_on_the_products_page_make_its_listing_ready(
    admin: Client, toy: Listing
) -> None:
    page = admin.get(page_url(toy.product)).content.decode()
    assert "Toy safety certificate: The tested model." in page
    assert 'href="https://samples.example/toy.png"' in page
    answer = save(
        admin,
        toy.product,
        **certificate(file=upload("scan.png", PDF)),
        **{
            "size_chart-TOTAL_FORMS": "1",
            "size_chart-0-file": upload("chart.jpg", factories.picture_bytes(1200, 1200)),
        },
    )
    assert answer.status_code == 302, errors(answer)
    row, chart = Certificate.objects.get(), SizeChart.objects.get()
    assert (row.name, row.format, row.size) == ("Toy safety certificate", "PDF", len(PDF))
    assert (chart.width, chart.format) == (1200, "JPEG")
    toy.refresh_from_db()
    assert (toy.state, toy.missing) == (ListingState.READY, [])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"file": upload("report.pdf", b"no pdf")}, "not a picture of a known format"),
        (
            {"file": upload("report.pdf", PDF), "expires_on": ""},
            "The channel asks on which day “Toy safety certificate” expires.",
        ),
        (
            {"file": upload("report.pdf", PDF), "external_id": "78"},
            "78 is not one of the available choices",
        ),
    ],
)
def test_a_certificate_that_would_not_do_is_refused_at_its_field(
    admin: Client, toy: Listing, changes: dict[str, Any], words: str
) -> None:
    answer = save(admin, toy.product, **certificate(**changes))
    assert answer.status_code == 200
    assert words in errors(answer)
    assert not Certificate.objects.exists()


def test_a_size_chart_that_is_too_small_is_refused_with_its_measures(
    admin: Client, toy: Listing
) -> None:
    small = upload("chart.png", factories.picture_bytes(800, 1500, kind="PNG"))
    answer = save(admin, toy.product, **{"size_chart-TOTAL_FORMS": "1", "size_chart-0-file": small})
    assert "found 800 × 1500 pixels, allowed 1024 × 1024" in errors(answer)
    assert not SizeChart.objects.exists()


# -- what must be renewed --------------------------------------------------------------------


def held(product: Product, days: int) -> Certificate:
    row = Certificate(
        product=product,
        external_id="77",
        name=f"Report {days}",
        expires_on=compliance.today() + timedelta(days=days),
    )
    compliance_files.store_certificate(row, PDF)
    row.save()
    return row


def test_what_must_be_renewed_is_counted_first_and_listed_by_urgency(
    admin: Client, merchant: Merchant
) -> None:
    product = factories.make_product(merchant)
    for days in (40, 31, 30, 1, 0, -400):
        held(product, days)
    first = BeautifulSoup(admin.get(reverse("admin:index")).content, "html.parser")
    link = first.find("a", string=None, href=list_url(Certificate, "?tab=renew"))
    assert link.get_text(" ", strip=True) == "4 Certificates to renew"
    page = admin.get(link["href"])
    names = [row.name for row in page.context["cl"].result_list]
    assert names == ["Report -400", "Report 0", "Report 1", "Report 30"]
    counts = {tab.label: tab.count for tab in page.context["cl"].tab_links()}
    assert counts == {"To renew": "4", "Expired": "2", "Expire soon": "2", "All": "6"}


def test_the_list_of_certificates_costs_the_same_for_many_rows(
    admin: Client, merchant: Merchant, django_assert_max_num_queries: Any
) -> None:
    for _ in range(12):
        held(factories.make_product(merchant), 3)
    with django_assert_max_num_queries(16):
        assert len(admin.get(list_url(Certificate)).context["cl"].result_list) == 12


def test_a_renewed_document_makes_the_listing_complete_again(admin: Client, toy: Listing) -> None:
    old = held(toy.product, -1)
    listings.refresh_readiness([toy.pk])
    renewed = {"file": upload("new.pdf", PDF + b"new"), "expires_on": "2031-01-31"}
    answer = save(admin, old, **renewed)
    assert answer.status_code == 302, errors(answer)
    toy.refresh_from_db()
    assert [gap["field"] for gap in toy.missing] == ["size_chart"]


# -- persons ---------------------------------------------------------------------------------

GOOD = {
    "name": "Vera Vogt",
    "email": "vera@vogt.example",
    "phone_country_code": "+49",
    "phone_number": "(030) 12 34-56",
    "street": "Seilerweg 4",
    "street2": "",
    "city": "Berlin",
    "province": "",
    "postal_code": "10115",
    "country": "de",
}


def add_person(client: Client, merchant: Merchant, **changes: Any) -> Any:
    kind = PersonKind.RESPONSIBLE_PERSON
    given = {"merchant": merchant.pk, "kind": kind, **GOOD, **changes}
    return client.post(reverse("admin:catalog_complianceperson_add"), given)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"country": "US"}, "A responsible person must be in the European Union; US is not."),
        ({"country": "Germany"}, "at most 2 characters"),
        ({"phone_country_code": "+1"}, "must have a telephone in the European Union; +1 is not"),
        ({"phone_country_code": "49"}, "“49” is no country code. It begins with +"),
        ({"phone_number": "call me"}, "Write 4 to 15 digits"),
        ({"email": "vera"}, "Enter a valid email address"),
        ({"street": "x"}, "Give the street and house number"),
        ({"postal_code": " "}, "required"),
    ],
)
def test_each_field_of_a_person_says_what_is_wrong_with_it(
    admin: Client, merchant: Merchant, changes: dict[str, str], words: str
) -> None:
    answer = add_person(admin, merchant, **changes)
    assert answer.status_code == 200
    (field,) = changes
    form = answer.context["adminform"].form
    assert list(form.errors) == [field]
    assert words in form.errors[field][0]
    assert not CompliancePerson.objects.exists()


def test_a_manufacturer_may_be_anywhere_and_numbers_are_tidied(
    admin: Client, merchant: Merchant
) -> None:
    far = {"kind": PersonKind.MANUFACTURER, "country": "vn", "phone_country_code": "+84"}
    assert add_person(admin, merchant, **far).status_code == 302
    person = CompliancePerson.objects.get()
    assert (person.phone_number, person.country, person.is_default) == ("030123456", "VN", False)


def test_a_new_default_steps_in_for_the_old_one_and_listings_are_checked(
    admin: Client, shop: Shop, center: Any
) -> None:
    category = factories.make_category(shop, rules={"manufacturer_required": True})
    product = factories.make_product(shop.merchant)
    factories.put_stock(product, center, 3)
    listings.stage([product.pk], shop, by="test")
    listing = Listing.objects.get()
    listings.categorize([listing.pk], category, by="test")
    old = make_person(shop.merchant, PersonKind.MANUFACTURER, is_default=False)
    listing.refresh_from_db()
    assert listing.state == ListingState.INCOMPLETE

    assert save(admin, old, stands_for_all="on").status_code == 302
    listing.refresh_from_db()
    first = listing.content_hash
    assert listing.state == ListingState.READY
    new = {"kind": PersonKind.MANUFACTURER, "stands_for_all": "on"}
    assert add_person(admin, shop.merchant, **new).status_code == 302
    listing.refresh_from_db()
    assert listing.content_hash != first
    defaults = CompliancePerson.objects.filter(is_default=True)
    assert [person.name for person in defaults] == ["Vera Vogt"]


def test_a_product_is_offered_its_own_merchants_persons_only(
    admin: Client, merchant: Merchant
) -> None:
    own = make_person(merchant, PersonKind.MANUFACTURER, name="Ours")
    make_person(factories.make_merchant(), PersonKind.MANUFACTURER, name="Theirs")
    make_person(merchant, PersonKind.RESPONSIBLE_PERSON, name="Other kind")
    form = admin.get(page_url(factories.make_product(merchant))).context["adminform"].form
    assert [row.pk for row in form.fields["manufacturer"].queryset] == [own.pk]


def test_a_viewer_sees_persons_and_cannot_change_them(viewer: Client, merchant: Merchant) -> None:
    person = make_person(merchant, PersonKind.MANUFACTURER)
    assert viewer.get(list_url(CompliancePerson)).status_code == 200
    assert viewer.get(page_url(person)).status_code == 200
    assert viewer.post(page_url(person), {**GOOD, "name": "Changed"}).status_code == 403


def test_telling_channels_again_forgets_what_they_know(admin: Client, shop: Shop) -> None:
    person = make_person(shop.merchant, PersonKind.MANUFACTURER)
    person.on_channels.create(shop=shop, external_id="abc", sent_hash="x")
    assert do(admin, "tell_again", [person]) == ["To be told again at the next publish 1."]
    assert not person.on_channels.exists()


def test_the_merchants_page_shows_video_documents_and_persons(merchant: Merchant) -> None:
    maker = make_person(merchant, PersonKind.MANUFACTURER)
    product = factories.make_product(merchant, manufacturer=maker)
    Video.objects.create(product=product, url="https://video.example/9.mp4", external_id="v9")
    held(product, -1)
    held(product, 10)
    chart = SizeChart(product=product)
    compliance_files.store_size_chart(chart, factories.picture_bytes(1100, 1200))
    chart.save()
    page = signed_in(factories.make_member(merchant)).get(reverse("product", args=[product.pk]))
    text = BeautifulSoup(page.content, "html.parser").get_text(" ", strip=True)
    for words in (
        "Video: https://video.example/9.mp4",
        f"Report -1 Expired on {compliance.today() - timedelta(days=1)}",
        f"Report 10 Expires on {compliance.today() + timedelta(days=10)}",
        "Size chart: 1,100 × 1,200 pixels",
        "Manufacturer Rope Works GmbH",
    ):
        assert words in text
