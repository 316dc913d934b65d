"""`python -m tollbook` is `tollbook`."""

import sys

from tollbook.cli import main

sys.exit(main())
