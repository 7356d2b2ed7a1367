"""The Kubernetes API server: the only module that imports the official client.

Objects go in and out as the JSON that they are, because most of them are our own and checked by our own
models. A watch is not among the requests; that is kopf's business.
"""

import json
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from kubernetes.client.api_client import ApiClient
from kubernetes.client.configuration import Configuration
from kubernetes.client.exceptions import OpenApiException
from kubernetes.config import load_incluster_config, load_kube_config
from kubernetes.config.config_exception import ConfigException
from urllib3.exceptions import HTTPError
from yaml import YAMLError

from ballonet.api_kinds import JSON, Kind
from ballonet.errors import ApiServerRefused, ApiServerUnreachable, ConfigError
from ballonet.kubeconfig import in_memory, problem, workplace

Json = dict[str, Any]

_CONNECT: Final = 3.0
"""Seconds to connect."""
_ANSWER: Final = 15.0
"""Seconds between two pieces of an answer. A list of thousands of objects streams on."""
PAGE: Final = 100
"""Objects per answer of a list. A BalloonHost may have 50 KiB, which take ten times as much when parsed."""
_APPLY: Final = "application/apply-patch+yaml"  # JSON is YAML.
_FILES: Final = ("ssl_ca_cert", "cert_file", "key_file")
"""Attributes of the client's configuration that name files."""
_MISSHAPEN: Final = (AttributeError, KeyError, TypeError, ValueError, YAMLError)
"""What the client raises for a kubeconfig that is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """How to reach and convince the server, for whoever makes requests of another kind."""

    server: str
    ca_file: str | None
    token: str | None
    certificate_file: str | None
    key_file: str | None
    verify: bool


class ApiServer:
    """One API server; thread-safe.

    Args:
        kubeconfig: None means the pod's service account where there is one, otherwise what kubectl uses.
        context: of the kubeconfig; None means its current one.
        answer_within: seconds until a request is given up that nothing comes back for.

    Raises:
        ConfigError: there are no credentials, or they cannot be used.
    """

    def __init__(
        self, kubeconfig: Path | None = None, *, context: str | None = None, answer_within: float = _ANSWER
    ) -> None:
        # A request that fails is made again by the next cycle, not inside the client.
        self._configuration, self._kept = _configuration(kubeconfig, context)
        self._configuration.retries = 0
        self._client = ApiClient(self._configuration)
        self._timeout = (_CONNECT, answer_within)
        self._client.user_agent = "ballonet"
        # The client says at every failed request what its caller says better.
        logging.getLogger("urllib3").setLevel(logging.ERROR)

    @property
    def server(self) -> str:
        """The server's URL."""
        return str(self._configuration.host)

    def credentials(self) -> Credentials:
        """Return the credentials as they are now; a service account's token is read anew once a minute."""
        bearer = self._configuration.get_api_key_with_prefix("BearerToken")
        # When the client looks after its token, it forgets that its files have moved.
        files = [getattr(self._configuration, name) for name in _FILES]
        ca, certificate, key = (self._kept.get(file, file) for file in files)
        return Credentials(
            server=self.server,
            ca_file=ca,
            token=bearer.split(maxsplit=1)[-1] if bearer else None,
            certificate_file=certificate,
            key_file=key,
            verify=bool(self._configuration.verify_ssl),
        )

    def get(self, kind: Kind, name: str, *, namespace: str = "") -> Json | None:
        """Return one object; None when it does not exist.

        Raises:
            ApiServerUnreachable, ApiServerRefused: as for every other request.
        """
        try:
            return self._request("GET", kind.path(name, namespace=namespace))
        except ApiServerRefused as error:
            if error.code == 404:
                return None
            raise

    def list(self, kind: Kind, *, namespace: str = "", **query: str) -> Iterator[Json]:
        """Yield all objects, page by page; ``query`` may have fieldSelector and labelSelector.

        A list that takes so long that its next page has expired ends with ApiServerRefused, code 410.
        """
        more = ""
        while True:
            page = {**query, "limit": str(PAGE), **({"continue": more} if more else {})}
            path, accept = kind.path(namespace=namespace), kind.accept()
            answer = self._request("GET", path, query=page, accept=accept)
            yield from answer.get("items") or ()
            more = (answer.get("metadata") or {}).get("continue") or ""
            if not more:
                return

    def apply(self, kind: Kind, body: Json, *, manager: str, subresource: str = "") -> Json:
        """Apply an object on the server's side; it is made where it is missing.

        Fields that ``manager`` applied before and leaves out now are removed.
        """
        query = {"fieldManager": manager, "force": "true"}
        path = kind.path(body["metadata"]["name"], subresource=subresource)
        # The server's reader of YAML refuses the pairs of escapes that JSON has for letters beyond U+FFFF.
        text = json.dumps(body, ensure_ascii=False).encode(errors="replace")
        return self._request("PATCH", path, query=query, body=text, content=_APPLY)

    def create(self, kind: Kind, body: Json, *, namespace: str = "", manager: str = "") -> Json:
        """Create an object; ApiServerRefused with code 409 when it exists."""
        query = {"fieldManager": manager} if manager else {}
        return self._request("POST", kind.path(namespace=namespace), query=query, body=body)

    def check(self, kind: Kind, body: Json) -> Json:
        """Return the object as it would be created, unknown fields being refused; nothing is stored."""
        query = {"dryRun": "All", "fieldValidation": "Strict"}
        return self._request("POST", kind.path(), query=query, body=body)

    def replace(self, kind: Kind, body: Json, *, namespace: str = "") -> Json:
        """Replace an object; ApiServerRefused with code 409 when it has changed since it was read."""
        return self._request("PUT", kind.path(body["metadata"]["name"], namespace=namespace), body=body)

    def delete(self, kind: Kind, name: str, *, uid: str, namespace: str = "") -> bool:
        """Delete the object with this uid; False when it is gone, or another one of its name exists."""
        body = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {"uid": uid}}
        try:
            self._request("DELETE", kind.path(name, namespace=namespace), body=body)
        except ApiServerRefused as error:
            if error.code in (404, 409):
                return False
            raise
        return True

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Json | bytes | None = None,
        content: str = JSON,
        accept: str = JSON,
    ) -> Json:
        headers = {"Accept": accept} | ({"Content-Type": content} if body is not None else {})
        try:
            request = self._client.param_serialize(
                method,
                path,
                query_params=sorted((query or {}).items()),
                header_params=headers,
                body=body,
                auth_settings=["BearerToken"],
            )
            answer = self._client.call_api(*request, _request_timeout=self._timeout)
            content_bytes = answer.read()
        except (HTTPError, OpenApiException, OSError, ConfigException) as error:
            raise ApiServerUnreachable(f"{self.server}: {_one_line(error)}") from error
        return _judged(int(answer.status), content_bytes or b"")


