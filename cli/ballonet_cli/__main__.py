"""The entry point of ``ballonet``: starts the command line where what it is made with is installed."""

import sys

from ballonet.errors import ConfigError
from ballonet.extras import extra


def main() -> None:
    """Run the command line."""
    try:
        with extra("cli"):
            from ballonet_cli.commands import run  # noqa: PLC0415 - it may not be there.
    except ConfigError as error:
        sys.stderr.write(f"Error: {error}\n")
        sys.exit(2)
    run()


if __name__ == "__main__":
    main()
