from __future__ import annotations

from django.urls import path

from orders.pages import orders

urlpatterns = [
    path("orders/", orders.order_list, name="orders"),
    path("orders/<int:pk>/", orders.order_page, name="order"),
]
