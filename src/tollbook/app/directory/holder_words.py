"""What people call the holder of an account: `Extension 101 (Amir)`."""

from tollbook.storage.models import Department, Extension, Owner


def holder_words(kind: str, row_id: int) -> str:
    """Return the holder in words, also one that is not there any more.

    *kind* is "extension", "department" or "owner".
    """
    if kind == "extension":
        extension = Extension.objects.filter(pk=row_id).first()
        if extension is not None:
            return f"Extension {extension.number}" + (
                f" ({extension.name})" if extension.name else ""
            )
    else:
        named = (Department if kind == "department" else Owner).objects
        name = named.filter(pk=row_id).values_list("name", flat=True).first()
        if name is not None:
            return f"{kind.capitalize()} {name}"
    return f"{kind.capitalize()} with id {row_id}"
