"""Somebody at the screens: opens pages, fills in forms, and everything that comes back is kept."""

import time
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from urllib.parse import urlsplit

from client import Answer, Browser, Upload
from forms import fields_to
from keep import slug
from world import PATIENCE_S, World

Changes = Mapping[str, str | Sequence[str] | None]
MOST_HOPS = 3
AT_WORK = 'hx-trigger="every 1s"'  # on pages that ask again until some work is done


class Visitor:
    """One browser with a role, whose visits are kept under the role's name."""

    def __init__(self, world: World, browser: Browser, role: str) -> None:
        self.world = world
        self.browser = browser
        self.role = role
        self.place = ""  # where the last form led to

    def sign_in(self, name: str, password: str, *, new: str = "") -> None:
        """Sign in; with *new*, change the one-time password for it."""
        self.world.step()
        self.browser.get("/sign-in")
        _expect(self.browser.post("/sign-in", {"name": name, "password": password}), "sign in")
        if new:
            self.world.step()
            changed = {"old": password, "new": new, "again": new}
            _expect(self.browser.post("/account/password", changed), "change the password")

    def look(self, *paths: str, area: str = "pages", **headers: str) -> Answer:
        """Open pages and keep each; return the last one."""
        answer = Answer(0, (), b"")
        for path in paths:
            answer = self.browser.get(path, **headers)
            said = "".join(f" [{name}: {value}]" for name, value in headers.items())
            mark = "_part" if headers else ""
            self.world.keeper.keep(
                f"{area}/{self.role}/{slug(path)}{mark}",
                f"GET {path}{said} as {self.role}\n{answer.head}",
                {"body": answer.body},
            )
        return answer

    def submit(
        self,
        name: str,
        page: str,
        changes: Changes,
        *uploads: Upload,
        action: str = "",
        shown: Answer | None = None,
    ) -> Answer:
        """Open *page*, fill in its form that goes to *action*, send it, keep what comes of it.

        With *shown* the page is at hand already, as the answer to the form before. None takes a
        field out of the form. What the answer sends on to is kept with it.
        """
        found = fields_to((shown or self.browser.get(page)).text, action)
        fields = {key: list(values) for key, values in found.items()}
        for key, value in changes.items():
            if value is None:
                fields.pop(key, None)
            else:
                fields[key] = [value] if isinstance(value, str) else list(value)
        self.world.step()
        place = action or urlsplit(page).path
        answer = self.browser.post(place, fields, *uploads)
        sent = [f"  {key} = {value}" for key, values in fields.items() for value in values]
        sent += [f"  {upload.field} = the file {upload.name}" for upload in uploads]
        head = "\n".join([f"POST {place} as {self.role}", *sent, answer.head])
        parts = {"body": answer.body}
        last, self.place = answer, place
        for _ in range(MOST_HOPS):
            if last.status not in (HTTPStatus.FOUND, HTTPStatus.SEE_OTHER):
                break
            self.place = last.place
            last = self._settled(last.place)
            parts[f"then GET {self.place}\n{last.head}"] = last.body
        self.world.keeper.keep(f"forms/{self.role}/{name}", head, parts)
        return last

    def _settled(self, place: str) -> Answer:
        """Return the page at *place*; one that tells how far work is, once the work is done."""
        until_s = time.monotonic() + PATIENCE_S
        while True:
            answer = self.browser.get(place)
            if AT_WORK not in answer.text or time.monotonic() > until_s:
                return answer
            time.sleep(0.1)


def _expect(answer: Answer, what: str) -> None:
    if answer.status != HTTPStatus.FOUND:
        raise RuntimeError(f"could not {what}: {answer.status}\n{answer.text[:2000]}")
