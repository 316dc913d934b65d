"""The REST API: its routers, its one shape of errors, its description."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from ninja import NinjaAPI
from ninja.openapi.docs import Swagger

from tollbook import __version__
from tollbook.api import (
    account_codes,
    authorise,
    calls,
    charges,
    extensions,
    plans,
    recharges,
    sources,
    statements,
)
from tollbook.api.errors import answer_errors, nothing_here

# The bundled viewer puts its own styles into the page; scripts still come from files only.
_DOCS_POLICY = "; ".join(
    (
        "default-src 'self'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "object-src 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)


class OfflineSwagger(Swagger):
    """The viewer as it lies in the package: nothing is fetched from elsewhere."""

    def render_page(self, request: HttpRequest, api: NinjaAPI, **kwargs: object) -> HttpResponse:
        """Return the page, with the content policy that it needs."""
        response = super().render_page(request, api, **kwargs)
        response["Content-Security-Policy"] = _DOCS_POLICY
        return response


api = NinjaAPI(
    title="Tollbook",
    version=__version__,
    description=(
        "Calls, what they cost, and where they come from. Every request needs a token: "
        "`Authorization: Bearer <token>`, made with `tollbook token create --scope calls:read`. "
        "Money is text, exact, in the currency beside it. Instants are ISO 8601 with offset. "
        "Pages are walked with `next`: pass it as `cursor` until it is null."
    ),
    docs=OfflineSwagger({"persistAuthorization": False, "tryItOutEnabled": True}),
    urls_namespace="api",
)
api.add_router("/authorise", authorise.router)
api.add_router("/calls", calls.router)
api.add_router("/calls", account_codes.router)
api.add_router("/charges", charges.router)
api.add_router("/extensions", extensions.router)
api.add_router("/recharges", recharges.router)
api.add_router("/sources", sources.router)
api.add_router("/statements", statements.router)
api.add_router("/plans", plans.plans_router)
api.add_router("/exchange-rates", plans.rates_router)
answer_errors(api)


def unknown_path(request: HttpRequest) -> HttpResponse:
    """Answer an address below /api/ that does not exist, in the API's own shape."""
    error = nothing_here(request.path)
    return JsonResponse(error.body(), status=error.status)
