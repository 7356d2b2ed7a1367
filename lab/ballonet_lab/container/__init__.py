"""The container image, built here without a registry or a container engine, and its programs run out of it.

* ``find_base()`` makes the base image where it is missing: Debian trixie, slim.
* ``build_image()`` builds the image of the Dockerfile in this checkout and returns an OCI archive, which
  ``ctr -n k8s.io images import`` takes. Its name there is ``image_name()``.
* ``rebuild_image(sources, archive)`` builds it again from the very beginning, to compare.
* ``Image.unpack(archive)`` has the image's root file system and its configuration.
* ``contained(image, ...)`` runs a command in it as a container runtime would: the image's user, no
  capabilities, a read-only root file system, process number 1.

All of it needs root. What is made is kept below ``~/.cache/ballonet/container``.
"""

from ballonet_lab.container.base import find_base
from ballonet_lab.container.build import build_image, copy_context, image_name, rebuild_image
from ballonet_lab.container.contained import Contained, Mount, contained
from ballonet_lab.container.image import Image

__all__ = [
    "Contained",
    "Image",
    "Mount",
    "build_image",
    "contained",
    "copy_context",
    "find_base",
    "image_name",
    "rebuild_image",
]
