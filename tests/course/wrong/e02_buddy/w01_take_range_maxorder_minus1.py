"""Never takes a block of the largest order."""

LOSES = ("take",)

CHANGES = {"rmqueue_smallest": [("range(order, MAX_ORDER)", "range(order, MAX_ORDER - 1)")]}