def _configuration(kubeconfig: Path | None, context: str | None) -> tuple[Configuration, dict[str, str]]:
    """Return what the client is to use, and which of its files are in memory now."""
    configuration = Configuration()
    try:
        with workplace() as directory:
            _load(configuration, kubeconfig, context, directory)
            files = [getattr(configuration, name) for name in _FILES]
            kept = in_memory(directory, files)
    except (ConfigException, OSError, *_MISSHAPEN) as error:
        raise ConfigError(_refusal(kubeconfig, error)) from error
    for name, file in zip(_FILES, files, strict=True):
        setattr(configuration, name, kept.get(file, file))
    return configuration, kept


def _load(configuration: Configuration, kubeconfig: Path | None, context: str | None, directory: str) -> None:
    if kubeconfig is None and context is None:
        try:
            load_incluster_config(client_configuration=configuration)
        except ConfigException:
            load_kube_config(client_configuration=configuration, temp_file_path=directory)
    else:
        load_kube_config(
            config_file=None if kubeconfig is None else str(kubeconfig),
            context=context,
            client_configuration=configuration,
            temp_file_path=directory,
        )


def _refusal(kubeconfig: Path | None, error: Exception) -> str:
    """Return why there are no credentials; what Python says of a misshapen file helps nobody."""
    if found := problem(kubeconfig):
        return found
    where = "" if kubeconfig is None else f"{kubeconfig}: "
    why = "its parts are not of the right form" if isinstance(error, _MISSHAPEN) else _one_line(error)
    return (
        f"{where}no usable Kubernetes credentials: {why.rstrip('.')}: run inside a pod with "
        "a service account, or name a kubeconfig"
    )


def _judged(code: int, content: bytes) -> Json:
    """Return the answer's object, or raise what it says is wrong."""
    try:
        answer = json.loads(content) if content else {}
    except ValueError:
        answer = {}
    if 200 <= code <= 299 and isinstance(answer, dict):
        return answer
    status = answer if isinstance(answer, dict) else {}
    message = status.get("message") or f"HTTP status {code}"
    raise ApiServerRefused(" ".join(str(message).split()), code=code, reason=str(status.get("reason") or ""))


def _one_line(error: BaseException) -> str:
    """Return what an error says, without the addresses of Python objects in it."""
    reason = getattr(error, "reason", None) or error
    return " ".join(str(reason).split()) or type(error).__name__
