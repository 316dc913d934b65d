"""Stored tariff versions, read once each: a version never changes."""

from tollbook.app.pricing.tariff_documents import read_document
from tollbook.core.tariff import TariffDefinition
from tollbook.storage.db.current import remembered
from tollbook.storage.models import TariffVersion

_KEPT = 4  # A large deck takes some 200 MB.


@remembered(most=_KEPT)
def stored_tariff(version_id: int) -> TariffDefinition:
    """Return a version's tariff. Raises TariffVersion.DoesNotExist."""
    return read_document(TariffVersion.objects.get(pk=version_id).document)
