"""The forms of a page: which fields a browser would send, with what is in them already."""

from html.parser import HTMLParser
from typing import Final

TOKEN: Final = "csrfmiddlewaretoken"
Attributes = list[tuple[str, str | None]]


class Form:
    """One form: where it goes and what stands in it."""

    def __init__(self, action: str, method: str) -> None:
        self.action = action
        self.method = method.lower()
        self.fields: dict[str, list[str]] = {}

    def add(self, name: str, value: str) -> None:
        """Add what a field holds."""
        self.fields.setdefault(name, []).append(value)


class FormReader(HTMLParser):
    """Read all forms of a page, in their order."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._form: Form | None = None
        self._select = ""
        self._options: list[str] = []
        self._chosen: list[str] = []
        self._area: str | None = None
        self._text = ""

    def handle_starttag(self, tag: str, attrs: Attributes) -> None:
        """Note a form or one of its fields."""
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = Form(given.get("action", ""), given.get("method", "get"))
            self.forms.append(self._form)
        elif self._form is None:
            return
        elif tag == "input":
            _add_input(self._form, given)
        elif tag == "select":
            self._select, self._options, self._chosen = given.get("name", ""), [], []
        elif tag == "option":
            self._options.append(given.get("value", ""))
            if "selected" in given:
                self._chosen.append(given.get("value", ""))
        elif tag == "textarea":
            self._area, self._text = given.get("name", ""), ""

    def handle_data(self, data: str) -> None:
        """Note what stands in a text area."""
        if self._area is not None:
            self._text += data

    def handle_endtag(self, tag: str) -> None:
        """Finish a field or a form."""
        if self._form is None:
            return
        if tag == "select" and self._select:
            for value in self._chosen or self._options[:1]:
                self._form.add(self._select, value)
            self._select = ""
        elif tag == "textarea" and self._area:
            self._form.add(self._area, self._text.removeprefix("\n"))
            self._area = None
        elif tag == "form":
            self._form = None


def fields_to(page: str, action: str) -> dict[str, list[str]]:
    """Return what the first form of *page* that posts to *action* would send, without its token.

    A form without an address of its own posts to its page: *action* is "" then. No such form: {}.
    """
    reader = FormReader()
    reader.feed(page)
    for form in reader.forms:
        if form.method == "post" and form.action == action:
            return {name: values for name, values in form.fields.items() if name != TOKEN}
    return {}


def _add_input(form: Form, given: dict[str, str]) -> None:
    name, kind = given.get("name", ""), given.get("type", "text")
    if not name or kind in ("file", "submit", "button"):
        return
    if kind in ("checkbox", "radio") and "checked" not in given:
        return
    form.add(name, given.get("value", "on" if kind in ("checkbox", "radio") else ""))
