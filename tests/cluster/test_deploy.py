"""What the README says about installing, on a server that has nothing yet."""

from pathlib import Path

from ballonet_lab.kubernetes import ControlPlane

ROOT = Path(__file__).parents[2]


def test_one_apply_of_two_folders_installs_everything() -> None:
    with ControlPlane.start() as plane:
        said = plane.kubectl(
            "apply", "--server-side", "-f", f"{ROOT / 'crds'}/", "-f", f"{ROOT / 'deploy' / 'kubernetes'}/"
        )
        # Applied anew, nothing is changed or refused.
        again = plane.kubectl(
            "apply", "--server-side", "-f", f"{ROOT / 'crds'}/", "-f", f"{ROOT / 'deploy' / 'kubernetes'}/"
        )

        assert said == again
        assert "namespace/ballonet serverside-applied" in said
        for account in ("ballonet-agent", "ballonet-controller"):
            assert plane.kubectl("get", "serviceaccount", account, "-n", "ballonet", "-o", "name")
