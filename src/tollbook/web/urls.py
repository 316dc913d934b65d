"""The addresses of the screens, room by room."""

import tollbook.web.frame.row_ids  # noqa: F401 - makes <row:...> known
from tollbook.web.access import urls as access
from tollbook.web.billing import urls as billing
from tollbook.web.decisions import urls as decisions
from tollbook.web.directory import urls as directory
from tollbook.web.frame import urls as frame
from tollbook.web.intake import urls as intake
from tollbook.web.policies import urls as policies
from tollbook.web.pricing import urls as pricing
from tollbook.web.quarantine import urls as quarantine
from tollbook.web.reports import urls as reports
from tollbook.web.rerating import urls as rerating
from tollbook.web.tariffs import urls as tariffs

urlpatterns = [
    *access.urlpatterns,
    *billing.urlpatterns,
    *decisions.urlpatterns,
    *directory.urlpatterns,
    *frame.urlpatterns,
    *intake.urlpatterns,
    *policies.urlpatterns,
    *pricing.urlpatterns,
    *quarantine.urlpatterns,
    *reports.urlpatterns,
    *rerating.urlpatterns,
    *tariffs.urlpatterns,
]
