"""What is uploaded to a package index, built once."""

import pytest

from built_packages import Built, build


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Return the source distribution and the wheel of this checkout."""
    return build(tmp_path_factory.mktemp("dist"))
