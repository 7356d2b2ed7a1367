"""The page of an agent: what a person sees who opens the address of a host.

``chronicle``    the last moves, of the host and of each guest.
``overview``     the handler: everything in one document.
``host_part``    the host's bar and numbers.
``alert_part``   alerts that act.
``guest_part``   a row per guest, troubled ones first.
``trouble``      how badly a guest needs to be looked at, and the words for it.
``moves_part``   recent moves.
``policy_part``  policies in force, and refused ones with the reasons.

Everything is made from one snapshot, when it is asked for; nothing here asks libvirt or anybody else.
"""
