"""Step of fulfill_order: a packing list for each parcel. Undo: task_discard_packing_lists."""

from oms.entry.task import task
from oms.fulfillment.paperwork import Documented, PaperTask, write_packing_lists
from oms.wiring import wire


@task(PaperTask)
def handler(document: PaperTask) -> Documented:
    return write_packing_lists(
        document,
        orders=wire().orders,
        reference=wire().reference,
        people=wire().people,
        documents=wire().documents,
        picking=wire().pick_desk,
    )
