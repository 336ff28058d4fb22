"""A purchase order of two lines, as a partner drops it."""

from oms.reference.model import Channel

CHANNEL = Channel(
    name="grosshandel",
    kind="edifact_orders",
    currencies=frozenset({"EUR"}),
    options={"currency": "EUR", "account_id": "ACME", "unit.CT": "6"},
)
ROWS = [
    "UNA:+.? ",
    "UNB+UNOC:3+4250159300001:14+4012345000009:14+261123:0930+896++ORDERS",
    "UNH+1+ORDERS:D:96A:UN:EAN008",
    "BGM+220+B-4711+9",
    "DTM+137:20261122:102",
    "DTM+2:202612041200:203",
    "FTX+DEL+++Hintereingang:bitte klingeln",
    "NAD+BY+4250159300001::9++A?+A Kälte GmbH+Teststraße 16a+Teststadt++45881+DE",
    "CTA+PD+:Ada Lovelace",
    "COM+020 994125:TE",
    "COM+einkauf@example.com:EM",
    "NAD+DP+4250159399005::9++A?+A Lager+Hallenstraße 7+Lagerstadt++46149+DE",
    "CUX+2:EUR:9",
    "LIN+1++4012345678901:EN",
    "PIA+5+LAMP:SA",
    "QTY+21:12:PCE",
    "PRI+AAA:9,25",
    "LIN+2++MUG:SA",
    "QTY+21:2:CT",
    "PRI+AAA:30:CA:NTP:1",
    "MOA+124:11.40",
    "UNS+S",
    "MOA+79:171",
    "MOA+86:182.40",
    "CNT+2:2",
    "UNT+24+1",
    "UNZ+1+896",
]
MESSAGE = "".join(row + "'\n" for row in ROWS).encode()
HEADERS: dict[str, str] = {}
sign = None
