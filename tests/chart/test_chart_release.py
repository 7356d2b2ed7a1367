"""A release in a real API: the rights that it gives, what it keeps agents from, what it leaves behind."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import golden
from ballonet_lab import eventually
from ballonet_lab.errors import LabError
from ballonet_lab.kubernetes import ControlPlane
from ballonet_lab.kubernetes.objects import document
from chart_parts import CHART, ROOT, Json, helm, of_kind, rendered

NAMESPACE = "memory"
RELEASE = "ballonet"
PREVIOUS = ROOT / "tests" / "data" / "charts" / "ballonet-0.1.0.tgz"
UPGRADE = ("upgrade", RELEASE, str(CHART), "-n", NAMESPACE, "--reset-then-reuse-values")
RIGHTS = ("ServiceAccount", "ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding")
ADMISSION = ("ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding")
LISTED = re.compile(
    r"(?P<resource>\S*)\s+\[(?P<urls>[^]]*)\]\s+\[(?P<names>[^]]*)\]\s+\[(?P<verbs>[^]]*)\]\s*"
)
ACCOUNTS = ("exporter", "agent", "controller", "test-hosts")


@pytest.fixture(scope="module")
def release() -> Iterator[ControlPlane]:
    """A control plane with a release that was upgraded from the version before; no kubelet runs its pods."""
    with ControlPlane.start() as plane:
        values = ("--create-namespace", "--set", "policies.web.mode=Observe")
        helm("install", RELEASE, str(PREVIOUS), "-n", NAMESPACE, *values, kubeconfig=plane.kubeconfig)
        helm(*UPGRADE, kubeconfig=plane.kubeconfig)
        hooks = [
            each
            for each in rendered(namespace=NAMESPACE)
            if each["metadata"]["name"] == "ballonet-test-hosts" and each["kind"] != "Pod"
        ]
        plane.kubectl("apply", "-f", "-", input=document(*hooks))
        yield plane


def bare(thing: Json) -> Json:
    """Return an object without what every object of a chart has."""
    thing = json.loads(json.dumps(thing))
    for key in ("labels", "annotations"):
        thing["metadata"].pop(key, None)
    thing.pop("automountServiceAccountToken", None)
    return thing


@pytest.mark.parametrize("kinds", [RIGHTS, ADMISSION], ids=["rights", "admission policy"])
def test_rights_are_those_of_deploy_kubernetes_whose_every_verb_is_proven(kinds: tuple[str, ...]) -> None:
    files = sorted((ROOT / "deploy" / "kubernetes").glob("*.yaml"))
    proven = [each for file in files for each in yaml.safe_load_all(file.read_text())]
    given = [
        bare(each)
        for each in rendered()
        if each["metadata"].get("labels", {}).get("app.kubernetes.io/component") in ("agent", "controller")
    ]

    def chosen(objects: list[Json]) -> list[str]:
        return sorted(json.dumps(bare(each), sort_keys=True) for each in objects if each["kind"] in kinds)

    assert len(chosen(proven)) >= len(kinds)
    assert chosen(given) == chosen(proven)


Right = tuple[str, str, str]


def test_an_upgrade_keeps_what_was_given_and_takes_the_new_defaults(release: ControlPlane) -> None:
    found = json.loads(
        release.kubectl("get", "daemonset", "ballonet-exporter", "-n", NAMESPACE, "-o", "json")
    )
    version = yaml.safe_load((CHART / "Chart.yaml").read_text())["version"]

    assert found["metadata"]["labels"]["helm.sh/chart"] == f"ballonet-{version}"
    assert version not in PREVIOUS.name
    (there,) = found["spec"]["template"]["spec"]["containers"]
    (default,) = of_kind(rendered(), "DaemonSet", "ballonet-exporter")["spec"]["template"]["spec"][
        "containers"
    ]
    assert there["resources"] == default["resources"]
    assert release.kubectl("get", "balloonpolicies", "-o", "name") == "balloonpolicy.ballonet.dev/web\n"


def rights(plane: ControlPlane, account: str, namespace: str) -> set[Right]:
    """Return what ``kubectl auth can-i --list`` says beyond what it says of everybody."""
    return listed(plane, account, namespace) - listed(plane, "nobody", namespace)


def listed(plane: ControlPlane, account: str, namespace: str) -> set[Right]:
    who = f"system:serviceaccount:{NAMESPACE}:{account}"
    groups = ("system:serviceaccounts", f"system:serviceaccounts:{NAMESPACE}", "system:authenticated")
    options = [word for group in groups for word in ("--as-group", group)]
    asked = ("auth", "can-i", "--list", "--no-headers", "-n", namespace, "--as", who, *options)
    lines = [LISTED.fullmatch(line) for line in plane.kubectl(*asked).splitlines() if line.strip()]
    return {(line["verbs"], line["resource"], f"{line['urls']}{line['names']}") for line in lines if line}


def table(plane: ControlPlane) -> str:
    """Return all that the accounts of a release may, as Markdown."""
    rows = ["| account | verbs | resource | where |", "|---|---|---|---|"]
    for account in ACCOUNTS:
        name = f"ballonet-{account}"
        # No role of the chart is in this namespace: what is allowed here is allowed everywhere.
        everywhere = rights(plane, name, "kube-system")
        found = {(each, "the cluster") for each in everywhere}
        for namespace, words in ((NAMESPACE, "its own namespace"), ("default", "the namespace `default`")):
            found |= {(each, words) for each in rights(plane, name, namespace) - everywhere}
        for (verbs, resource, only), where in sorted(found, key=lambda row: (row[1], row[0][1:])):
            what = f"`{resource}`" + (f" called `{only}`" if only else "")
            rows.append(f"| `{name}` | {verbs.replace(' ', ', ')} | {what} | {where} |")
        if not found:
            rows.append(f"| `{name}` | none | | |")
    return "".join(f"{row}\n" for row in rows)


def test_each_account_may_do_what_is_documented_and_nothing_else(release: ControlPlane) -> None:
    """The page docs/helm.md shows this file, and is held to it like every generated part."""
    golden.check("chart/rights.md", table(release))


def test_an_agent_of_the_release_cannot_write_the_host_of_another_node(release: ControlPlane) -> None:
    for node in ("north", "south"):
        release.add_node(node)
    agent = release.kubeconfig_of(token_on_node(release, "ballonet-agent", "north"))

    # A new policy is in force a little later.
    eventually(
        lambda: "may write only the BalloonHost of that name, not south" in refusal(release, agent, "south"),
        "the policy is in force",
    )
    assert refusal(release, agent, "north") == ""


def token_on_node(plane: ControlPlane, account: str, node: str) -> str:
    """Return a token that is bound to a pod of the account on that node."""
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "bound", "namespace": NAMESPACE},
        "spec": {
            "nodeName": node,
            "serviceAccountName": account,
            "containers": [{"name": "none", "image": "lab.invalid/none"}],
        },
    }
    plane.kubectl("apply", "-f", "-", input=document(pod))
    uid = plane.kubectl("get", "pod", "bound", "-n", NAMESPACE, "-o", "jsonpath={.metadata.uid}")
    bound = ("--bound-object-kind=Pod", "--bound-object-name=bound", f"--bound-object-uid={uid}")
    return plane.kubectl("create", "token", account, "-n", NAMESPACE, *bound).strip()


def refusal(plane: ControlPlane, kubeconfig: Path, name: str) -> str:
    """Return why the API server takes no BalloonHost of that name from somebody; empty where it does."""
    uid = plane.kubectl("get", "node", name, "-o", "jsonpath={.metadata.uid}")
    owner = {"apiVersion": "v1", "kind": "Node", "name": name, "uid": uid}
    host: dict[str, Any] = {
        "apiVersion": "ballonet.dev/v1alpha1",
        "kind": "BalloonHost",
        "metadata": {"name": name, "ownerReferences": [owner]},
    }
    apply = ("--kubeconfig", str(kubeconfig), "apply", "--server-side", "-f", "-")
    try:
        plane.kubectl(*apply, input=json.dumps(host))
    except LabError as error:
        return str(error)
    return ""


def test_the_documented_command_renews_the_crds_that_helm_leaves_alone(
    release: ControlPlane, tmp_path: Path
) -> None:
    """The release is upgraded, which changes none of them; then the command is run as it is written."""
    (command,) = [
        line
        for line in (CHART / "README.md").read_text().splitlines()
        if line.startswith("kubectl apply --server-side")
    ]
    name = "ballonet.dev_balloonpolicies.yaml"
    text = (CHART / "crds" / name).read_text()
    (tmp_path / name).write_text(text.replace("shortNames:\n", "shortNames:\n    - newer\n", 1))
    helm(*UPGRADE, kubeconfig=release.kubeconfig)

    release.kubectl(*command.replace("charts/ballonet/crds", str(tmp_path)).split()[1:])

    names = release.kubectl(
        "get", "crd", "balloonpolicies.ballonet.dev", "-o", "jsonpath={.spec.names.shortNames}"
    )
    assert "newer" in names
    assert release.kubectl("get", "balloonpolicies", "web", "-o", "jsonpath={.spec.mode}") == "Observe"


def test_an_upgrade_takes_the_lease_from_nobody(release: ControlPlane) -> None:
    name = ("lease", "ballonet-controller", "-n", NAMESPACE)
    release.kubectl("patch", *name, "--type=merge", "-p", '{"spec": {"holderIdentity": "somebody"}}')

    helm(*UPGRADE, kubeconfig=release.kubeconfig)

    assert release.kubectl("get", *name, "-o", "jsonpath={.spec.holderIdentity}") == "somebody"


def test_uninstall_leaves_the_crds_and_nothing_else(release: ControlPlane) -> None:
    every = "lease,all,pdb,sa,role,rolebinding,networkpolicy,configmap,secret"
    release.kubectl("delete", "pod", "bound", "-n", NAMESPACE, "--ignore-not-found", "--force")
    release.kubectl("delete", "clusterrole,clusterrolebinding", "ballonet-test-hosts")
    release.kubectl("delete", "sa,role,rolebinding", "ballonet-test-hosts", "-n", NAMESPACE)

    helm("uninstall", RELEASE, "-n", NAMESPACE, kubeconfig=release.kubeconfig)

    def left() -> set[str]:
        found = set(release.kubectl("get", every, "-n", NAMESPACE, "-o", "name").split())
        found |= {
            f"default {name}" for name in release.kubectl("get", "role,rolebinding", "-o", "name").split()
        }
        wide = "clusterrole,clusterrolebinding,validatingadmissionpolicy,validatingadmissionpolicybinding,crd"
        found |= {name for name in release.kubectl("get", wide, "-o", "name").split() if "ballonet" in name}
        return found | set(release.kubectl("get", "balloonpolicies", "-o", "name").split())

    kept = {
        "configmap/kube-root-ca.crt",
        "serviceaccount/default",
        "customresourcedefinition.apiextensions.k8s.io/balloonhosts.ballonet.dev",
        "customresourcedefinition.apiextensions.k8s.io/balloonpolicies.ballonet.dev",
    }
    # Pods go when their owners are gone.
    eventually(lambda: left() <= kept, "what the release had made is gone")
    assert left() == kept


def test_a_lease_that_controllers_made_by_themselves_is_in_nobodys_way(release: ControlPlane) -> None:
    metadata = {"name": "ballonet-controller", "namespace": "default"}
    lease = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata}
    release.kubectl("create", "-f", "-", input=json.dumps(lease))

    install = ("install", "another", str(CHART), "-n", "default", "--dry-run=server", "-o", "json")
    made = json.loads(helm(*install, kubeconfig=release.kubeconfig))["manifest"]

    kinds = [each["kind"] for each in yaml.safe_load_all(made) if each]
    assert "Deployment" in kinds
    assert "Lease" not in kinds
