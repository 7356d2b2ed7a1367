"""The lab's control plane: what the tests that use it rely on."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from ballonet_lab import LabError, eventually
from ballonet_lab.cleanup import lab_processes
from ballonet_lab.kubernetes import ControlPlane, Wire

COLOUR = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: colours.lab.invalid}
spec:
  group: lab.invalid
  scope: Cluster
  names: {plural: colours, singular: colour, kind: Colour}
  versions:
  - name: v1
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object, properties: {spec: {type: string, maxLength: 5}}}}
"""
START_AND_WAIT = """\
import sys
from ballonet_lab.kubernetes import ControlPlane
with ControlPlane.start() as plane:
    print(plane.directory, flush=True)
    sys.stdin.read()
"""


def colour(name: str, spec: str = "blue") -> str:
    return json.dumps(
        {"apiVersion": "lab.invalid/v1", "kind": "Colour", "metadata": {"name": name}, "spec": spec}
    )


def config_map(name: str) -> str:
    return json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}})


def version_of(plane: ControlPlane, *kind_and_name: str) -> str:
    return plane.kubectl("get", *kind_and_name, "-o", "jsonpath={.metadata.resourceVersion}")


def port_of(url: str) -> int:
    port = urlsplit(url).port
    assert port is not None
    return port


def answers(url: str) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port_of(url))) == 0


@pytest.fixture
def own_plane() -> Iterator[ControlPlane]:
    """A control plane for one test, which may do with it whatever it likes."""
    with ControlPlane.start() as plane:
        yield plane


def test_it_is_the_release_that_it_says(control_plane: ControlPlane) -> None:
    versions = json.loads(control_plane.kubectl("version", "-o", "json"))

    assert versions["serverVersion"]["gitVersion"] == versions["clientVersion"]["gitVersion"] == "v1.36.3"


def test_what_a_crd_defines_is_there_once_it_is_installed(
    control_plane: ControlPlane, tmp_path: Path
) -> None:
    file = tmp_path / "colour.yaml"
    file.write_text(COLOUR)

    control_plane.install(file)
    installed = datetime.now(UTC)
    control_plane.kubectl("get", "--raw", "/apis/lab.invalid/v1/colours")
    control_plane.kubectl("apply", "-f", "-", input=colour("sky"))

    assert control_plane.kubectl("get", "colours", "-o", "name") == "colour.lab.invalid/sky\n"
    refused = control_plane.refusal("apply", "-f", "-", input=colour("night", "darkblue"))
    assert "may not be more than 5" in refused
    assert 429 not in {request.code for request in control_plane.requests(since=installed)}


def test_what_kubectl_complains_about_is_the_error(control_plane: ControlPlane) -> None:
    with pytest.raises(LabError, match=r'namespaces "nowhere" not found'):
        control_plane.kubectl("get", "namespace", "nowhere")


def test_a_refusal_that_was_none_is_an_error(control_plane: ControlPlane) -> None:
    with pytest.raises(LabError, match="was not refused"):
        control_plane.refusal("get", "namespace", "ballonet")


def test_a_token_carries_the_name_of_its_node(control_plane: ControlPlane) -> None:
    control_plane.add_node("node-a")

    bound = control_plane.kubeconfig_of(control_plane.token("ballonet-agent", "node-a"))
    free = control_plane.kubeconfig_of(control_plane.token("ballonet-agent"))

    def who(kubeconfig: Path) -> dict[str, object]:
        said = control_plane.kubectl("--kubeconfig", str(kubeconfig), "auth", "whoami", "-o", "json")
        user: dict[str, object] = json.loads(said)["status"]["userInfo"]
        return user

    name = "authentication.kubernetes.io/node-name"
    assert who(bound)["username"] == who(free)["username"] == "system:serviceaccount:ballonet:ballonet-agent"
    extra = who(bound)["extra"]
    assert isinstance(extra, dict)
    assert extra[name] == ["node-a"]
    assert name not in str(who(free)["extra"])


def test_a_node_is_ready_and_keeps_the_labels_that_it_was_given_last(control_plane: ControlPlane) -> None:
    control_plane.add_node("node-b", {"tier": "web"})
    control_plane.add_node("node-b", {"tier": "batch"})

    node = json.loads(control_plane.kubectl("get", "node", "node-b", "-o", "json"))
    control_plane.delete_node("node-b")

    assert node["metadata"]["labels"] == {"kubernetes.io/hostname": "node-b", "tier": "batch"}
    assert "taints" not in node["spec"]
    assert [(entry["type"], entry["status"]) for entry in node["status"]["conditions"]] == [("Ready", "True")]
    assert "node-b" not in control_plane.kubectl("get", "nodes", "-o", "name")


