from __future__ import annotations

from django.urls import path

from catalog.pages import listings, mapping, media, prices, products

urlpatterns = [
    path("media/<path:path>", media.media, name="media"),
    path("products/", products.product_list, name="products"),
    path("products/<int:pk>/", products.product_page, name="product"),
    path("listings/", listings.listing_list, name="listings"),
    path("listings/<int:pk>/", listings.listing_page, name="listing"),
    path("offers/<int:pk>/prices/", prices.set_prices, name="set_prices"),
    path("price-changes/<int:pk>/roll-back/", prices.roll_back, name="roll_back_price"),
    path("shops/<int:pk>/mapping/", mapping.mapping_page, name="mapping"),
    path("shops/<int:pk>/mapping/add/", mapping.add_mapping, name="add_mapping"),
    path(
        "shops/<int:pk>/warehouses/refresh/", mapping.refresh_warehouses, name="refresh_warehouses"
    ),
]
