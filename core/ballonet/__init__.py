"""The domain of Ballonet: what a guest, a host and a policy are, and what follows from them.

Three rings, held apart by import-linter:

* pure: ``quantity errors guest host policy reason decision history plan`` and the parts of the plan in
  ``law`` decide, and can neither do I/O nor tell the time (``now`` is an argument);
* border: ``hypervisor`` (the only importer of libvirt) with ``libvirtd`` (what keeps it alive where guests
  hang), ``machine`` (/proc), ``manifests`` (policy files), ``settings`` and ``logs`` (flags), ``web`` (HTTP);
* the programs in the neighbouring packages, which join the two.

Memory is moved in one place: ``hypervisor.Hypervisor.set_memory``, asked by the agent's cycle for what
``plan.plan`` decided.
"""
