"""Where models are asked and with which key: what is set here, and nothing that lies about in the environment."""

from __future__ import annotations

import os
from typing import Any

import pytest

from config.checks import models_addresses_are_allowed
from llm.access import (
    Access,
    access_to,
    asks_any,
    is_of_the_machine_park,
    provider_named,
    silence_of,
    wrong_settings,
    wrong_with,
)
from llm.errors import ModelFailed, ProviderFailed
from llm.models import Call
from llm.providers.litellm import leave_nothing_to_look_up
from tests.llm.conftest import KEY, Ask
from tests.machinery.stub_server import StubServer

LOCAL = "http://127.0.0.1:8080/v1"


@pytest.fixture(autouse=True)
def nothing_is_set(settings: Any) -> None:
    settings.LLM_BASE = settings.LLM_KEY = settings.LLM_PROVIDER = ""
    settings.LLM_BASES, settings.LLM_PROVIDER_KEYS, settings.LLM_PROVIDER_BASES = [], {}, {}


@pytest.mark.parametrize(
    ("model", "provider"),
    [("openai/gpt", "openai"), ("together_ai/a/b", "together_ai"), ("x-y/z", "x_y"), ("gpt", ""), ("", "")],
)
def test_provider_is_what_stands_before_the_first_slash(model: str, provider: str) -> None:
    assert provider_named(model) == provider


def test_each_provider_gets_its_own_key_and_no_other(settings: Any) -> None:
    settings.LLM_PROVIDER_KEYS = {"openai": "sk-o", "anthropic": "sk-a"}
    settings.LLM_BASE, settings.LLM_KEY, settings.LLM_BASES = LOCAL, "sk-general", [LOCAL]
    settings.LLM_PROVIDER = "mistral"
    assert access_to("openai/gpt") == Access("", "sk-o"), "and not to the address that is meant for the others"
    assert access_to("anthropic/claude") == Access("", "sk-a")
    assert access_to("mistral/large") == Access(LOCAL, "sk-general")
    with pytest.raises(ProviderFailed, match=r"no key for cohere/any: set RAPPORT_LLM_KEY_COHERE"):
        access_to("cohere/any")


OTHERS = ["anthropic/claude", "openai_like/any", "clarifai/openai.any", "gpt-4o", "OPENAI2/any", "/any", ""]


@pytest.mark.parametrize("base", ["", LOCAL])
@pytest.mark.parametrize("model", OTHERS)
def test_key_goes_to_no_provider_but_the_one_it_is_said_to_be_of(model: str, base: str, settings: Any) -> None:
    """Whoever writes a study names the provider, and would have the key of another sent to it."""
    settings.LLM_KEY, settings.LLM_PROVIDER, settings.LLM_BASE, settings.LLM_BASES = (
        "sk-secret",
        "OpenAI",
        base,
        [LOCAL],
    )
    assert access_to("openai/gpt") == Access(base, "sk-secret")
    assert silence_of("openai/gpt") == ""
    with pytest.raises(ProviderFailed) as failed:
        access_to(model)
    assert failed.value.code == "config"
    assert str(failed.value) == silence_of(model)
    assert f"no key for {model}: " in str(failed.value)
    assert "sk-secret" not in str(failed.value)


@pytest.mark.parametrize("base", ["", LOCAL])
@pytest.mark.parametrize("provider", ["", " ", "/"])
def test_key_of_no_provider_goes_to_nobody_and_the_start_says_so(provider: str, base: str, settings: Any) -> None:
    settings.LLM_KEY, settings.LLM_PROVIDER, settings.LLM_BASE, settings.LLM_BASES = (
        "sk-secret",
        provider,
        base,
        [LOCAL],
    )
    with pytest.raises(ProviderFailed, match="RAPPORT_LLM_KEY_OPENAI"):
        access_to("openai/gpt")
    (error,) = models_addresses_are_allowed(None)
    assert (error.id, "does not say which provider" in error.msg) == ("rapport.E003", True)
    assert "set RAPPORT_LLM_PROVIDER" in str(error.hint)
    settings.LLM_PROVIDER = "openai"
    assert models_addresses_are_allowed(None) == []


def test_address_without_a_key_gives_nothing_away_and_is_for_all_unless_it_is_said_to_be_of_one(settings: Any) -> None:
    settings.LLM_BASE, settings.LLM_BASES = LOCAL, [LOCAL]
    assert access_to("ollama/one") == access_to("hosted_vllm/two") == Access(LOCAL, "")
    settings.LLM_PROVIDER = "ollama"
    assert access_to("ollama/one") == Access(LOCAL, "")
    assert "RAPPORT_LLM_BASE_HOSTED_VLLM" in silence_of("hosted_vllm/two")


