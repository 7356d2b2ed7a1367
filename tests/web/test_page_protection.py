"""The web file that ``docs/web.md`` shows keeps strangers out and lets a person with the password in."""

import re
from pathlib import Path

import pytest
import trustme
from playwright.sync_api import Browser

from ballonet.web.rules import RulesFile
from pages import six
from served_pages import front, served

DOCUMENT = Path(__file__).resolve().parents[2] / "docs/web.md"
EXAMPLE = re.compile(r"^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture
def rules(tmp_path: Path) -> RulesFile:
    """The example as it stands there, with certificates beside it."""
    certificate = trustme.CA().issue_cert("127.0.0.1")
    certificate.private_key_pem.write_to_path(tmp_path / "server.key")
    certificate.cert_chain_pems[0].write_to_path(tmp_path / "server.crt")
    (example,) = EXAMPLE.findall(DOCUMENT.read_text())
    file = tmp_path / "web.yaml"
    file.write_text(example)
    return RulesFile(file)


@pytest.mark.parametrize(
    ("password", "status"),
    [("change-me", 200), ("guessed", 401), (None, 401)],
    ids=["right", "wrong", "none"],
)
def test_the_example_lets_only_a_person_with_the_password_in(
    browser: Browser, rules: RulesFile, password: str | None, status: int
) -> None:
    with served({"/": front(*six())}, rules) as address:
        context = browser.new_context(
            ignore_https_errors=True,
            http_credentials={"username": "operator", "password": password} if password else None,
        )
        answer = context.request.get(address.replace("http:", "https:"))

        assert answer.status == status
        assert ("database" in answer.text()) is (status == 200)
        assert answer.headers.get("cache-control") == ("no-store" if status == 200 else None)
        context.close()
