"""Where a model is asked and with which key: from this installation's settings alone, never from a study file.

The library would look into the environment for what it is not given, and send one provider's key to another's address.
So it is given both for every question, and an address must be one that the installation lists. A key is given to the
provider that the installation says it is of, whatever provider a study file names.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from socket import inet_aton
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

from llm.errors import ProviderFailed
from studies.schema_models import is_address

REAL = "llm.providers.litellm.ask"
KEY, BASE, BASES, PROVIDER = "RAPPORT_LLM_KEY", "RAPPORT_LLM_BASE", "RAPPORT_LLM_BASES", "RAPPORT_LLM_PROVIDER"
_PARK_NAMES = ("metadata", "metadata.google.internal", "metadata.goog", "instance-data", "instance-data.ec2.internal")
_PARK = [
    ip_network(one)
    for one in (
        "169.254.0.0/16", "fe80::/10", "fd00:ec2::254/128", "fd20:ce::254/128", "100.100.100.200/32",
        "168.63.129.16/32", "192.0.0.192/32",
    )
]  # fmt: skip
_BEHIND = ip_network("64:ff9b::/96")  # an address of the fourth version stands at its end


@dataclass(frozen=True, slots=True)
class Access:
    """Of one provider. `base` is "" for its own address, which the library knows."""

    base: str
    key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is wrong with a setting. Addresses are not repeated: one may hold a password."""

    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.what}: {self.remedy}"


def provider_named(model: str) -> str:
    """As the settings spell it: "together_ai" of "together_ai/llama"; "" where the name says no provider."""
    name, slash, _ = model.partition("/")
    return re.sub(r"\W", "_", name).lower() if slash else ""


def access_to(model: str) -> Access:
    """Where `model` is asked. What has its provider in its name goes before what has none; the two are never mixed.

    Raises:
        ProviderFailed: "config": nothing is set for it, or its address is not one of those allowed.
    """
    if is_address(model):  # the library would ask it, listed or not, and give it the key
        raise ProviderFailed("config", "the model's name is an address: addresses belong to the installation")
    name, own = _set_for(provider_named(model))
    if not (own.base or own.key):
        raise ProviderFailed("config", f"no key for {model}: {_remedy(model)}")
    wrong = wrong_with(name, own.base, settings.LLM_BASES) if own.base else None
    if wrong is not None:
        raise ProviderFailed("config", str(wrong))
    return own


def _set_for(provider: str) -> tuple[str, Access]:
    """What is set for a provider, and the variable that holds its address; neither key nor address where nothing is.

    A key without a provider in its name goes to the one that it is said to be of, with its address. An address without
    a key gives nothing away, so all may be asked there, unless it is said to be of one.
    """
    own = Access(settings.LLM_PROVIDER_BASES.get(provider, ""), settings.LLM_PROVIDER_KEYS.get(provider, ""))
    if own.base or own.key:
        return f"{BASE}_{provider.upper()}", own
    is_theirs = _is_of() == provider if _is_of() else not settings.LLM_KEY
    return BASE, Access(settings.LLM_BASE, settings.LLM_KEY) if is_theirs else Access("", "")


def _is_of() -> str:
    """The provider that key and address without one in their name are said to be of; "" where nothing says so."""
    return provider_named(f"{settings.LLM_PROVIDER.strip()}/")


def _remedy(model: str) -> str:
    provider = provider_named(model).upper()
    if not provider:
        return "write its provider and a slash before its name"
    text = f"set {KEY}_{provider}, or {BASE}_{provider} where it is asked at an address of yours"
    if settings.LLM_KEY:
        text += f"; {KEY} is not sent to it, since {PROVIDER} does not say that it is of {provider.lower()}"
    return text


def silence_of(model: str) -> str:
    """Why a model cannot be asked here, and the remedy; "" where it has a key or an address, or needs none.

    That it is the right one shows when it is asked.
    """
    if settings.LLM_PROVIDERS.get(model.partition("/")[0], settings.LLM_PROVIDERS["*"]) != REAL:
        return ""
    _, own = _set_for(provider_named(model))
    return "" if own.base or own.key else f"no key for {model}: {_remedy(model)}"