def test_the_audit_log_has_every_request_by_the_time_it_is_answered(control_plane: ControlPlane) -> None:
    control_plane.add_node("node-c")
    kubeconfig = control_plane.kubeconfig_of(control_plane.token("ballonet-agent", "node-c"))
    before = datetime.now(UTC)

    control_plane.refusal("--kubeconfig", str(kubeconfig), "get", "--raw", "/api/v1/nodes/node-c")

    (request,) = control_plane.requests(user="ballonet-agent", since=before)
    assert (request.verb, request.resource, request.name, request.code) == ("get", "nodes", "node-c", 403)
    assert (request.node, request.subresource) == ("node-c", "")
    assert control_plane.requests(user="nobody") == []
    assert control_plane.requests(since=datetime.now(UTC)) == []


def test_a_cut_wire_tears_watches_and_a_mended_one_carries_again(control_plane: ControlPlane) -> None:
    with Wire.to(control_plane.server) as wire:
        kubeconfig = control_plane.kubeconfig_of(control_plane.token("ballonet-agent"), server=wire.server)
        asks = ("--kubeconfig", str(kubeconfig), "auth", "whoami")
        assert "ballonet-agent" in control_plane.kubectl(*asks)
        with socket.create_connection(("127.0.0.1", port_of(wire.server))) as client:
            eventually(lambda: wire.connections == 1, "the wire carries the connection")

            wire.cut()

            client.settimeout(10)
            with pytest.raises(ConnectionResetError):
                client.recv(1)
        assert "refused" in control_plane.refusal(*asks)

        wire.mend()
        assert "ballonet-agent" in control_plane.kubectl(*asks)
    assert not answers(wire.server)


def test_a_held_wire_is_silent_and_loses_nothing(control_plane: ControlPlane) -> None:
    with Wire.to(control_plane.server) as wire:
        kubeconfig = control_plane.kubeconfig_of(control_plane.token("ballonet-agent"), server=wire.server)
        asks = ("--kubeconfig", str(kubeconfig), "auth", "whoami")

        wire.hold()
        assert re.search("imeout|deadline exceeded", control_plane.refusal(*asks, "--request-timeout=1s"))
        with ThreadPoolExecutor() as pool:
            patient = pool.submit(control_plane.kubectl, *asks)
            eventually(lambda: wire.connections > 0, "somebody waits at the wire")
            wire.mend()
            assert "ballonet-agent" in patient.result()


def test_objects_outlive_the_api_server_and_its_port_stays(own_plane: ControlPlane) -> None:
    own_plane.kubectl("apply", "-f", "-", input=config_map("kept"))

    own_plane.stop_api_server()
    assert not answers(own_plane.server)
    own_plane.start_api_server()

    assert own_plane.kubectl("get", "configmap", "kept", "-o", "name") == "configmap/kept\n"


def test_an_old_version_is_gone_after_a_compaction_and_a_new_start(own_plane: ControlPlane) -> None:
    own_plane.kubectl("apply", "-f", "-", input=config_map("before"))
    old = version_of(own_plane, "configmap", "before")
    own_plane.kubectl("apply", "-f", "-", input=config_map("after"))
    watch = f"/api/v1/configmaps?watch=1&timeoutSeconds=1&resourceVersion={old}"
    exactly = f"/api/v1/configmaps?resourceVersionMatch=Exact&resourceVersion={old}"
    assert '"name":"after"' in own_plane.kubectl("get", "--raw", watch)
    assert '"name":"before"' in own_plane.kubectl("get", "--raw", exactly)

    assert own_plane.compact() > int(old)
    own_plane.stop_api_server()
    own_plane.start_api_server()

    assert '"code":410' in own_plane.kubectl("get", "--raw", watch)
    assert "too old" in own_plane.refusal("get", "--raw", exactly)


@pytest.mark.parametrize(
    "end", [pytest.param(signal.SIGKILL, id="killed"), pytest.param(signal.SIGINT, id="interrupted")]
)
def test_nothing_is_left_when_the_process_that_started_it_is(end: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", START_AND_WAIT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as owner:
        assert owner.stdout is not None
        directory = Path(owner.stdout.readline().strip())
        processes = lab_processes(directory)

        os.kill(owner.pid, end)
        owner.wait(30)

    assert len(processes) == 3
    eventually(lambda: not directory.exists(), "the control plane's directory is gone")
    assert lab_processes(directory) == []


def test_the_command_runs_one_until_it_is_interrupted() -> None:
    command = [sys.executable, "-m", "ballonet_lab", "control-plane"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        export = program.stdout.readline().strip()
        answer = subprocess.run(
            ["bash", "-c", f"{export}; kubectl get namespaces -o name; helm list"],
            capture_output=True, text=True, check=True,
        )  # fmt: skip

        program.send_signal(signal.SIGINT)
        assert program.wait(30) == 0

    assert "namespace/default\n" in answer.stdout
    assert "NAMESPACE" in answer.stdout
    kubeconfig = Path(export.removeprefix("export KUBECONFIG=").split()[0])
    assert not kubeconfig.parent.exists()


def test_nothing_is_left_when_it_is_closed() -> None:
    with ControlPlane.start() as plane:
        assert len(lab_processes(plane.directory)) == 3
    plane.close()

    assert not plane.directory.exists()
    assert lab_processes(plane.directory) == []
    assert not answers(plane.server)
