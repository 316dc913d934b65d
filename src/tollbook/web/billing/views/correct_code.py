"""Account codes given after the call: which calls, what it does to money, then the deed; undo."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST

from tollbook.app.access.roles import Permission
from tollbook.app.billing.correct_code import (
    MOST_CALLS,
    CorrectionEffect,
    NotCorrected,
    correct_codes,
    undo_correction,
    would_correct,
)
from tollbook.app.reports.call_log import call_ids
from tollbook.app.words import sentence
from tollbook.web.frame.flash import say
from tollbook.web.frame.permissions import needs, reach_of, visible_calls
from tollbook.web.frame.request import by_of, instant, site_facts
from tollbook.web.frame.row_ids import row_ids
from tollbook.web.reports.pages.log_choices import load_choices
from tollbook.web.reports.pages.log_query import read_query

MOST_SHOWN = 100
LONGEST_CODE, LONGEST_REASON, LONGEST_IDS = 64, 500, 20 * MOST_CALLS


@dataclass(frozen=True, slots=True)
class Moved:
    """What moves from one payer to another; payers are words, "" is nobody."""

    payer_before: str
    payer_after: str
    calls: int
    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class CodePage:
    """Which calls, what was typed, and what it would do (None: nothing was asked yet)."""

    ids: Sequence[int]
    back: str
    code: str = ""
    reason: str = ""
    fault: str = ""
    effects: Sequence[CorrectionEffect] | None = None
    moved: Sequence[Moved] = ()

    @property
    def ids_text(self) -> str:
        """The calls as the form carries them."""
        return ",".join(map(str, self.ids))

    @property
    def calls_words(self) -> str:
        """How many calls, in words."""
        return "1 call" if len(self.ids) == 1 else f"{len(self.ids):,} calls"

    @property
    def shown(self) -> Sequence[CorrectionEffect]:
        """The effects that are listed one by one."""
        return (self.effects or ())[:MOST_SHOWN]

    @property
    def left_off(self) -> int:
        """How many are not."""
        return max(0, len(self.effects or ()) - MOST_SHOWN)


@needs(Permission.CHANGE_MONEY)
@require_http_methods(["GET", "HEAD", "POST"])
def correct_code(request: HttpRequest) -> HttpResponse:
    """Ask for a code for some calls, show what it does, then do it."""
    if request.method != "POST":
        return _asked(request)
    page = CodePage(
        ids=_ids(request.POST.get("ids", "")[:LONGEST_IDS]),
        back=_back(request),
        code=request.POST.get("code", "").strip()[:LONGEST_CODE],
        reason=request.POST.get("reason", "").strip()[:LONGEST_REASON],
    )
    if not page.ids:
        raise Http404("no such calls")
    if request.POST.get("step") == "post":
        return _posted(request, page)
    return _shown(request, page)


@needs(Permission.CHANGE_MONEY)
@require_POST
def undo_code(request: HttpRequest, change_id: int) -> HttpResponse:
    """Take the latest correction of a call back."""
    try:
        made = undo_correction(change_id, by=by_of(request))
    except NotCorrected as refused:
        say(request, sentence(str(refused)), level="danger")
        return redirect(_back(request))
    say(request, "The call has its old account code again.")
    return redirect("call", made.call_id)


def _asked(request: HttpRequest) -> HttpResponse:
    """Show the form for the calls that the address names: by `id`, else those of the log."""
    texts = request.GET.getlist("id")
    if texts:
        ids = _ids(",".join(texts))
        back = reverse("call", args=[ids[0]]) if len(ids) == 1 else reverse("calls")
    else:
        query = read_query(
            request.GET.dict(),
            choices=load_choices(reach_of(request)),
            zone=site_facts().zone,
            now=instant(),
        )
        ids = list(call_ids(visible_calls(request, query.filter))[: MOST_CALLS + 1])
        back = reverse("calls") + query.address()
    if not ids:
        say(request, "No call fits, so there is nothing to correct.", level="warn")
        return redirect(back)
    if len(ids) > MOST_CALLS:
        words = f"More than {MOST_CALLS} calls fit. Narrow the filter: each is shown before."
        say(request, words, level="warn")
        return redirect(back)
    return render(request, "tollbook/billing/correct_code.html", {"page": CodePage(ids, back)})


def _shown(request: HttpRequest, page: CodePage) -> HttpResponse:
    try:
        effects = would_correct(page.ids, page.code)
    except NotCorrected as refused:
        return _refused(request, page, refused)
    page = replace(page, effects=effects, moved=_moved(effects))
    return render(request, "tollbook/billing/correct_code.html", {"page": page})


def _posted(request: HttpRequest, page: CodePage) -> HttpResponse:
    try:
        made = correct_codes(page.ids, page.code, by=by_of(request), reason=page.reason)
    except NotCorrected as refused:
        return _refused(request, page, refused)
    if not made:
        say(request, "They have this account code already. Nothing was changed.", level="warn")
    else:
        calls = "1 call has" if len(made) == 1 else f"{len(made):,} calls have"
        moved = sum(one.entry_id is not None for one in made)
        money = f" The charge of {moved:,} moved." if moved else " No money moved."
        code = f"account code {page.code}" if page.code else "no account code"
        say(request, f"{calls} {code} now.{money} Each can be taken back on its own page.")
    return redirect(page.back)


def _refused(request: HttpRequest, page: CodePage, refused: NotCorrected) -> HttpResponse:
    page = replace(page, fault=sentence(str(refused)))
    return render(request, "tollbook/billing/correct_code.html", {"page": page}, status=422)


def _moved(effects: Sequence[CorrectionEffect]) -> list[Moved]:
    """Add up what moves, by the two payers."""
    sums: dict[tuple[str, str, str], tuple[int, Decimal]] = {}
    for one in effects:
        if one.amount is None:
            continue
        key = one.payer_before, one.payer_after, one.currency
        calls, amount = sums.get(key, (0, Decimal(0)))
        sums[key] = calls + 1, amount + one.amount
    return [
        Moved(before, after, calls, amount, currency)
        for (before, after, currency), (calls, amount) in sorted(sums.items())
    ]


def _ids(text: str) -> list[int]:
    return sorted(set(row_ids(text.split(","))))


def _back(request: HttpRequest) -> str:
    """Return where the form came from: an address of this program, never another's."""
    back = request.POST.get("back", "")
    is_ours = back.startswith("/") and url_has_allowed_host_and_scheme(back, allowed_hosts=None)
    return back if is_ours else reverse("calls")
