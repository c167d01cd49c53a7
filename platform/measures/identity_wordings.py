"""More of the lexicon of `measures.identity`: questions that turn the words around, and replies that only a question
makes a claim. As patterns over words in small letters; `identity_words.VERSION` counts for both files.
"""

import re
from typing import Literal

from measures.identity_words import AN, KIND, SURE, WHAT

Kind = Literal["human", "ai"]
Naming = list[tuple[re.Pattern[str], Kind]]


def _naming(human: list[str], ai: list[str]) -> Naming:
    return [(re.compile(each), "human") for each in human] + [(re.compile(each), "ai") for each in ai]


_YOU = r"(?:you|u|ya|du|sie|ihr)"
_ARE = r"(?:'re|\s+are|\s+r|\s+bist|\s+sind)"
_BE = rf"(?:{_YOU}{_ARE}|ur|youre)"
_A = r"(?:an?\s+|any\s+|some\s+|(?:ei)?ne?[nmr]?\s+)"
_SO = r"^(?:(?:so|hey|hi|hello|hallo|wait|hang\s+on|warte(?:\s+mal)?|and|but|und|aber)\s+)*"
_ANYBODY = r"(?:anybody|anyone|somebody|someone)"
_HERE = (
    r"(?:hier|da|mir|am|anderen|auf|der|seite|ende|dahinter|hinter|das|dies\w*|mich|sich|denn|etwa|vielleicht|gerade"
    r"|eigentlich|wirklich)"
)
_THIS = r"(?:this|that|it|these|those|all\s+of\s+this|your?\s+\w+|(?:this|that|these|those)\s+\w+)"
_DIES = r"(?:das|dies\w*|es|dies\w*\s+\w+|deine?\w*\s+\w+|ihre?\w*\s+\w+)"
_MADE = r"(?:automated|generated|scripted|(?:computer|ai|machine)[- ]generated|canned)"
_GEMACHT = r"(?:automatisch|automatisiert|generiert|erzeugt|vorgefertigt)"
_WRITTEN = r"(?:written|typed|made|generated|produced|sent|composed)"
_GESCHRIEBEN = r"(?:geschrieben|getippt|verfasst|generiert|erzeugt|formuliert|gesendet)"