@pytest.mark.django_db(transaction=True)
def test_study_that_names_another_provider_gets_the_name_and_the_remedy_and_nothing_is_sent(
    stub: StubServer, ask: Ask, settings: Any
) -> None:
    settings.LLM_BASES, settings.LLM_BASE, settings.LLM_KEY, settings.LLM_PROVIDER = (
        [stub.base],
        stub.base,
        KEY,
        "openai",
    )
    with pytest.raises(ModelFailed, match=r"mistral/any.*set RAPPORT_LLM_KEY_MISTRAL") as failed:
        ask(model="mistral/any")
    assert failed.value.code == "config"
    assert stub.requests == []
    ask(scope="due:2")
    assert stub.keys == [f"Bearer {KEY}"]


def test_own_address_of_a_provider_gets_its_own_key_only(settings: Any) -> None:
    settings.LLM_PROVIDER_BASES, settings.LLM_KEY, settings.LLM_BASES = {"vllm": LOCAL}, "sk-general", [LOCAL]
    assert access_to("vllm/one") == Access(LOCAL, "")


def test_model_without_key_and_address_is_refused_with_the_names_of_both() -> None:
    with pytest.raises(
        ProviderFailed, match="no key for openai/gpt: set RAPPORT_LLM_KEY_OPENAI, or RAPPORT_LLM_BASE_OPENAI where"
    ) as failed:
        access_to("openai/gpt")
    assert failed.value.code == "config"
    assert silence_of("openai/gpt")
    assert not silence_of("scripted/any")
    assert not asks_any()


ALLOWED = ["https://llm.example.org/v1", LOCAL]


@pytest.mark.parametrize(
    "base",
    [
        "https://llm.example.org/v1", "https://llm.example.org/v1/", "https://llm.example.org:443/v1/openai",
        "HTTPS://LLM.example.org/v1", LOCAL,
    ],
)  # fmt: skip
def test_listed_address_and_what_is_below_it_may_be_asked(base: str) -> None:
    assert wrong_with("B", base, ALLOWED) is None


@pytest.mark.parametrize(
    ("base", "said"),
    [
        ("https://llm.example.org.evil.test/v1", "does not list"),
        ("https://llm.example.org/v10", "does not list"),
        ("https://llm.example.org/", "does not list"),
        ("http://llm.example.org/v1", "does not list"),
        ("https://llm.example.org:8443/v1", "does not list"),
        ("http://127.0.0.1:8081/v1", "does not list"),
        ("https://llm.example.org/v1/../admin", "may lead elsewhere"),
        ("https://llm.example.org/v1/%2e%2e/admin", "may lead elsewhere"),
        ("https://user:secret-word@llm.example.org/v1", "more than scheme"),
        ("https://llm.example.org/v1?key=secret-word", "more than scheme"),
        ("https://llm.example.org/v1#x", "more than scheme"),
        ("http://169.254.169.254/latest", "their own secrets"),
        ("http://[fe80::1]/v1", "their own secrets"),
        ("http://metadata.google.internal/", "their own secrets"),
        ("http://Metadata.Google.Internal./", "their own secrets"),
        ("http://[::ffff:169.254.169.254]/v1", "their own secrets"),
        ("http://[64:ff9b::a9fe:a9fe]/v1", "their own secrets"),
        ("http://[2002:a9fe:a9fe::]/v1", "their own secrets"),
        ("http://[fd00:ec2::254]/v1", "their own secrets"),
        ("http://2852039166/v1", "their own secrets"),
        ("http://0xa9fea9fe/v1", "their own secrets"),
        ("http://0251.0376.0251.0376/v1", "their own secrets"),
        ("http://169.254.43518/v1", "their own secrets"),
        ("http://169.254.169.254./v1", "their own secrets"),
        ("http://\uff11\uff16\uff19.254.169.254/v1", "their own secrets"),
        ("http://100.100.100.200/v1", "their own secrets"),
        ("http://llm.example.org@evil.test/v1", "more than scheme"),
        ("http://llm.example.org\\@evil.test/v1", "more than scheme"),
        ("https://llm\uff0eexample\uff0eorg.evil.test/v1", "does not list"),
        ("https://llm.\u0435xample.org/v1", "does not list"),
        ("http://127.1:8080/v1", "does not list"),
        ("ftp://llm.example.org/v1", "is no address"),
        ("llm.example.org/v1", "is no address"),
        ("https://llm.example.org:port/v1", "is no address"),
        ("https://", "is no address"),
    ],
)
def test_any_other_address_is_refused_without_being_repeated(base: str, said: str) -> None:
    wrong = wrong_with("RAPPORT_LLM_BASE", base, ALLOWED)
    assert wrong is not None
    assert said in wrong.what
    assert wrong.remedy
    assert "secret-word" not in str(wrong)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "::1", "10.0.0.7", "llm.example.org", "2001:db8::1", "17000.example", ""]
)
def test_other_hosts_are_not_those_of_machines_secrets(host: str) -> None:
    assert not is_of_the_machine_park(host)


