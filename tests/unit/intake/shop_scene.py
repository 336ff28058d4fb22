"""What a shop's message is read as, by its specimen's channel and headers."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from oms.intake.channels import etsy, magento, walmart, woocommerce
from oms.intake.notices import Notice, Snapshot
from oms.kernel.errors import RejectedError
from tests.amounts import total_faults
from tests.unit.intake.specimens import etsy as etsy_specimen
from tests.unit.intake.specimens import magento as magento_specimen
from tests.unit.intake.specimens import walmart as walmart_specimen
from tests.unit.intake.specimens import woocommerce as woo_specimen

PLUGINS: dict[str, Any] = {"woocommerce": woocommerce, "walmart": walmart, "etsy": etsy, "magento": magento}
SPECIMENS: dict[str, Any] = {
    "woocommerce": woo_specimen,
    "walmart": walmart_specimen,
    "etsy": etsy_specimen,
    "magento": magento_specimen,
}


def read(kind: str, document: Any, **headers: str) -> Sequence[Notice]:
    specimen = SPECIMENS[kind]
    found: Sequence[Notice] = PLUGINS[kind].PLUGIN.parse(
        specimen.CHANNEL, {**specimen.HEADERS, **headers}, json.dumps(document).encode()
    )
    return found


def snapshot(kind: str, document: Any) -> Snapshot:
    (notice,) = read(kind, document)
    assert isinstance(notice, Snapshot)
    assert total_faults(notice.order) == []
    return notice


def refused(kind: str, document: Any) -> list[str]:
    with pytest.raises(RejectedError) as error:
        read(kind, document)
    return [fault.field for fault in error.value.faults]
