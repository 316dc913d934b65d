"""The question and its answer: may this telephone call that number now, and why?

`Request` is what a switch, the API, the command line and the screen ask; `Answer` is what they
get, in exactly the keys of `authorise`. Source: docs/manual/may-this-call-be-placed.md.
"""

import hashlib
import json
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from tollbook.core.policies import DecisionStep, Reason

_quoted = json.encoder.encode_basestring  # As `json.dumps` quotes, other alphabets as they are.


class Request(NamedTuple):
    """A question. `typed` is what was keyed, code included; `dialled` a number without one.

    The same `key` with the same content is a retry and gets the first answer; `at` is no content.
    `pbx` or `site` say where, by name; `device` and `source_ip` are what the switch knows the
    telephone by; `switch_call_id` is what it calls the call.
    """

    key: str
    at: datetime
    caller: str
    dialled: str = ""
    typed: str = ""
    account_code: str = ""
    pbx: str = ""
    site: str = ""
    device: str = ""
    source_ip: str = ""
    trunk: str = ""
    switch_call_id: str = ""

    @property
    def content_hash(self) -> str:
        """The SHA-256 of what is asked, in hex."""
        content = (
            self.caller,
            self.dialled,
            self.typed,
            self.account_code,
            self.pbx,
            self.site,
            self.device,
            self.source_ip,
            self.trunk,
            self.switch_call_id,
        )
        return hashlib.sha256("\0".join(content).encode("utf-8", "surrogatepass")).hexdigest()


class Answer(NamedTuple):
    """The decision: `hold` names the money set aside, None where none is (or the call is refused).

    `account` says who pays, in words; None where nobody does. `number` is what the switch dials.
    """

    allowed: bool
    reason: Reason | None
    number: str
    caller_id: str
    limit_s: int | None
    hold: str | None
    account: str | None
    steps: tuple[DecisionStep, ...]

    def as_json(self) -> str:
        """Return the answer as it is stored and sent.

        Written by hand, for it is made for every call: keys and rules need no escaping.
        """
        steps = ",".join(map(_step, self.steps))
        return (
            f'{{"allowed":{"true" if self.allowed else "false"},'
            f'"reason":{_text(self.reason)},"number":{_quoted(self.number)},'
            f'"caller_id":{_quoted(self.caller_id)},'
            f'"limit_s":{"null" if self.limit_s is None else self.limit_s},'
            f'"hold":{_text(self.hold)},"account":{_text(self.account)},"steps":[{steps}]}}'
        )

    @classmethod
    def read(cls, text: str) -> "Answer":
        """Return a stored answer."""
        stored = json.loads(text)
        return cls(
            stored["allowed"],
            Reason(stored["reason"]) if stored["reason"] else None,
            stored["number"],
            stored["caller_id"],
            stored["limit_s"],
            stored["hold"],
            stored["account"],
            tuple(
                DecisionStep(step["rule"], step["outcome"], step["limit_s"])
                for step in stored["steps"]
            ),
        )


@lru_cache(maxsize=20_000)
def _step(step: DecisionStep) -> str:
    """Return a step as JSON: most of a call's are those of the call before."""
    limit = "null" if step.limit_s is None else step.limit_s
    return f'{{"rule":"{step.rule}","outcome":{_quoted(step.outcome)},"limit_s":{limit}}}'


def _text(text: str | None) -> str:
    return "null" if text is None else _quoted(text)
