from __future__ import annotations

import pytest
from django.core.files.base import ContentFile
from django.test import Client

from catalog.models import Certificate, Role, SizeChart
from catalog.services import image_fixer
from catalog.services.image_editing import Wish
from tests import factories

pytestmark = pytest.mark.django_db


def status(user: object, address: str) -> int:
    client = Client()
    if user is not None:
        client.force_login(user)
    response = client.get(address)
    let_go(response)
    return response.status_code


def let_go(response: object) -> None:
    """Close the file that is sent, and not the database connection with it."""
    for close in response._resource_closers:
        close()


def test_a_picture_is_shown_to_those_who_may_see_its_product_and_to_nobody_else() -> None:
    ours, theirs = factories.make_merchant(), factories.make_merchant()
    image = factories.add_image(factories.make_product(ours, with_image=False))
    address = f"/media/{image.file.name}"
    assert status(factories.make_member(ours, Role.VIEWER), address) == 200
    assert status(factories.make_member(theirs), address) == 404
    assert status(factories.make_user(is_staff=True, is_superuser=True), address) == 200
    assert status(factories.make_user(is_staff=True), address) == 404
    assert status(None, address) == 302


@pytest.mark.parametrize("path", ["../db.sqlite3", "products/none.jpg", ""])
def test_a_path_that_is_no_picture_of_a_product_is_not_served(path: str) -> None:
    user = factories.make_user(is_staff=True, is_superuser=True)
    assert status(user, f"/media/{path}") == 404


def test_a_file_cannot_act_as_a_page_of_ours() -> None:
    merchant = factories.make_merchant()
    image = factories.add_image(factories.make_product(merchant, with_image=False))
    client = Client()
    client.force_login(factories.make_member(merchant))
    response = client.get(f"/media/{image.file.name}")
    let_go(response)
    assert "sandbox" in response["Content-Security-Policy"]
    assert response["X-Content-Type-Options"] == "nosniff"


def test_originals_size_charts_and_certificates_are_shown_to_the_same_people() -> None:
    merchant = factories.make_merchant()
    ours, theirs = factories.make_member(merchant), factories.make_user()
    product = factories.make_product(merchant, with_image=False)
    image = factories.add_image(product, 1600, 900)
    image_fixer.fix([image.pk], Wish(), by="test")
    image.refresh_from_db()
    chart = SizeChart.objects.create(product=product, file=ContentFile(b"chart", "chart.png"))
    paper = Certificate.objects.create(product=product, file=ContentFile(b"%PDF", "paper.pdf"))
    for name in (image.original.name, chart.file.name, paper.file.name):
        assert (status(ours, f"/media/{name}"), status(theirs, f"/media/{name}")) == (200, 404)
