"""libvirt's errors as ours."""

import libvirt
import pytest

from ballonet.errors import GuestGone, HypervisorUnreachable, Refused
from ballonet.libvirtd.libvirt_errors import CAUSES, ConnectionLost, LibvirtError, failure, unreachable

QEMU = libvirt.VIR_FROM_QEMU


@pytest.mark.parametrize(
    ("name", "text", "cause"),
    [
        ("VIR_ERR_NO_SUPPORT", "not supported by the driver", "not_supported"),
        ("VIR_ERR_INVALID_ARG", "cannot set memory higher than max memory", "above_maximum"),
        ("VIR_ERR_OPERATION_DENIED", "read only access prevents it", "read_only"),
        ("VIR_ERR_OPERATION_INVALID", "domain is not running", "not_running"),
        ("VIR_ERR_OPERATION_INVALID", "without the balloon device and driver", "no_balloon_device"),
        ("VIR_ERR_INTERNAL_ERROR", "Memory balloon model must be virtio", "no_balloon_device"),
        ("VIR_ERR_INTERNAL_ERROR", "End of file from qemu monitor", "failed"),
        ("VIR_ERR_OPERATION_TIMEOUT", "cannot acquire state change lock", "busy"),
        ("VIR_ERR_RESOURCE_BUSY", "busy", "busy"),
        ("VIR_ERR_ARGUMENT_UNSUPPORTED", "no such device", "no_balloon_device"),
        ("VIR_ERR_OPERATION_UNSUPPORTED", "not here", "not_supported"),
        ("VIR_ERR_CONFIG_UNSUPPORTED", "not here", "not_supported"),
        ("VIR_ERR_ACCESS_DENIED", "access denied", "denied"),
        ("VIR_ERR_AUTH_FAILED", "authentication failed", "denied"),
        ("VIR_ERR_AUTH_CANCELLED", "cancelled", "denied"),
        ("VIR_ERR_AUTH_UNAVAILABLE", "no agent", "denied"),
        ("VIR_ERR_XML_ERROR", "anything else", "failed"),
    ],
)
def test_a_refusal_has_a_cause(name: str, text: str, cause: str) -> None:
    error = failure(LibvirtError(getattr(libvirt, name), QEMU, text), "resize web-1", "qemu:///system")

    assert isinstance(error, Refused)
    assert (str(error), error.cause) == (f"cannot resize web-1: {text}", cause)


def test_the_table_names_only_errors_that_libvirt_has() -> None:
    known = {getattr(libvirt, name) for name in dir(libvirt) if name.startswith("VIR_ERR_")}

    assert set(CAUSES) <= known


def test_a_domain_that_is_not_there_is_a_guest_gone() -> None:
    error = failure(LibvirtError(libvirt.VIR_ERR_NO_DOMAIN, QEMU, "no domain"), "resize web-1", "")

    assert isinstance(error, GuestGone)


@pytest.mark.parametrize(
    ("code", "domain"),
    [
        (libvirt.VIR_ERR_SYSTEM_ERROR, libvirt.VIR_FROM_RPC),
        (libvirt.VIR_ERR_INTERNAL_ERROR, libvirt.VIR_FROM_RPC),
        (libvirt.VIR_ERR_RPC, libvirt.VIR_FROM_REMOTE),
        (libvirt.VIR_ERR_INVALID_CONN, libvirt.VIR_FROM_DOM),
    ],
    ids=["broken pipe", "client socket is closed", "remote", "invalid connection"],
)
def test_an_error_of_the_connection_means_that_it_is_lost(code: int, domain: int) -> None:
    assert isinstance(
        failure(LibvirtError(code, domain, "gone"), "read web-1", "qemu:///system"), ConnectionLost
    )


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("Failed to connect socket to '/run/x': No such file or directory", "systemctl start libvirtd"),
        ("Failed to connect socket to '/run/x': Connection refused", "systemctl start libvirtd"),
        ("Failed to connect socket to '/run/x': Permission denied", "group libvirt"),
        ("authentication unavailable: no polkit agent", "polkit"),
        ("Cannot read CA certificate '/etc/pki/CA/cacert.pem'", "tlscerts"),
        ("something new", "virsh -c URI list"),
    ],
)
def test_an_unreachable_libvirt_comes_with_what_helps(text: str, remedy: str) -> None:
    error = unreachable(LibvirtError(38, libvirt.VIR_FROM_RPC, text), "qemu:///system")

    assert isinstance(error, HypervisorUnreachable)
    assert str(error).startswith(f"cannot reach libvirt at qemu:///system: {text}; ")
    assert remedy in str(error)


def test_a_message_is_one_line_without_control_characters() -> None:
    error = failure(LibvirtError(1, QEMU, "first\nsecond \x1b[31mred"), "read x", "")

    assert str(error) == "cannot read x: first second ?[31mred"
