"""The normalised tracking statuses (domain 1.2) and what the codes of carrier feeds mean in them: data, no logic.

`table_rate` carriers speak our words. The other maps hold the public codes of the common feeds; a code that no map
knows becomes `unknown` and is kept, so that a new code is seen and never stops a parcel.
"""

from collections.abc import Mapping

# Where on its way a parcel is; of two scans of the same instant the further one counts.
RANK: Mapping[str, int] = {
    "unknown": 0,
    "pre_transit": 1,
    "picked_up": 2,
    "in_transit": 3,
    "on_hold": 4,
    "delivery_delayed": 5,
    "out_for_delivery": 6,
    "delivery_failed": 7,
    "ready_for_pickup": 8,
    "lost": 9,
    "destroyed": 10,
    "return_to_sender": 11,
    "delivered": 12,
}

# The ends, strongest first: a parcel that was reported lost and then delivered is delivered. A feed that also reports
# the delivery back to the sender has to say `return_to_sender` for it.
TERMINAL: tuple[str, ...] = ("delivered", "return_to_sender", "destroyed", "lost")

INCIDENT_PARTIES = ("carrier", "retailer", "consignee", "customs", "weather")

INCIDENTS: Mapping[str, str] = {
    "address_not_found": "consignee_address_not_found",
    "bad_address": "consignee_bad_address",
    "damaged": "carrier_damaged",
    "missorted": "carrier_missorted",
    "no_access": "consignee_no_access",
    "not_home": "consignee_not_home",
    "refused": "consignee_refused",
    "storm": "weather_storm",
    "vehicle_breakdown": "carrier_vehicle_breakdown",
}

# Words and codes that mean the same wherever they are used (EasyPost, AfterShip, ShipEngine, DHL Unified).
COMMON: Mapping[str, str] = {
    **{status: status for status in RANK},
    "accepted": "picked_up",
    "label_created": "pre_transit",
    "inforeceived": "pre_transit",
    "pending": "pre_transit",
    "pre-transit": "pre_transit",
    "ny": "pre_transit",
    "ac": "picked_up",
    "transit": "in_transit",
    "intransit": "in_transit",
    "it": "in_transit",
    "outfordelivery": "out_for_delivery",
    "attemptfail": "delivery_failed",
    "at": "delivery_failed",
    "failure": "delivery_failed",
    "available_for_pickup": "ready_for_pickup",
    "availableforpickup": "ready_for_pickup",
    "sp": "ready_for_pickup",
    "exception": "on_hold",
    "ex": "on_hold",
    "de": "delivered",
    "returned": "return_to_sender",
}

BY_CARRIER: Mapping[str, Mapping[str, str]] = {
    "ups": {  # UPS Track API, status type
        "m": "pre_transit",
        "mv": "unknown",
        "p": "picked_up",
        "i": "in_transit",
        "o": "out_for_delivery",
        "x": "on_hold",
        "rs": "return_to_sender",
        "d": "delivered",
    },
    "fedex": {  # FedEx Track API, derived status code
        "oc": "pre_transit",
        "pu": "picked_up",
        "it": "in_transit",
        "ar": "in_transit",
        "dp": "in_transit",
        "od": "out_for_delivery",
        "dy": "delivery_delayed",
        "de": "delivery_failed",
        "hl": "ready_for_pickup",
        "rs": "return_to_sender",
        "dl": "delivered",
    },
    "usps": {  # USPS Publication 199, event codes
        "gx": "pre_transit",
        "ma": "pre_transit",
        "03": "picked_up",
        "10": "in_transit",
        "07": "in_transit",
        "of": "out_for_delivery",
        "02": "delivery_failed",
        "14": "ready_for_pickup",
        "09": "return_to_sender",
        "01": "delivered",
    },
}
