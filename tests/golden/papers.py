"""Tariffs, plans, decks, sheets and calls to price: what people write by hand for Tollbook."""

import json
from typing import Final

TARIFF: Final = """\
name = "Ostwind"
currency = "EUR"
zone = "Europe/Berlin"
bands_apply = "split"
rounding = { rule = "half_up", decimals = 4 }

[holidays]
country = "DE"
subdivision = "BE"
dates = ["2026-09-18"]

[[band]]
name = "peak"
days = [1, 2, 3, 4, 5]
from = "08:00:00"
to = "19:00:00"
weight = 10
holidays = false

[[band]]
name = "night"
from = "22:00:00"
to = "06:00:00"
weight = 5

[[rate]]
prefix = "49"
destination = "Germany"
call_type = "national"
band = "peak"
slots = [{ from_s = 0, price = "0.03", per_s = 60, increment_s = 60 }]

[[rate]]
prefix = "49"
destination = "Germany"
call_type = "national"
slots = [{ from_s = 0, price = "0.015", per_s = 60, increment_s = 1 }]

[[rate]]
prefix = "4917"
destination = "Germany mobile"
call_type = "mobile"
slots = [
  { from_s = 0, price = "0.12", per_s = 60, increment_s = 30 },
  { from_s = 30, price = "0.12", per_s = 60, increment_s = 6 },
]

[[rate]]
prefix = "44"
destination = "United Kingdom"
call_type = "international"
connect_fee = "0.05"
minimum_s = 30
maximum_charge = "2"
slots = [{ from_s = 0, price = "0.08", per_s = 60, increment_s = 1 }]

[[rate]]
prefix = "44"
destination = "United Kingdom, sales"
call_type = "international"
callers = ["121"]
slots = [{ from_s = 0, price = "0.02", per_s = 60, increment_s = 1 }]

[[rate]]
prefix = "33"
destination = "France"
call_type = "international"
initial_cost = "0.1"
initial_s = 60
unit_price = "0.02"
unit_s = 55

[[rate]]
prefix = "1"
destination = "North America"
call_type = "international"
pulse = { price = "0.05", every_s = 12 }

[[rate]]
prefix = "49800"
destination = "Freephone"
call_type = "freephone"
slots = [{ from_s = 0, price = "0", per_s = 60, increment_s = 60 }]

[[rate]]
prefix = "4419"
destination = "not any more"
effective_to = "2026-06-01T00:00:00+02:00"
slots = [{ from_s = 0, price = "9", per_s = 60, increment_s = 60 }]
"""

# A second version: dearer nights, and a minimum.
TARIFF_AGAIN: Final = TARIFF.replace('price = "0.015"', 'price = "0.0175"').replace(
    "minimum_s = 30", 'minimum_s = 45\nminimum_charge = "0.11"'
)

COST_TARIFF: Final = """\
name = "Ostwind, wholesale"
currency = "EUR"
zone = "Europe/Berlin"
rounding = { rule = "up", decimals = 5 }

[[rate]]
prefix = ""
destination = "anywhere"
call_type = "international"
slots = [{ from_s = 0, price = "0.061", per_s = 60, increment_s = 1 }]

[[rate]]
prefix = "49"
destination = "Germany"
call_type = "national"
slots = [{ from_s = 0, price = "0.0101", per_s = 60, increment_s = 1 }]
"""

DOLLAR_TARIFF: Final = """\
{"name": "Dollar line", "currency": "USD", "zone": "UTC",
 "rounding": {"rule": "half_even", "decimals": 2},
 "rate": [
  {"prefix": "", "destination": "World", "call_type": "international", "free_s": 5,
   "slots": [{"from_s": 0, "price": "0.25", "per_s": 60, "increment_s": 30}]},
  {"prefix": "49", "destination": "Germany", "call_type": "national",
   "slots": [{"from_s": 0, "price": "0.05", "per_s": 60, "increment_s": 1}]}]}
"""

BAD_TARIFF: Final = """\
name = ""
currency = "Euro"
zone = "Europe/Atlantis"
colour = "blue"

[[rate]]
prefix = "4x"
slots = [{ from_s = 5, price = 0.1, per_s = 0, increment_s = 0 }]

[[rate]]
prefix = "49"
band = "never"
slots = [{ from_s = 0, price = "0.1", per_s = 60, increment_s = 60 }]
"""

