"""What verbs look at before an installation is opened: nothing here loads Django.

A wrong command line ends here, and no data folder is made for it. Each module's `run(args, go_on)`
returns an exit status; what it found it hands to `go_on`, which opens the installation, hands all
to the verb's body and returns its status.
"""

from collections.abc import Callable

GoOn = Callable[..., int]
