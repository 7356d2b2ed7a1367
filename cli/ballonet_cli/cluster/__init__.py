"""What Ballonet has written into Kubernetes, for people: ``ballonet hosts`` and ``ballonet policies``.

``access`` is the way to the API server and the only module here that makes requests; ``objects`` reads what
it answers; everything else is pure. All of it is loaded by the commands that need it and by no other,
because the Kubernetes client alone takes longer to load than ``ballonet list`` takes to run.
"""