PLAN: Final = """\
zone = "Europe/Berlin"
currency = "EUR"

[[service_charge]]
name = "house"
flat = "0.05"
percent = "10"
call_types = ["international"]

[[volume_discount]]
name = "national volume"
basis = "amount"
whole = false
every = "month"
call_types = ["national", "mobile"]
tiers = [{ from = "0", percent = "0" }, { from = "0.40", percent = "5" }]

[[volume_discount]]
name = "talkers"
basis = "seconds"
whole = true
every = "week"
tiers = [{ from = "0", percent = "0" }, { from = "300", percent = "12.5" }]

[[discount_package]]
name = "one telephone"
percent = "7.5"
callers = ["122"]

[[bundle]]
name = "15 minutes"
seconds = 900
position = 1
shared = true
every = "month"
call_types = ["mobile"]

[[bundle]]
name = "own minutes"
seconds = 120
position = 2
shared = false
every = "day"
to = "2026-12-01T00:00:00Z"
call_types = ["national"]

[[tax]]
name = "VAT"
percent = "19"
inclusive = false
"""

PLAN_FOR_FILES: Final = (
    PLAN
    + """
[[assignment]]
tariff = "dollar.json"
trunks = ["gsm-1"]

[[exchange_rate]]
source = "USD"
target = "EUR"
rate = "0.92"
on = "2026-08-01"

[[exchange_rate]]
source = "USD"
target = "EUR"
rate = "0.90"
on = "2026-10-01"
"""
)

BAD_PLAN: Final = """\
zone = "Nowhere"
currency = "eur"
[[tax]]
percent = "nineteen"
[[bundle]]
name = "no seconds"
"""

ECB: Final = """\
<?xml version="1.0" encoding="UTF-8"?>
<gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01"
 xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref">
<gesmes:subject>Reference rates</gesmes:subject> <gesmes:Sender><gesmes:name>European Central
Bank</gesmes:name></gesmes:Sender> <Cube> <Cube time="2026-08-03"><Cube currency="USD"
rate="1.0934"/><Cube currency="GBP" rate="0.8510"/></Cube> <Cube time="2026-10-01"><Cube
currency="USD" rate="1.1012"/><Cube currency="GBP" rate="0.8602"/></Cube> </Cube> </gesmes:Envelope>
"""

DECK: Final = """\
Rates of Sued-Netz;;;;;
Dial code;Country;Rate/min;Billing increment;Connection fee;Effective date
49;Germany;0,0210;60/1;0;01.09.2026
4915;Germany mobile;0,0890;30/6;0;01.09.2026
33;France;0,0310;1/1;0,01;01.09.2026
"34";Spain;0,0330;1/1;0;01.09.2026
1;USA, Canada;0,0150;6/6;0;01.09.2026
"""

DECK_AGAIN: Final = (
    DECK.replace("0,0210", "0,0260")
    .replace("0,0330", "0,0290")
    .replace("1;USA", "7;Russia;0,1500;60/60;0;01.09.2026\n1;USA")
)

BAD_DECK: Final = """\
Prefix;Price
49;a lot
;0,1
33;-1
49;0,2
"""

CODE_SHEET: Final = """\
Account,Description,Owner,Restrict,Min,Max,Prefix,Allowed,Active,Fee,Unit,Number 1
8801,Estate of H. Lindner,Elif Hartwig,yes,4,32,"0900, 0190",,yes,120.00,360,0301234567 desk
8802,Free matter,Elif Hartwig,no,,,,,yes,,,
"""

BAD_CODE_SHEET: Final = """\
Account,Description,Owner,Restrict
88x1,Not digits,Nobody Known,perhaps
"""

EXTENSION_SHEET: Final = """\
number,name,department,email
330,Ada Frost,Depot,ada@example.org
331,Ben Gale,Depot,
121,,,falk@example.org
"""

PIN_SHEET: Final = """\
extension,pin
122,407193
123,958206
"""

DIAL_PLAN: Final = {
    "country": "DE",
    "area_code": "30",
    "national_prefix": "0",
    "international_prefix": "00",
    "outside_prefixes": "0",
    "secret_prefixes": "67",
    "carrier_prefixes": "010xx",
    "extension_ranges": "121-146\n201-214\n300-399",
    "own_numbers": "493023125",
    "short_codes": "701 = +49301234",
    "feature_codes": "*\n#",
    "emergency": "144",
}

