"""The keys and certificates of one control plane, made with openssl and thrown away with it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ballonet_lab.programs import run_program

_DAYS: Final = "30"
_NAMES: Final = (
    "DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,IP:127.0.0.1,IP:10.96.0.1"
)
# Python from 3.13 on refuses certificates that do not name the key that signed them.
_LEAF: Final = "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\nkeyUsage=critical,digitalSignature\n"
_AUTHORITY: Final = (
    "basicConstraints=critical,CA:TRUE",
    "keyUsage=critical,keyCertSign,cRLSign,digitalSignature",
    "subjectKeyIdentifier=hash",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who a certificate is for.

    Attributes:
        name: of its files.
        subject: as openssl writes it; O is a group, CN a user.
        names: what a server is reached by, as openssl writes alternative names; empty for a client.
    """

    name: str
    subject: str
    names: str = ""

    @property
    def extensions(self) -> str:
        """What the certificate may be used for."""
        if self.names:
            return f"extendedKeyUsage=serverAuth\nsubjectAltName={self.names}"
        return "extendedKeyUsage=clientAuth"


ADMIN: Final = Identity(name="admin", subject="/O=system:masters/CN=admin")
CONTROLLERS: Final = Identity(name="controllers", subject="/CN=system:kube-controller-manager")


@dataclass(frozen=True, slots=True)
class Certificates:
    """Where they lie. Each certificate NAME.crt has its key NAME.key."""

    directory: Path

    @classmethod
    def make(cls, directory: Path, *others: Identity, address: str | None = None) -> "Certificates":
        """Make an authority, certificates for the API server, its admin and its controllers, and the key
        of the service accounts' tokens.

        Args:
            directory: a new one for the files.
            others: who gets a certificate as well.
            address: of the API server, where it is not on loopback.

        Raises:
            LabError: openssl is missing or fails.
        """  # noqa: D205 - one sentence.
        directory.mkdir()
        made = cls(directory)
        made._make_authority()
        names = f"{_NAMES},IP:{address}" if address else _NAMES
        server = Identity(name="apiserver", subject="/CN=kube-apiserver", names=names)
        for identity in (server, ADMIN, CONTROLLERS, *others):
            made._sign(identity.name, identity.subject, identity.extensions)
        made._make_key("accounts")
        made._openssl("ec", "-in", "accounts.key", "-pubout", "-out", "accounts.pub")
        return made

    @property
    def authority(self) -> Path:
        """The certificate that all others are signed with."""
        return self.file("ca.crt")

    def file(self, name: str) -> Path:
        """Return the path of one file."""
        return self.directory / name

    def _make_authority(self) -> None:
        self._make_key("ca")
        extensions = [word for line in _AUTHORITY for word in ("-addext", line)]
        self._openssl(
            "req", "-x509", "-new", "-key", "ca.key", "-subj", "/CN=ballonet-lab", "-days", _DAYS,
            *extensions, "-out", "ca.crt",
        )  # fmt: skip

    def _sign(self, name: str, subject: str, extensions: str) -> None:
        self._make_key(name)
        self._openssl("req", "-new", "-key", f"{name}.key", "-subj", subject, "-out", f"{name}.csr")
        self.file(f"{name}.ext").write_text(f"{_LEAF}{extensions}\n")
        self._openssl(
            "x509", "-req", "-in", f"{name}.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial",
            "-days", _DAYS, "-extfile", f"{name}.ext", "-out", f"{name}.crt",
        )  # fmt: skip

    def _make_key(self, name: str) -> None:
        self._openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", f"{name}.key")

    def _openssl(self, *arguments: str) -> None:
        run_program("openssl", *arguments, directory=self.directory)
