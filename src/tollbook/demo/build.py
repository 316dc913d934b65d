"""Make the sample office in an installation: directory, tariffs, sources, three months of calls.

Calls go the way that real ones go: written as a switch writes them, then imported. Every step may
be repeated, so an office that was broken off is completed by the next start.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

from tollbook.app.access.actor import Actor
from tollbook.app.directory.pbxs import PbxRefused, UnknownPbx, add_pbx, find_pbx
from tollbook.app.intake.import_file import ImportPlace, ImportRefused, import_file
from tollbook.app.intake.sources import SourceRefused, add_source, source_states
from tollbook.app.pricing.load_pbx_rules import set_dial_plan
from tollbook.app.tariffs.assign import Scope, assign_tariff, list_assignments
from tollbook.app.tariffs.publish import Published, publish_tariff
from tollbook.demo.diary import past_calls
from tollbook.demo.folder import DemoError, DemoManifest
from tollbook.demo.money import open_accounts
from tollbook.demo.office import (
    ASTERISK,
    CARRIER_TARIFF,
    COUNTRY,
    OUTSIDE_LINE,
    THREECX,
    Office,
    make_office,
)
from tollbook.demo.records import asterisk_file, threecx_file
from tollbook.demo.tariffs import tariff_documents
from tollbook.formats import load_definition
from tollbook.storage.db.installation import door
from tollbook.storage.models import AccountCode, Department, Extension, Owner, Trunk
from tollbook.wiring.start import Installation

ACTOR = "demo"
DIAL_PLAN = {
    "country": COUNTRY,
    "area_code": "30",
    "outside_prefixes": [OUTSIDE_LINE],
    "extension_ranges": ["121-146", "201-214"],
}
BRANDS = {ASTERISK: "Asterisk", THREECX: "3CX"}
FORMATS = {ASTERISK: "asterisk-csv", THREECX: "3cx"}


def build(installation: Installation, plan: DemoManifest, *, say: Callable[[str], None]) -> None:
    """Make the office of *plan*; *say* is told each step."""
    office = make_office(plan.seed)
    say("directory: 40 extensions, 6 departments, 25 account codes, 3 trunks")
    _add_switches(at=plan.ends)
    _fill_directory(office)
    say("tariffs: a carrier's and a SIP provider's")
    _publish_tariffs(office, at=plan.ends)
    say("money: prepaid and postpaid extensions with their recharges")
    open_accounts(office, ends=plan.ends)
    say(f"calls: {plan.calls:,} of the last three months, as two switches wrote them")
    folder = installation.settings.data_dir
    for pbx, file in _write_records(folder / "pbx", office, plan):
        _import(installation, pbx, file, at=plan.ends)
    say(f"sources: port {plan.port} for the 3CX, a growing file for the Asterisk")
    _add_sources(folder, plan)


def _add_switches(*, at: datetime) -> None:
    for name, brand in BRANDS.items():
        try:
            site_id = find_pbx(name).site_id
        except UnknownPbx:
            added = add_pbx(name=name, brand=brand, at=at, actor=ACTOR)
            if isinstance(added, PbxRefused):
                raise DemoError(added.message) from None
            site_id = added.site_id
    faults = set_dial_plan(site_id=site_id, document=DIAL_PLAN, by=Actor(ACTOR, at))
    if faults:
        raise DemoError(f"the sample's dial plan: {faults[0].place}: {faults[0].message}")


def _fill_directory(office: Office) -> None:
    site_id = find_pbx(ASTERISK).site_id
    with door().transaction():
        for person in office.people:
            department, _ = Department.objects.get_or_create(
                site_id=site_id, name=person.department
            )
            Extension.objects.update_or_create(
                site_id=site_id,
                number=person.extension,
                defaults={"name": person.name, "department": department},
            )
        for code in office.account_codes:
            owner, _ = Owner.objects.get_or_create(
                name=code.owner.name, defaults={"email": code.owner.email}
            )
            AccountCode.objects.get_or_create(
                code=code.code, defaults={"description": code.description, "owner": owner}
            )
        for trunk in office.trunks:
            Trunk.objects.update_or_create(
                pbx_id=find_pbx(trunk.pbx).pbx_id, name=trunk.name, defaults={"label": trunk.label}
            )


def _publish_tariffs(office: Office, *, at: datetime) -> None:
    tariff_ids = {}
    for name, document in tariff_documents().items():
        published = publish_tariff(document, by=Actor(ACTOR, at), default=name == CARRIER_TARIFF)
        if not isinstance(published, Published):
            raise DemoError(f"the sample's tariff {name}: {published.faults[0].message}")
        tariff_ids[name] = published.tariff_id
    assigned = {line.trunk for line in list_assignments()}
    for trunk in office.trunks:
        if trunk.name not in assigned:
            row = Trunk.objects.get(pbx__name=trunk.pbx, name=trunk.name)
            scope = Scope(trunk=row.pk)
            assign_tariff(tariff_ids[trunk.tariff], scope, by=Actor(ACTOR, at))


def _write_records(folder: Path, office: Office, plan: DemoManifest) -> Iterator[tuple[str, Path]]:
    """Write what the switches have written so far; yield each PBX with its file."""
    folder.mkdir(exist_ok=True)
    calls = past_calls(office, until=plan.ends, count=plan.calls)
    for pbx, name, written in (
        (ASTERISK, "Master-past.csv", asterisk_file),
        (THREECX, "3cx-past.log", threecx_file),
    ):
        file = folder / name
        file.write_bytes(written([call for call in calls if call.person.pbx == pbx], plan.seed))
        yield pbx, file


def _import(installation: Installation, pbx: str, file: Path, *, at: datetime) -> None:
    settings = installation.settings
    place = ImportPlace(settings.data_dir, settings.raw_dir, workers=settings.import_workers)
    try:
        with file.open("rb") as records:
            import_file(
                records,
                name=file.name,
                pbx=find_pbx(pbx),
                definition=load_definition(FORMATS[pbx]),
                place=place,
                at=at,
            )
    except ImportRefused as refused:
        raise DemoError(str(refused)) from refused


def _add_sources(folder: Path, plan: DemoManifest) -> None:
    at = plan.ends
    master_csv = plan.master_csv(folder)
    master_csv.touch()
    there = {view.pbx for view in source_states(at=at)}
    for pbx, transport, options in (
        (THREECX, "tcp-listen", {"port": plan.port}),
        (ASTERISK, "tail", {"path": str(master_csv)}),
    ):
        if pbx in there:
            continue
        added = add_source(
            pbx=pbx,
            transport=transport,
            format_name=FORMATS[pbx],
            options=options,
            at=at,
            actor=ACTOR,
        )
        if isinstance(added, SourceRefused):
            raise DemoError(added.message)
