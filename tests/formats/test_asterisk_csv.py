"""Asterisk's Master.csv in all its column orders."""

import pytest

from support.records import Part, RejectedRecord, Skip, at, call, instant, outcomes, reject
from tollbook.core.calls import Cdr, QueueOutcome

HEAD = (
    '"ext-201","201","00431234","from-internal","""Ada Winter"" <201>","PJSIP/201-0000001a",'
    '"PJSIP/carrier-0000001b","Dial","PJSIP/00431234@carrier,60","2026-03-02 09:15:00",'
    '"2026-03-02 09:15:08","2026-03-02 09:17:13",133,125,"ANSWERED","DOCUMENTATION"'
)
CUSTOM = (
    '"""Desk"" <301>","301","302","default","PJSIP/301-00000001","PJSIP/302-00000002","Dial",'
    '"PJSIP/302","2026-03-02 08:00:00","2026-03-02 08:00:04","2026-03-02 08:00:34","34","30",'
    '"ANSWERED","DOCUMENTATION","office"'
)


@pytest.mark.parametrize(
    ("tail", "pbx_call_id"),
    [
        ("", None),
        (',"1772439300.26"', "1772439300.26"),
        (',"a remark"', None),  # userfield alone is not taken for an id
        (',"1772439300.26","a remark"', "1772439300.26"),
        (',"","1772439300.20",7', "1772439300.20"),
        (',"1772439300.26","","1772439300.20",7', "1772439300.20"),
        (',"a remark","","1772439300.20",7', "1772439300.20"),
        (',"1772439300.26","a remark","","1772439300.20",7', "1772439300.20"),
        (',"pbx-1-1772439300.26",""', "pbx-1-1772439300.26"),
    ],
)
def test_every_column_count_of_cdr_csv_is_read(tail: str, pbx_call_id: str | None) -> None:
    said = call("asterisk-csv", HEAD + tail, zone="Europe/Vienna")

    assert at(said["start"]) == instant("2026-03-02T09:15:00+01:00")
    assert at(said["answer"]) == instant("2026-03-02T09:15:08+01:00")
    assert at(said["end"]) == instant("2026-03-02T09:17:13+01:00")
    assert (said["ring_s"], said["talk_s"], said["answered"]) == (8, 125, True)
    assert (said["caller"], said["dialled"], said["callee"]) == ("201", "00431234", "00431234")
    assert said["account_code"] == "ext-201"
    assert said["pbx_call_id"] == pbx_call_id
    assert said["direction"] is None
    assert said["trunk"] is None
    assert said["legs"] == []


@pytest.mark.parametrize(
    ("tail", "pbx_call_id"),
    [("", None), (',"1772438400.1"', "1772438400.1"), (',"1772438400.1","",3', "1772438400.1")],
)
def test_cdr_custom_with_clid_first_is_read(tail: str, pbx_call_id: str | None) -> None:
    said = call("asterisk-csv", CUSTOM + tail)

    assert (said["caller"], said["callee"], said["talk_s"]) == ("301", "302", 30)
    assert said["account_code"] == "office"
    assert said["pbx_call_id"] == pbx_call_id


def test_fractions_of_a_second_are_kept() -> None:
    said = call(
        "asterisk-csv",
        '"1772439300.26","1772439300.26","acc-7","","100","0201234567","PJSIP/100-00000004",'
        '"PJSIP/carrier-00000005","Dial","2026-03-02 09:15:00","2026-03-02 09:15:00",'
        '"2026-03-02 09:15:08","8.825912","8.824115","ANSWERED",""',
    )

    assert said["talk_s"] == 8.824115
    assert said["account_code"] == "acc-7"


@pytest.mark.parametrize("disposition", ["NO ANSWER", "BUSY", "FAILED", "CONGESTION"])
def test_billsec_of_an_unanswered_row_is_not_talk(disposition: str) -> None:
    """It counts from the answer of an IVR; nobody was reached."""
    said = call("asterisk-csv", HEAD.replace("ANSWERED", disposition))

    assert (said["answered"], said["answer"], said["talk_s"]) == (False, None, 0)
    assert said["end"] is not None


