"""A purchase order of two lines, as a partner drops it."""

from oms.reference.model import Channel

CHANNEL = Channel(
    name="big_retail",
    kind="x12_850",
    currencies=frozenset({"USD"}),
    options={"currency": "USD", "country": "US", "account_id": "ACME"},
)
ROWS = [
    "ISA*00*          *00*          *ZZ*BIGRETAIL      *ZZ*BATON          *261123*0930*U*00401*000000042*0*P*>",
    "GS*PO*BIGRETAIL*BATON*20261123*0930*7*X*004010",
    "ST*850*0001",
    "BEG*00*SA*PO-4711**20261122",
    "CUR*BY*USD",
    "DTM*038*20261130",
    "DTM*002*20261204",
    "TD5*****UPS GROUND",
    "MSG*Deliver to the back door",
    "N1*BY*Big Retail Inc*92*0001",
    "N1*ST*Big Retail Store 17*92*0017",
    "N3*31875 Solon Rd*Dock 4",
    "N4*Solon*OH*44139*US",
    "PER*DC*Ada Lovelace*TE*+1 440 555 0100*EM*store17@example.com",
    "PO1*1*12*EA*9.25*PE*VN*LAMP*BP*065322-117",
    "PO1*2*2*DZ*30.00**VN*MUG",
    "SAC*A*C310***1200",
    "CTT*2*14",
    "AMT*TT*159",
    "SE*18*0001",
    "GE*1*7",
    "IEA*1*000000042",
]
MESSAGE = "".join(row + "~\n" for row in ROWS).encode()
HEADERS: dict[str, str] = {}
sign = None