_CALLS = (
    ("a1", "2026-11-02T10:00:00+01:00", "493012345", 61, {}),
    ("a2", "2026-11-02T20:00:00+01:00", "493012345", 61, {}),
    ("a3", "2026-09-18T10:00:00+02:00", "493012345", 60, {}),
    ("a4", "2026-11-02T18:59:30+01:00", "493012345", 600, {}),
    ("a5", "2026-11-02T10:00:00+01:00", "49171234567", 32, {"trunk": "gsm-1"}),
    ("a6", "2026-11-02T10:01:00+01:00", "49171234567", 1200, {"caller": "122"}),
    ("a7", "2026-11-02T10:00:00+01:00", "442079460123", 5, {"caller": "122"}),
    ("a8", "2026-11-02T10:00:00+01:00", "442079460123", 7200, {"caller": "122"}),
    ("a9", "2026-11-02T10:00:00+01:00", "442079460123", 90, {"caller": "121"}),
    ("b1", "2026-11-02T10:00:00+01:00", "33145678901", 116, {}),
    ("b2", "2026-11-02T10:00:00+01:00", "12025550123", 121, {}),
    ("b3", "2026-11-02T10:00:00+01:00", "498001234567", 600, {}),
    ("b4", "2026-11-02T10:00:00+01:00", "81312345678", 60, {}),
    ("b5", "2026-10-25T02:30:00+02:00", "493012345", 5400, {"account_code": "8801"}),
    ("b6", "2026-11-02T10:00:00+01:00", "493012345", 0, {}),
    ("b7", "2026-11-03T09:00:00+01:00", "493099", "12.5", {"source_ip": "192.0.2.1"}),
    (
        "b8",
        "2026-11-03T09:00:00+01:00",
        "493099",
        90,
        {"legs": [{"party": "121", "talk_s": 30}, {"party": "122", "talk_s": 60}]},
    ),
)
_QUESTIONS = (
    {"id": "q1", "start": "2026-11-02T10:00:00+01:00", "dialled": "493012345", "credit": "1.00"},
    {
        "id": "q2",
        "start": "2026-11-02T10:00:00+01:00",
        "dialled": "442079460123",
        "credit": "0.50",
        "at_most_s": 120,
    },
    {"id": "q3", "start": "2026-11-02T10:00:00+01:00", "dialled": "81312345", "credit": "5"},
)
_BROKEN = (
    '{"id": "x1"}',
    "no JSON",
    '{"id": "x2", "start": "soon", "dialled": "49", "talk_s": 1}',
    '{"id": "x3", "start": "2026-11-02T10:00:00+01:00", "dialled": "49", "talk_s": 1, "odd": 1}',
)


def calls_to_price() -> str:
    """Return JSON Lines for `tollbook rate`: calls, questions how long, and broken lines."""
    calls = [
        {"id": name, "start": start, "dialled": dialled, "talk_s": talk_s, **more}
        for name, start, dialled, talk_s, more in _CALLS
    ]
    lines = [json.dumps(one) for one in (*calls, *_QUESTIONS)]
    return "\n".join([*lines, *_BROKEN]) + "\n"


def json_tariff() -> str:
    """Return a tariff with other forms of price, as JSON."""
    slots = [{"from_s": 0, "price": "0.1", "per_s": 60, "increment_s": 1}]
    blocks = [
        {"count": 2, "block_s": 60, "price": "0.40"},
        {"block_s": 60, "price": "0.2273"},
    ]
    window = {"from": "08:00:00", "to": "17:59:59"}
    units = {"initial_cost": "0.1", "initial_s": 60, "unit_price": "0.02", "unit_s": 55}
    rates = [
        {"prefix": "", "slots": slots, "remark": "the rest"},
        {"prefix": "49", "number_length": 9, "slots": slots, "minimum_charge": "0.5"},
        {"prefix": "33", "blocks": blocks},
        {"prefix": "1", **units, "window": window},
        {"prefix": "44", "active": False, "slots": slots},
    ]
    return json.dumps({"name": "Again", "currency": "EUR", "zone": "UTC", "rate": rates})