def test_an_answered_row_without_talk_is_answered() -> None:
    said = call("asterisk-csv", HEAD.replace("133,125", "8,0").replace("09:17:13", "09:15:08"))

    assert (said["answered"], said["talk_s"], said["ring_s"]) == (True, 0, 8)


def test_steps_of_the_dialplan_are_not_digits() -> None:
    said = call("asterisk-csv", HEAD.replace('"00431234"', '"s"', 1))

    assert said["dialled"] is None
    assert said["callee"] is None


def test_the_channel_says_who_picked_up_behind_a_queue() -> None:
    line = (
        HEAD.replace('"00431234"', '"600"', 1)
        .replace("PJSIP/carrier-0000001b", "SIP/207-0000001b")
        .replace('"Dial","PJSIP/00431234@carrier,60"', '"Queue","600,t,,,300"')
    )
    said = call("asterisk-csv", line)

    assert (said["dialled"], said["callee"]) == ("600", "207")
    assert said["queue"] == {
        "number": "600",
        "wait_s": None,
        "agent": "207",
        "outcome": QueueOutcome.ANSWERED,
    }


def test_names_and_devices_are_kept_beside_the_numbers() -> None:
    (found,) = outcomes("asterisk-csv", HEAD + "\n")

    assert isinstance(found, Cdr)
    assert found.caller_name == "Ada Winter"
    assert (found.caller_device, found.callee_device) == ("PJSIP/201", "PJSIP/carrier")


def test_a_name_in_another_code_page_does_not_stop_a_call() -> None:
    (found,) = outcomes("asterisk-csv", HEAD.encode().replace(b"Ada Winter", b"J\xfcrgen") + b"\n")

    assert isinstance(found, Cdr)
    assert found.caller_name == "Jürgen"


def test_bare_inner_quotes_are_read() -> None:
    line = CUSTOM.replace('"""Desk"" <301>"', '""Desk" <301>"') + ',"1772438400.1",""'

    assert call("asterisk-csv", line)["caller"] == "301"


def test_a_comma_in_bare_quotes_stays_in_the_name() -> None:
    line = CUSTOM.replace('"""Desk"" <301>"', '""Desk, Front" <301>"') + ',"1772438400.1",""'
    (found,) = outcomes("asterisk-csv", line + "\n")

    assert isinstance(found, Cdr)
    assert (found.caller, found.callee, found.account_code) == ("301", "302", "office")
    assert found.pbx_call_id == "1772438400.1"


def test_rows_of_one_linkedid_make_one_call() -> None:
    rows = "\n".join(
        (
            HEAD + ',"1772439300.26","","","1772439300.26",7',
            HEAD.replace("09:15", "09:18")
            .replace("09:17:13", "09:18:38")
            .replace("133,125", "38,30")
            + ',"1772439480.30","","","1772439480.30",8',
            HEAD.replace('"00431234"', '"205"', 1)
            .replace("carrier-0000001b", "205-0000001c")
            .replace("09:15:00", "09:17:13")
            .replace('"2026-03-02 09:15:08"', '"2026-03-02 09:17:20"')
            .replace('"2026-03-02 09:17:13",133', '"2026-03-02 09:18:20",133')
            .replace("133,125", "67,60")
            + ',"1772439300.26","","","1772439300.26",9',
        )
    )
    found = outcomes("asterisk-csv", rows + "\n")

    calls = [each for each in found if isinstance(each, Cdr)]
    assert [each.lines for each in calls] == [(1, 3), (2,)]
    joined = calls[0]
    assert joined.talk_s == 185
    assert [leg.talk_s for leg in joined.legs] == [125, 60]
    assert (joined.callee, joined.dialled) == ("205", "00431234")
    assert joined.start == instant("2026-03-02T09:15:00+00:00")
    assert joined.end == instant("2026-03-02T09:18:20+00:00")
    assert joined.partial is False
    assert [each.line for each in found if isinstance(each, Part)] == [1]


