from __future__ import annotations

from django.urls import path

from orders.pages import answers, order, orders, requests, shipping

urlpatterns = [
    path("orders/", orders.order_list, name="orders"),
    path("orders/<int:pk>/", order.order_page, name="order"),
    path("orders/<int:pk>/ship/", shipping.ship_order, name="ship_order"),
    path("orders/requests/", requests.request_list, name="requests"),
    path(
        "orders/cancellations/<int:pk>/<slug:verdict>/",
        answers.answer_cancellation,
        name="answer_cancellation",
    ),
    path("orders/returns/<int:pk>/receive/", answers.receive_return, name="receive_return"),
    path("orders/returns/<int:pk>/<slug:verdict>/", answers.answer_return, name="answer_return"),
    path("orders/shipments/<int:pk>/correct/", shipping.correct_shipment, name="correct_shipment"),
]