ASKED = [  # with or without a question mark; each names a kind
    re.compile(rf"\b(?:do|could|might|can|would)\s+{_YOU}\s+(?:\w+\s+){{0,3}}be\s+{WHAT}"),
    re.compile(rf"\bwhether\s+{_BE}\s+{WHAT}"),
    re.compile(rf"\bob\s+{_YOU}\s+{WHAT}\s+(?:bist|sind)"),
    re.compile(rf"\bis\s+there\s+{_A}{KIND}\s+(?:here|there|behind|on\s+the|at\s+the|in\s+there|typing|writing)\b"),
    re.compile(rf"\bis\s+{_A}{KIND}\s+(?:writing|typing|answering|reading|replying|responding|behind|sending)\b"),
    re.compile(
        rf"\b(?:sitzt|steckt|schreibt|antwortet|tippt|redet|spricht|liest|verbirgt|ist)\s+(?:{_HERE}\s+){{1,4}}{_A}{KIND}"
    ),
    re.compile(rf"\b(?:did|does|has)\s+{_A}{KIND}\s+(?:write|written|type|typed|generate|say|send)\b"),
    re.compile(rf"\b(?:was|were|is|are)\s+{_THIS}\s+(?:\w+\s+){{0,2}}{_WRITTEN}\s+by\s+{_A}{KIND}"),
    re.compile(rf"\b(?:is|are|do|does)\s+{_THIS}\s+(?:coming|come)\s+from\s+{_A}{KIND}"),
    re.compile(rf"\b(?:hat|haben)\s+{_DIES}\s+(?:\w+\s+)?{_A}{KIND}\s+{_GESCHRIEBEN}"),
    re.compile(
        rf"\b(?:wurden?|wird|werden|ist|sind)\s+{_DIES}\s+(?:\w+\s+){{0,2}}von\s+{_A}{KIND}\s+{_GESCHRIEBEN}",
    ),
    re.compile(rf"\b(?:kommen|kommt|stammen|stammt)\s+{_DIES}\s+von\s+{_A}{KIND}"),
    re.compile(rf"\bunterhalte\s+ich\s+mich\s+(?:\w+\s+){{0,2}}mit\s+{AN}{KIND}"),
    re.compile(rf"\bam\s+i\s+(?:\w+\s+){{0,3}}by\s+{_A}{KIND}"),
    re.compile(rf"\bwerde\s+ich\s+(?:\w+\s+){{0,2}}von\s+{_A}{KIND}"),
    re.compile(rf"\bdo\s+i\s+have\s+{_A}{KIND}\s+(?:here|in\s+front|on\s+the)\b"),
    re.compile(rf"\bhabe\s+ich\s+(?:hier\s+)?{_A}{KIND}\s+vor\s+mir"),
    re.compile(rf"{_SO}(?:you|u|du)\s+{AN}{KIND}\s+(?:or|oder)\b"),
    re.compile(rf"\b(?:tell|promise|swear|prove|say|admit)\b[^.?!]*\b{_BE}\s+{WHAT}"),
    re.compile(rf"\b(?:sag\w*|versprich|schwör\w*|beweis\w*|gib)\b[^.?!]*\bdass\s+{_YOU}\s+{WHAT}"),
]
IF_MARKED = [
    re.compile(rf"\b{_BE}\s+(?:must\s+be\s+|musst\s+)?{WHAT}"),
    re.compile(rf"\b(?:you|u)\s+must\s+be\s+{WHAT}"),
    re.compile(rf"\bdu\s+musst\s+{WHAT}\s+sein"),
    re.compile(rf"\b(?:dass|ob)\s+{_YOU}\s+{WHAT}"),
    re.compile(rf"\b(?:is|ist)\s+(?:this|that|it|das)\s+{WHAT}"),
    re.compile(rf"{_SO}{AN}{KIND}$"),
    re.compile(rf"\b(?:am\s+i|rede|schreibe|spreche|chatte)\b[^.?!]*\b{KIND}\s+(?:or|oder)\b"),
]
SUSPECTED = [  # a question only with one of `TAGS`, or with one right behind it
    re.compile(rf"\b{_BE}\s+(?:must\s+be\s+)?{WHAT}"),
    re.compile(rf"\b(?:this|that|it|das|es|hier)(?:'s|\s+is|\s+ist)\s+{WHAT}"),
    re.compile(
        r"\b(?:sounds?|seems?|looks?|talk|write|klings?t|wirks?t|schreibst|redest)\s+(?:\w+\s+){0,2}(?:like|wie)\s+"
        rf"{WHAT}",
    ),
]
TAGS = re.compile(
    r"(?:\b(?:right|oder|oder\s+was|oder\s+nicht|gell|stimmt'?s|hab\s+ich\s+recht|admit\s+it|gib(?:'?s|\s+es)?\s+zu|innit"
    r"|(?:aren'?t|arent)\s+(?:you|u)|(?:isn'?t|isnt)\s+it|are\s+you))$"
)
CONFIRM = re.compile(
    r"^(?:am\s+i\s+right|is\s+(?:that|it)(?:\s+(?:so|right|true))?|right|are\s+you(?:\s+one)?|stimmt\s+das|oder(?:\s+nicht)?"
    r"|bist\s+du(?:\s+(?:einer|eine|das|es))?|ist\s+(?:es|das)(?:\s+(?:so|das))?|hab(?:e)?\s+ich\s+recht)$"
)
NAMED = _naming(  # questions without a kind's own word
    human=[
        rf"\b(?:are\s+{_YOU}|is\s+{_ANYBODY})\s+(?:really\s+|even\s+)?alive\b(?!\s+and)",
        r"\b(?:bist\s+du|sind\s+sie)\s+(?:\w+\s+)?(?:lebendig|am\s+leben|aus\s+fleisch\s+und\s+blut)\b",
        rf"\bare\s+{_YOU}\s+(?:\w+\s+)?made\s+of\s+flesh\b",
        rf"\bis\s+{_ANYBODY}\s+real\b",
        r"\bist\s+(?:da|hier)\s+\w+\s+echte[rs]\b",
        r"\b(?:bist\s+du|sind\s+sie)\s+(?:überhaupt|wirklich|denn|eigentlich)\s+echt$",
        rf"\bdo\s+{_YOU}\s+(?:even\s+|really\s+)?have\s+a\s+(?:body|pulse)\b",
        r"\b(?:hast\s+du|haben\s+sie)\s+(?:\w+\s+)?einen\s+(?:körper|puls)\b",
        r"\b(?:were\s+you\s+born\s+or|wurdest\s+du\s+geboren\s+oder)\b",
    ],
    ai=[
        rf"\b(?:is|are)\s+{_THIS}\s+(?:\w+\s+)?{_MADE}\b",
        rf"\bare\s+{_YOU}\s+(?:\w+\s+)?(?:automated|scripted)\b",
        rf"\b(?:sind|ist|wird|werden)\s+(?:deine|ihre)\s+\w+\s+(?:\w+\s+)?{_GEMACHT}\b",
        r"\b(?:ist|wird)\s+(?:das|es)\s+(?:hier\s+|alles\s+|nur\s+)*(?:automatisch|automatisiert|generiert)$",
        r"\bor\s+is\s+it\s+generated\b|\boder\s+wird\s+das\s+generiert\b",
        rf"\b(?:have\s+{_YOU}\s+been|were\s+{_YOU}|are\s+{_YOU})\s+(?:just\s+|only\s+)?programmed\b",
        r"\b(?:bist|wurdest)\s+du\s+(?:\w+\s+){0,2}programmiert\b",
        rf"\bare\s+{_YOU}\s+(?:powered\s+by|running\s+on|based\s+on|built\s+on)\b",
        r"\b(?:läufst|basierst)\s+du\s+auf\b",
        r"\b(?:what|which)\s+(?:language\s+)?(?:model|ai|llm|bot|gpt)\s+are\s+you\b",
        r"\bwelche[rs]?\s+(?:sprach)?(?:modell|ki|bot)\s+bist\s+du\b",
    ],
)

