"""The question and its answer: may this telephone call that number now, and why?

`Request` is what a switch, the API, the command line and the screen ask; `Answer` is what they
get, in exactly the keys of `authorise`. Source: docs/manual/may-this-call-be-placed.md.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime

from tollbook.core.policies import Reason, Step

_ENCODE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class Request:
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
            *(self.caller, self.dialled, self.typed, self.account_code, self.pbx, self.site),
            *(self.device, self.source_ip, self.trunk, self.switch_call_id),
        )
        return hashlib.sha256("\0".join(content).encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class Answer:
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
    steps: tuple[Step, ...]

    def as_json(self) -> str:
        """Return the answer as it is stored and sent."""
        return _ENCODE(
            {
                "allowed": self.allowed,
                "reason": self.reason.value if self.reason else None,
                "number": self.number,
                "caller_id": self.caller_id,
                "limit_s": self.limit_s,
                "hold": self.hold,
                "account": self.account,
                "steps": [
                    {"rule": step.rule, "outcome": step.outcome, "limit_s": step.limit_s}
                    for step in self.steps
                ],
            }
        )

    @classmethod
    def read(cls, text: str) -> "Answer":
        """Return a stored answer."""
        stored = json.loads(text)
        return cls(
            stored["allowed"],
            Reason(stored["reason"]) if stored["reason"] else None,
            *(stored["number"], stored["caller_id"], stored["limit_s"]),
            *(stored["hold"], stored["account"]),
            tuple(Step(step["rule"], step["outcome"], step["limit_s"]) for step in stored["steps"]),
        )
