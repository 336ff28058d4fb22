"""Undo of task_write_packing_lists in fulfill_order."""

from oms.entry.task import task
from oms.fulfillment.paperwork import Documented, PaperTask, discard_packing_lists
from oms.wiring import wire


@task(PaperTask)
def handler(document: PaperTask) -> Documented:
    return discard_packing_lists(document, documents=wire().documents)
