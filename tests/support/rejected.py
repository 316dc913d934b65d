"""Records that come before somebody has mended the format that reads them."""

import io

from support.office import NOON, Office
from tollbook.app.intake.import_file import ImportPlace, import_file
from tollbook.formats import Definition, load_definition, read_definition

BROKEN = '"","101","0049","internal"\n'


def without(name: str, text: str, instead: str = "") -> Definition:
    """Return the packaged definition as it was before somebody mended it."""
    whole = load_definition(name).toml_text
    assert text in whole
    return read_definition(whole.replace(text, instead), name)


def blind() -> Definition:
    """Return a definition that cannot read the dates of Master.csv."""
    return without("asterisk-csv", '"%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M:%S.%f", ')


def receive(office: Office, text: str, definition: Definition, *, zone: str = "UTC") -> None:
    folder = office.database.settings
    import_file(
        io.BytesIO(text.encode()),
        name="records",
        pbx=office.pbx,
        definition=definition,
        place=ImportPlace(data_dir=folder.data_dir, raw_dir=folder.raw_dir),
        zone=zone,
        at=NOON,
    )
