"""`tollbook rate`: price calls by a tariff, JSON Lines in, JSON Lines out; no database."""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import BinaryIO

from tollbook.commands.files import cannot_read
from tollbook.commands.rate_input import CallFault, RateInput, read_question
from tollbook.commands.rate_plan import (
    DEFAULT,
    PlannedRating,
    charge_answer,
    read_plan_file,
    tariff_files,
)
from tollbook.commands.words import DONE, INCOMPLETE, WRONG_USE, refuse, tell_faults
from tollbook.core.calendar import format_instant
from tollbook.core.charging import Charged
from tollbook.core.money import format_amount
from tollbook.core.rating import (
    Candidate,
    Priced,
    Segment,
    Unrated,
    explain,
    longest_talk,
    price,
)
from tollbook.core.tariff import (
    CompiledTariff,
    Rate,
    TariffSyntaxError,
    compile_tariff,
    decode_tariff,
    read_tariff,
)

LONGEST_LINE = 1 << 20

RateOutput = dict[str, object]


def run(args: argparse.Namespace) -> int:
    """Price the calls of a file and return the exit status."""
    compiled = _load_tariff(args.tariff)
    if compiled is None:
        return WRONG_USE
    planned = None
    if args.plan:
        planned = _load_plan(args.plan, compiled)
        if planned is None:
            return WRONG_USE
    try:
        with open_input(args.calls) as calls:
            return _price_all(compiled, calls, planned, explains=args.explain)
    except OSError as fault:
        if fault.filename is None:  # Not the input: whoever reads our output has gone.
            raise
        return refuse("rate", cannot_read(args.calls, fault))


def open_input(name: str) -> AbstractContextManager[BinaryIO]:
    """Return the open file *name*; "-" is standard input."""
    return nullcontext(sys.stdin.buffer) if name == "-" else Path(name).open("rb")


def _price_all(
    compiled: CompiledTariff, calls: BinaryIO, planned: PlannedRating | None, *, explains: bool
) -> int:
    status = DONE
    out = sys.stdout.buffer
    for number, line in numbered_lines(calls):
        answer = _answer(compiled, planned, number, line, explains=explains)
        if "unrated" in answer or "error" in answer:
            status = INCOMPLETE
        # A lone surrogate from an escape in the input goes out as the escape it was.
        text = json.dumps(answer, ensure_ascii=False)
        out.write(text.encode("utf-8", "backslashreplace") + b"\n")
    out.flush()
    return status


def _load_tariff(name: str) -> CompiledTariff | None:
    """Return the tariff in the file *name*, or None after telling every fault."""
    try:
        reading = read_tariff(decode_tariff(Path(name).read_bytes(), name=name))
    except OSError as fault:
        refuse("rate", cannot_read(name, fault))
        return None
    except TariffSyntaxError as fault:
        refuse("rate", f"{name}: {fault.place}: {fault.message}. The tariff was refused whole.")
        return None
    tell_faults(name, reading.faults)
    if reading.tariff is None:
        errors = sum(found.severity == "error" for found in reading.faults)
        refuse(
            "rate", f"{name}: the tariff was refused whole for {errors} faults; no call was priced."
        )
        return None
    return compile_tariff(reading.tariff)


def _load_plan(name: str, default: CompiledTariff) -> PlannedRating | None:
    """Return the plan in the file *name* with its tariffs, or None after telling every fault."""
    plan = read_plan_file(name)
    if plan is None:
        return None
    tariffs = {DEFAULT: default}
    for named, file in tariff_files(plan, name).items():
        compiled = _load_tariff(str(file))
        if compiled is None:
            return None
        tariffs[named] = compiled
    return PlannedRating(plan, tariffs)


def numbered_lines(calls: BinaryIO) -> Iterator[tuple[int, bytes | None]]:
    """Yield each line that is not blank with its number from 1; None for one that is too long."""
    number = 0
    while line := calls.readline(LONGEST_LINE + 1):
        number += 1
        is_whole = len(line) <= LONGEST_LINE or line.endswith(b"\n")
        if is_whole:
            if line.strip():
                yield number, line
            continue
        while line and not line.endswith(b"\n"):
            line = calls.readline(LONGEST_LINE)
        yield number, None


def _answer(
    compiled: CompiledTariff,
    planned: PlannedRating | None,
    number: int,
    line: bytes | None,
    *,
    explains: bool,
) -> RateOutput:
    if line is None:
        return {"id": None, "line": number, "error": f"is longer than {LONGEST_LINE} bytes"}
    try:
        question = read_question(line)
    except CallFault as fault:
        return {"id": fault.call_id, "line": number, "error": fault.message}
    if question.credit is not None:
        answer = _answer_limit(compiled, planned, question, question.credit)
    elif planned is not None:
        answer = _answer_charge(question, planned.charge(question.call))
    else:
        answer = _answer_price(question, price(compiled, question.call))
    if explains:
        priced_by = planned.tariff_of(question.call) if planned else compiled
        considered = explain(priced_by, question.call).candidates
        answer["candidates"] = [_candidate(each) for each in considered]
    return answer


def _answer_limit(
    compiled: CompiledTariff, planned: PlannedRating | None, question: RateInput, credit: Decimal
) -> RateOutput:
    max_s = (
        planned.longest(question, credit)
        if planned is not None
        else longest_talk(compiled, question.call, credit=credit, at_most_s=question.at_most_s)
    )
    if isinstance(max_s, Unrated):
        return {"id": question.call_id, "unrated": max_s.reason}
    return {"id": question.call_id, "max_s": max_s}


def _answer_charge(question: RateInput, result: Charged | Unrated) -> RateOutput:
    if isinstance(result, Unrated):
        return {"id": question.call_id, "unrated": result.reason}
    answer = charge_answer(question.call_id, result)
    answer["rate"] = _rate(result.rate)
    if question.call.legs:
        answer["segments"] = _segments(result.segments)
    return answer


def _answer_price(question: RateInput, result: Priced | Unrated) -> RateOutput:
    if isinstance(result, Unrated):
        return {"id": question.call_id, "unrated": result.reason}
    answer: RateOutput = {
        "id": question.call_id,
        "charge": format_amount(result.charge),
        "currency": result.currency,
        "billed_s": result.billed_s,
        "rate": _rate(result.rate),
        "steps": [
            {
                "kind": step.kind,
                "from_s": step.from_s,
                "seconds": step.seconds,
                "price": None if step.price is None else format_amount(step.price),
                "per_s": step.per_s,
                "amount": format_amount(step.amount),
            }
            for step in result.steps
        ],
    }
    if question.call.legs:
        answer["segments"] = _segments(result.segments)
    return answer


def _segments(segments: Sequence[Segment]) -> list[RateOutput]:
    return [
        {
            "party": segment.party,
            "talk_s": _number(segment.talk_s),
            "charge": format_amount(segment.charge),
        }
        for segment in segments
    ]


def _candidate(candidate: Candidate) -> RateOutput:
    named = _rate(candidate.rate.rate)
    return {"rate": named, "index": candidate.rate.index, "outcome": candidate.outcome}


def _rate(rate: Rate) -> RateOutput:
    return {
        "prefix": rate.prefix,
        "destination": rate.destination,
        "call_type": rate.call_type,
        "band": rate.band,
        "effective_from": _instant(rate.effective_from),
    }


def _instant(instant: datetime | None) -> str | None:
    return None if instant is None else format_instant(instant)


def _number(seconds: Decimal) -> int | float:
    """Return *seconds* as JSON writes it; its digits are those that came in."""
    return int(seconds) if seconds == seconds.to_integral_value() else float(seconds)
