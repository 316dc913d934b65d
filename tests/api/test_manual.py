"""The manual names what the API and the reports say, all of it."""

import re
from pathlib import Path

from tollbook.api.call_bodies import CallBody
from tollbook.api.calls import CallListParameters
from tollbook.api.charges import SummaryParameters
from tollbook.app.access.tokens import SCOPES

MANUAL = Path(__file__).parents[2] / "docs" / "manual"


def named_in(page: str) -> set[str]:
    """Return every word that the page sets in code style within its sentences and tables."""
    text = re.sub(r"```.*?```", "", (MANUAL / page).read_text(), flags=re.DOTALL)
    return set(re.findall(r"[a-z_]+", " ".join(re.findall(r"`([^`]+)`", text))))


def test_every_key_of_a_call_is_explained() -> None:
    keys = {key for key in CallBody.model_fields if not key.endswith("_id") or key == "pbx_call_id"}

    assert keys - named_in("reports.md") == set()


def test_every_parameter_and_scope_is_explained() -> None:
    parameters = {
        field.alias or name
        for schema in (CallListParameters, SummaryParameters)
        for name, field in schema.model_fields.items()
    }

    assert parameters - named_in("api.md") == set()
    assert all(f"`{scope}`" in (MANUAL / "api.md").read_text() for scope in SCOPES)
