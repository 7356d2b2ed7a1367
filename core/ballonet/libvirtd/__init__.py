"""How ``ballonet.hypervisor`` reads and changes guests although any of them, or libvirtd itself, may hang.

Nothing here imports libvirt; what it needs of it is the protocol in ``session``.
"""
