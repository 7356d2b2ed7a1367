"""What every test needs: the signals of a program that somebody started at a terminal."""

import signal

# A shell that starts the tests in the background lets them ignore SIGINT, and every program that they start
# inherits that. The tests send SIGINT to programs that must end by it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