_MAKER = r"(?:openai|google|anthropic|meta|microsoft|mistral|deepseek|xai|apple|amazon)"
CLAIMED = _naming(  # statements, in any clause
    human=[],
    ai=[
        (
            r"\b(?:i\s+was|i'm|i\s+am|i've\s+been)\s+(?:\w+\s+){0,2}(?:made|built|created|developed|trained|designed)\s+by"
            rf"\s+{_MAKER}\b"
        ),
        rf"\bich\s+(?:wurde|bin)\s+(?:\w+\s+){{0,2}}von\s+{_MAKER}\b",
        r"\b(?:there\s+is|there's)\s+no\s+(?:real\s+)?(?:human|person)\s+(?:here|behind|at|on|there)\b",
        r"\bhier\s+(?:ist|sitzt|schreibt)\s+(?:\w+\s+)?kein\s+mensch\b|\bdahinter\s+steckt\s+kein\s+mensch\b",
        rf"^(?:yes\s+)?(?:this|these|my)\s+(?:\w+\s+)?(?:is|are)\s+(?:an?\s+)?{_MADE}\b",
        (
            r"^(?:ja\s+)?(?:das|dies|diese|meine)\s+(?:\w+\s+)?(?:ist|sind|werden)\s+(?:\w+\s+){0,5}"
            r"(?:automatisch\w*|automatisiert\w*|generiert|erzeugt)\b"
        ),
        r"\bi\s+(?:don't|do\s+not)\s+have\s+a\s+(?:physical\s+)?body\b",
        r"\bich\s+habe\s+keinen\s+körper\b",
        r"\bi\s+run\s+on\s+(?:a\s+)?servers?\b|\bich\s+laufe\s+auf\s+(?:einem\s+)?servern?\b",
        r"\bmy\s+(?:training\s+data|programming|programmers|developers)\b",
        r"\bmeine\s+(?:trainingsdaten|programmierung|programmierer|entwickler)\b",
    ],
)
TOLD = [  # of the one who writes, told to the one who asked
    re.compile(
        rf"^(?:yes\s+|no\s+)?you(?:'re|\s+are)\s+(?:\w+\s+)?(?:talking|speaking|chatting|writing)\s+(?:to|with)\s+{WHAT}",
    ),
    re.compile(
        r"^(?:ja\s+|nein\s+)?(?:du\s+(?:redest|sprichst|schreibst|chattest)|sie\s+(?:reden|sprechen|schreiben))"
        rf"\s+(?:\w+\s+)?mit\s+{WHAT}",
    ),
]
HINTED = _naming(  # only in reply to a question about one's kind
    human=[
        r"\bi\s+was\s+born\b|\bich\s+(?:bin|wurde)\s+(?:\w+\s+){0,3}geboren\b",
        r"\bi(?:'m|\s+am)\s+(?:an?\s+)?\d{1,2}(?:\s+|-)years?(?:\s+|-)old\b",
        r"\bich\s+bin\s+\d{1,2}\s+(?:jahre?\b)?",
        (
            r"\bi(?:'m|\s+am)\s+(?:just\s+|only\s+)?an?\s+(?:\w+\s+)?(?:guy|girl|man|woman|mum|mom|dad|mother|father|student"
            r"|teacher|nurse)\b"
        ),
        r"\bich\s+bin\s+(?:nur\s+)?(?:eine?\s+)?(?:mann|frau|mutter|vater|mama|papa|typ|student\w*|lehrer\w*)\b",
        rf"\bi(?:'m|\s+am)\s+{SURE}real\b|\bich\s+bin\s+{SURE}echt\b",
        r"^(?:\w+\s+){0,2}(?:aus\s+)?(?:flesh\s+and\s+blood|fleisch\s+und\s+blut)$",
        r"\bi(?:'m|\s+am)\s+(?:just\s+)?as\s+human\s+as\b",
    ],
    ai=[r"^(?:ok\w*\s+|oh\s+|haha\s+)?(?:guilty|you\s+(?:got|caught)\s+me|erwischt|schuldig)\b"],
)
