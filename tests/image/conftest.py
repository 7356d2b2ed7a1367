"""The image that this checkout makes, built and unpacked once."""

import pytest

from ballonet_lab.container import Image, build_image


@pytest.fixture(scope="session")
def image() -> Image:
    """The image; its root file system is not to be changed."""
    return Image.unpack(build_image())