def asks_any() -> bool:
    """Whether any real model can be asked here."""
    theirs = (settings.LLM_PROVIDER_BASES, settings.LLM_PROVIDER_KEYS)
    return any(theirs) or bool(settings.LLM_BASE or (settings.LLM_KEY and _is_of()))


def wrong_settings() -> Iterator[Wrong]:
    """Everything that is wrong with keys and addresses: to be said at the start, not at the first question."""
    if settings.LLM_KEY and not _is_of():
        text = f"set {PROVIDER} to its provider as models' names begin, such as openai, or call it {KEY}_OPENAI"
        yield Wrong(f"{KEY} does not say which provider it is of, and is sent to none", text)
    for number, allowed in enumerate(settings.LLM_BASES, start=1):
        if (wrong := _malformed(f"{BASES}, entry {number},", allowed)) is not None:
            yield wrong
    named = {BASE: settings.LLM_BASE}
    named |= {f"{BASE}_{provider.upper()}": base for provider, base in settings.LLM_PROVIDER_BASES.items()}
    for name, base in named.items():
        if base and (wrong := wrong_with(name, base, settings.LLM_BASES)) is not None:
            yield wrong


def wrong_with(name: str, base: str, allowed: Sequence[str]) -> Wrong | None:
    """What is wrong with an address that a setting names; None where it may be asked."""
    malformed = _malformed(name, base)
    if malformed is not None:
        return malformed
    if any(_is_within(urlsplit(base), urlsplit(one)) for one in allowed if _malformed("", one) is None):
        return None
    return Wrong(f"{name} is an address that {BASES} does not list", f"add its beginning to {BASES}, or unset {name}")


def _malformed(name: str, address: str) -> Wrong | None:
    try:
        parts = urlsplit(address)
        _ = parts.port  # raises where it is no number
    except ValueError:
        parts = SplitResult("", "", "", "", "")
    if parts.scheme not in ("https", "http") or not parts.hostname:
        return Wrong(f"{name} is no address", "write one such as https://llm.example.org/v1")
    if parts.username is not None or parts.query or parts.fragment:
        text = f"leave that out; a key belongs into {KEY}"
        return Wrong(f"{name} holds more than scheme, host, port and path", text)
    if re.search(r"(^|/)\.\.?(/|$)|[\\%\s]", parts.path):
        return Wrong(f"{name} has a path that may lead elsewhere", "write it without dots, blanks and percent signs")
    if is_of_the_machine_park(parts.hostname):
        return Wrong(f"{name} is an address at which machines find their own secrets", "name the host of a model")
    return None


def is_of_the_machine_park(host: str) -> bool:
    """Link-local addresses, and others at which clouds tell a machine its credentials; however they are spelled."""
    name = unicodedata.normalize("NFKC", host).casefold().partition("%")[0].rstrip(".")
    return name in _PARK_NAMES or any(one in network for one in _addresses(name) for network in _PARK)


def _addresses(name: str) -> Iterator[IPv4Address | IPv6Address]:
    """What a host's name is as a number: itself, and the address of the fourth version that it stands for."""
    try:
        found = ip_address(name)
    except ValueError:
        try:
            found = ip_address(inet_aton(name))  # "2852039166" and "0xa9.254.43518", as a machine reads them, too
        except (OSError, ValueError):
            return
    yield found
    if isinstance(found, IPv6Address):
        behind = IPv4Address(int(found) & 0xFFFFFFFF) if found in _BEHIND else None
        yield from (one for one in (found.ipv4_mapped, found.sixtofour, behind) if one is not None)


def _is_within(address: SplitResult, allowed: SplitResult) -> bool:
    """Same scheme, host and port, and the path or one below it. Plain http is allowed where an entry says so."""
    if (address.scheme, address.hostname, _port(address)) != (allowed.scheme, allowed.hostname, _port(allowed)):
        return False
    path, beginning = address.path.rstrip("/"), allowed.path.rstrip("/")
    return path == beginning or path.startswith(f"{beginning}/")


def _port(parts: SplitResult) -> int:
    return parts.port or (443 if parts.scheme == "https" else 80)
