"""Invented names: people, clients and matters of the sample office.

Every name is made up. Two are here on purpose: one in Arabic and one of more than sixty letters,
because a list that only ever held "Anna Berg" hides its faults.
"""

PERSON_IN_ARABIC = "أمينة الخطيب"
PERSON_WITH_A_LONG_NAME = "Maximiliane Theodora Freifrau von Hohenfels-Wartenberg zu Altenkirchen"

_GIVEN = (
    "Anna Lukas Mira Jonas Selin Emre Clara Paul Nadia Felix Ingrid Tomasz Yuki Marek Sofia Daniel "
    "Leonie Björn Aylin Viktor Greta Oskar Fatou Henrik Zoë Matteo Ulrike Ivan Chiara Stefan Noor "
    "Wiebke Rafael Hanna Kofi Beate Sven Ruth Adrian Elif Johanna Milan Petra Samuel Lina Georg "
    "Inês Falk"
)

_FAMILY = (
    "Berg Okafor Lindqvist Brandt Öztürk Novak Reuter Santos Hartwig Mbeki Sørensen Vogel Kowalski "
    "Tanaka Eberhardt Rossi Dietz Haddad Kessler Janssen Moreau Albrecht Petrov Winkelmann Demir "
    "O'Leary Stein Fuchs Nakamura Weiß Adeyemi Gruber Castellanos Thiel Böhm Larsen Pohl Marek "
    "Schuster Ferrari Quandt Islam Ziegler Ahrens Costa Unger Holm Krämer"
)

GIVEN = tuple(_GIVEN.split())
FAMILY = tuple(_FAMILY.split())

# Department and how many of the forty sit there: litigation telephones most, and is largest.
DEPARTMENTS = (
    ("Reception", 4),
    ("Litigation", 12),
    ("Real estate", 8),
    ("Tax", 7),
    ("Accounting", 5),
    ("IT and facilities", 4),
)

CLIENTS = (
    ("Brückner Bau GmbH", ("warranty claim", "site lease", "arbitration")),
    ("Hafenlicht Logistik AG", ("customs appeal", "charter dispute")),
    ("Café Morgenrot", ("tenancy", "trade mark")),
    ("Estate of H. Lindner", ("probate",)),
    ("Solvika Energy AS", ("grid contract", "land purchase", "audit")),
    ("Dr. Pallas Labor", ("patent", "employment")),
    ("Grünwald Immobilien KG", ("Lot 7", "Lot 12", "defects")),
    ("Kaya & Söhne", ("succession", "property tax")),
    ("Theaterverein Nordufer", ("subsidy",)),
    ("Vantor Robotics", ("licence", "recall", "share purchase")),
    ("Familie Achternbusch", ("custody",)),
    ("Osterholz Mühlenwerke", ("merger", "payroll tax")),
)