def local_pair(tail_1: str = "", tail_2: str = "") -> tuple[str, str]:
    outer = HEAD.replace("PJSIP/carrier-0000001b", "Local/00431234@leg-00000003;1") + tail_1
    inner = HEAD.replace("PJSIP/201-0000001a", "Local/00431234@leg-00000003;2") + tail_2
    return outer, inner


@pytest.mark.parametrize(
    ("clid", "name"),
    [
        ('"" <201>', None),
        ("<201>", None),
        ('" <201>', None),
        ("Ada <201>", "Ada"),
        ('"A" <201>', "A"),
        ('"Ada "Winter"" <201>', 'Ada "Winter"'),
    ],
)
def test_a_caller_without_a_name_has_none(clid: str, name: str | None) -> None:
    quoted = clid.replace('"', '""')
    (found,) = outcomes("asterisk-csv", HEAD.replace('""Ada Winter"" <201>', quoted) + "\n")

    assert isinstance(found, Cdr)
    assert found.caller_name == name


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_the_inner_half_of_a_local_channel_is_plumbing(order: tuple[int, int]) -> None:
    pair = local_pair()
    found = outcomes("asterisk-csv", "\n".join(pair[i] for i in order) + "\n")

    kinds = {type(each): each for each in found}
    assert set(kinds) == {Cdr, Skip}
    assert "channel pair" in kinds[Skip].why
    assert kinds[Cdr].lines == (order.index(0) + 1,)


def test_a_lone_local_row_is_a_call() -> None:
    found = outcomes("asterisk-csv", local_pair()[1] + "\n")

    assert [type(each) for each in found] == [Cdr]


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("133,125", "133,12x", "call.duration_malformed"),
        ("2026-03-02 09:15:08", "2026-03-32 09:15:08", "call.time_malformed"),
        ("ANSWERED", "MAYBE", "call.value_unknown"),
        ("2026-03-02 09:17:13", "2026-03-02 09:14:13", "call.times_out_of_order"),
        ('"201","00431234"', '"20\x011","00431234"', "call.text_malformed"),
        ('"201","00431234"', f'"{"9" * 300}","00431234"', "call.text_too_long"),
        (',"ANSWERED","DOCUMENTATION"', "", "call.layout_unknown"),
        ('"DOCUMENTATION"', '"DOCUMENTATION', "call.quote_open"),
    ],
)
def test_what_is_not_its_shape_is_rejected_with_a_reason(old: str, new: str, reason: str) -> None:
    found = reject("asterisk-csv", HEAD.replace(old, new))

    assert found.reason == reason
    assert found.message.startswith("test.log:1: ")
    assert "nothing was charged" in found.message


def test_headings_are_skipped() -> None:
    found = outcomes("asterisk-csv", "accountcode,src,dst,dcontext,clid\n" + HEAD + "\n")

    assert [type(each) for each in found] == [Skip, Cdr]


def test_half_a_line_at_the_end_is_rejected_as_such() -> None:
    found = outcomes("asterisk-csv", (HEAD + "\n" + HEAD[:120]).encode())

    assert isinstance(found[1], RejectedRecord)
    assert found[1].reason in {"call.quote_open", "call.line_incomplete"}
    assert found[1].offset == len(HEAD) + 1


def test_a_name_with_brackets_is_kept_whole() -> None:
    line = (
        '"","101","0049","d","""<script>x</script>"" <101>","PJSIP/101-1","PJSIP/c-2","Dial","",'
        '"2026-10-20 10:00:00","2026-10-20 10:00:05","2026-10-20 10:01:05",'
        '65,60,"ANSWERED","D","1.1",""'
    )
    (found,) = (each for each in outcomes("asterisk-csv", line + "\n") if isinstance(each, Cdr))

    assert found.caller_name == "<script>x</script>"