def test_address_of_machines_secrets_cannot_be_allowed_either(settings: Any) -> None:
    settings.LLM_BASES = ["http://169.254.169.254/"]
    settings.LLM_BASE = "http://169.254.169.254/latest"
    assert len(list(wrong_settings())) == 2


def test_start_is_refused_where_an_address_is_not_allowed(settings: Any) -> None:
    settings.LLM_BASES, settings.LLM_BASE = ALLOWED, LOCAL
    assert models_addresses_are_allowed(None) == []
    settings.LLM_PROVIDER_BASES = {"openai": "https://elsewhere.example.org/v1"}
    (error,) = models_addresses_are_allowed(None)
    assert error.id == "rapport.E003"
    assert "RAPPORT_LLM_BASE_OPENAI" in error.msg
    assert "RAPPORT_LLM_BASES" in str(error.hint)


@pytest.mark.django_db(transaction=True)
def test_question_to_an_address_that_is_not_allowed_is_not_sent(stub: StubServer, ask: Ask, settings: Any) -> None:
    settings.LLM_BASES, settings.LLM_BASE, settings.LLM_KEY, settings.LLM_PROVIDER = ALLOWED, stub.base, KEY, "openai"
    with pytest.raises(ModelFailed, match="RAPPORT_LLM_BASES") as failed:
        ask()
    assert failed.value.code == "config"
    assert stub.requests == []
    assert Call.objects.get().outcome == "config"


@pytest.mark.django_db(transaction=True)
def test_model_whose_name_is_an_address_gets_no_key(stub: StubServer, ask: Ask, settings: Any) -> None:
    settings.LLM_BASE, settings.LLM_PROVIDER_KEYS = "", {"huggingface": KEY}
    with pytest.raises(ModelFailed, match="name is an address") as failed:
        ask(model=f"huggingface/{stub.base}")
    assert failed.value.code == "config"
    assert stub.requests == []


@pytest.mark.django_db(transaction=True)
def test_name_that_leads_to_machines_secrets_is_not_asked(
    stub: StubServer, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    from llm.providers import bounded  # it loads the library

    async def found(_host: str) -> list[str]:
        return ["10.0.0.7", "169.254.169.254"]

    monkeypatch.setattr(bounded, "_addresses_of", found)
    monkeypatch.setattr(bounded, "_looked_at", {})
    with pytest.raises(ModelFailed, match="find their own secrets") as failed:
        ask()
    assert failed.value.code == "config"
    assert stub.requests == []


@pytest.mark.django_db(transaction=True)
def test_library_that_does_not_keep_to_the_address_gets_no_key_to_another(
    stub: StubServer, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It knows many providers, and of some it knows better than whoever says where to ask."""
    import litellm

    asks = litellm.acompletion
    with StubServer() as elsewhere:

        async def knows_better(**said: Any) -> Any:
            return await asks(**said | {"api_base": elsewhere.base})

        monkeypatch.setattr(litellm, "acompletion", knows_better)
        with pytest.raises(ModelFailed, match="does not keep to the address") as failed:
            ask()
        assert failed.value.code == "config"
        assert elsewhere.requests == stub.requests == []
    monkeypatch.undo()
    ask(scope="due:2")
    assert stub.keys == [f"Bearer {KEY}"]


def test_key_is_in_no_picture_of_what_holds_it() -> None:
    assert KEY not in repr(Access(LOCAL, KEY))


@pytest.mark.django_db(transaction=True)
def test_key_of_the_provider_goes_to_its_address(stub: StubServer, ask: Ask, settings: Any) -> None:
    settings.LLM_BASES, settings.LLM_PROVIDER_BASES = [stub.base], {"openai": stub.base}
    settings.LLM_PROVIDER_KEYS, settings.LLM_KEY = {"openai": "sk-of-openai"}, KEY
    ask()
    assert stub.keys == ["Bearer sk-of-openai"]


def test_nothing_of_other_programs_is_left_to_the_library() -> None:
    environment = {
        "OPENAI_API_KEY": "1", "OPENAI_BASE_URL": "2", "ANTHROPIC_API_BASE": "3", "AWS_SECRET_ACCESS_KEY": "4",
        "GOOGLE_APPLICATION_CREDENTIALS": "5", "OPENAI_ORGANIZATION": "6", "DISABLE_AIOHTTP_TRANSPORT": "True",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": "7", "AWS_WEB_IDENTITY_TOKEN_FILE": "8", "AZURE_CLIENT_SECRET": "9",
        "HF_TOKEN": "10", "SSL_VERIFY": "False", "LITELLM_PRINT_STANDARD_LOGGING_PAYLOAD": "1",
        "RAPPORT_LLM_KEY_OPENAI": "ours", "PATH": os.environ["PATH"], "DATABASE_URL": "postgresql://",
    }  # fmt: skip
    leave_nothing_to_look_up(environment)
    assert sorted(environment) == ["DATABASE_URL", "PATH", "RAPPORT_LLM_KEY_OPENAI"]
