"""Step of fulfill_order: labels for all parcels of one fulfillment order. Undo: task_void_parcels."""

from oms.entry.task import task
from oms.shipping.booking import Booked, BookTask, book_parcels
from oms.wiring import wire


@task(BookTask)
def handler(document: BookTask) -> Booked:
    return book_parcels(document, wire().shipping_desk(), wire().clock())
