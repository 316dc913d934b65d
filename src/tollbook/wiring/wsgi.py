"""The web application as a server loads it, in each of its worker processes.

WSGI and not ASGI: pages and exports are synchronous, so a thread pool runs them concurrently
and streams an export row by row; under ASGI Django runs them one after another and gathers the
whole export first. Decisions on calls stand in front of the framework (`api.decisions`): sixty of
them share one commit.
"""

from typing import cast

from django.core.wsgi import get_wsgi_application

from tollbook.wiring.process import end_with_parent
from tollbook.wiring.start import open_installation

end_with_parent()
open_installation(migrate=False)
pages = get_wsgi_application()

from tollbook.api.decisions import (  # noqa: E402 - models need Django set up
    WsgiApplication,
    in_front_of,
    make_ready,
)

make_ready()
application = in_front_of(cast("WsgiApplication", pages))
