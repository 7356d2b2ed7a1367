"""The only module that imports libvirt: reading every guest in one bulk call, and moving memory."""
