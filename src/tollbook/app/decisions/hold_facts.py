"""What a switch may want to know of a hold beside the answer that it got."""

from tollbook.storage.models import LedgerHold


def code_of_hold(key: str) -> str:
    """Return the account code that the caller of a hold keyed, "" if there was none."""
    code = LedgerHold.objects.filter(key=key).values_list("account_code__code", flat=True).first()
    return code or ""
