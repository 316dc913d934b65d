"""Stored tariff versions, read once each: a version never changes."""

from functools import lru_cache

from tollbook.app.pricing.tariff_documents import read_document
from tollbook.core.tariff import TariffDefinition
from tollbook.storage.models import TariffVersion

_KEPT = 4  # A large deck takes some 200 MB.


def stored_tariff(version_id: int) -> TariffDefinition:
    """Return a version's tariff. Raises TariffVersion.DoesNotExist."""
    version = TariffVersion.objects.only("id", "sha256").get(pk=version_id)
    return _read_once(version.pk, version.sha256)


@lru_cache(maxsize=_KEPT)
def _read_once(version_id: int, _sha256: str) -> TariffDefinition:
    return read_document(TariffVersion.objects.get(pk=version_id).document)
