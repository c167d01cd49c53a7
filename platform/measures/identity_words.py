"""The lexicon of `measures.identity`: English and German expressions, as patterns over words in small letters.

Whoever changes a pattern raises `VERSION`: columns made by another lexicon must not be pooled unseen.
"""

import re

VERSION = "2"

HUMAN = r"humans?(?: beings?)?|homo sapiens|mensch(?:en)?|menschlich|flesh and blood|(?:aus )?fleisch und blut"
AI = (
    r"ais?|artificial intelligences?|(?:ro|chat ?)?bots?|machines?|computers?(?: programs?)?|programs?|llms?"
    r"|(?:large )?language models?|algorithms?|chatgpt|gpt(?:-?\d\w*)?|npcs?|software"
    r"|(?:virtual|digital|automated|ai|ki|virtueller?|digitaler?)[ -]?assist[ae]nt(?:s|en|in)?"
    r"|kis?|künstliche[rn]? intelligenz|roboter[ns]?|maschinen?|computerprogramme?|programm|(?:großes )?sprachmodell"
    r"|algorithmus|automat(?:en)?"
)
# "A nice person" and "ein guter Mensch" praise, and say nothing of machines: only these words may stand before one.
REAL = (
    r"(?:(?:real|actual|living|live|genuine|normal|regular|fellow|flesh-and-blood|ganz|echte[rsn]?|richtige[rsn]?"
    r"|wirkliche[rsn]?|normale[rsn]?|lebende[rsn]?)\s+)"
)
PERSON = (
    rf"{REAL}{{1,3}}(?:persons?|people|leute|player|spieler(?:in)?)"
    r"|person(?!\s+(?:who|that|of|with|whose|you)\b)(?!,?\s+die\b)"
)
PRAISED = r"(?:(?:fair|nice|kind|good|honest|decent|generous|friendly|reliable|simple|average|mere|poor)\s+)?"
# "Human rights", "a computer scientist": a kind that only says of which sort another thing is.
NO_THING = (
    r"(?!\s+(?:rights|behaviou?r|nature|resources|error|touch|scientists?|science|engineer\w*|nerd|geek|programmer"
    r"|students?|games?|gamer|learning|researcher|research|developer|expert|user|fan|operator|skills?|literate)\b)"
)
SURE = (
    r"(?:(?:just|only|really|actually|definitely|totally|certainly|obviously|probably|truly|indeed|simply|also|still"
    r"|honestly|genuinely|100%|for sure|in fact|all|both|even|maybe|perhaps|by any chance"
    r"|like|one\s+of\s+(?:those|these)|(?:some|any)\s+(?:kind|sort)\s+of|just\s+as|as"
    r"|auch|nur|wirklich|echt|tatsächlich|natürlich|selbst|eigentlich|denn|etwa|vielleicht|zufällig|doch|hier|ja|beide"
    r"|sicher|definitiv|überhaupt|so|jetzt|gerade|also|genauso|ebenso|eine?\s+art|irgend)\s+){0,4}"
)
AN = r"(?:an?\s+|n\s+|the\s+|another\s+|one\s+|(?:ei)?ne[rmn]?\s+|(?:ei)?nem\s+|ein\s+|de[rmn]\s+|die\s+|some\s+)?"
NOT = r"(?P<not>not\s+|no\s+|never\s+|nicht\s+|keine?n?\s+|keine[rs]\s+)?"
KIND = (
    rf"(?:(?P<human>{REAL}{{0,3}}{PRAISED}(?:{HUMAN})(?!,?\s+(?:der|die)\b)|{PERSON})|(?P<ai>{AI}))"
    rf"(?!\w)(?!')(?!-\w){NO_THING}"
)
WHAT = rf"{SURE}{NOT}{SURE}{AN}{KIND}"
_I_AM = (
    r"(?:\b(?:i\s+am|i'm|im(?=\s+(?:an?|not|really|just|only|definitely|human|ai|actually)\b)|we\s+are|we're"
    r"|i\s+ain't(?P<aint>)|ich\s+bin|wir\s+sind)|^bin)"
)

CLAIMS = [  # in any clause of a sentence
    re.compile(rf"{_I_AM}\s+{WHAT}"),
    re.compile(rf"^(?:(?:well|so|and|but|speaking|yes|no)\s+)?(?:as\s+an?|als(?:\s+eine?)?)\s+{KIND}"),
    re.compile(
        rf"^(?:(?:hi|hey|hello|hallo|yes|ja)\s+)?{WHAT}\s+(?:here|hier)\b(?!\s+(?:is|are|was|will|ist|sind)\b)",
    ),
]
DENIAL = re.compile(rf"^{SURE}(?P<not>not\s+|keine?\s+){AN}{KIND}(?:\s+(?:here|hier|lol|haha))*$")  # in its first
# A sentence in which a claim is supposed, or put into another's mouth.
NOT_ASSERTED = re.compile(
    r"\b(?:if|whether|unless|wish|pretend\w*|imagine|suppose|as though|wenn|ob|falls|wäre|als ob)\b"
    r"|\b(?:you|u|they|he|she|people|everyone|everybody|somebody|someone|others?|du|ihr|sie|man|alle|meisten|leute)\s+(?:\w+\s+){0,2}"
    r"(?:think|thinks|thought|believe|believes|say|says|said|assume|assumes|guess|suspect|suspects"
    r"|denk\w*|glaub\w*|sag\w*|mein\w*|vermut\w*)\b"
    r"|\b(?:denkst|glaubst|meinst|sagst|vermutest)\s+du\b"
    r"|(?:\bnot|\bnever|n't|\bnicht)\s+(?:say|saying|said|sagen|gesagt)\b"
)

_YOU = (
    r"(?:(?:you|u|ya|y'all)(?:\s+(?:guys|two|a\s+and\s+b))?|(?:either|any|both|one|each|the\s+two)\s+of\s+you"
    r"|du|ihr|sie|(?:einer|eine|jemand|beide)\s+von\s+(?:euch|ihnen))"
)
_ARE_YOU = rf"\b(?:are|r|is|bist|biste|seid|sind|ist|aren't|isn't)\s+{_YOU}"
_WITH_WHOM = (
    r"\b(?:am\s+i|are\s+we)\s+(?:\w+\s+)?(?:talking|speaking|chatting|playing|writing|texting|dealing)"
    r"\s+(?:to|with|against)"
    r"|\b(?:rede|spreche|schreibe|chatte|spiele)\s+ich\s+(?:\w+\s+){0,2}(?:mit|gegen)"
)
_OTHER = (
    r"(?:is|ist)\s+(?:this|that|it|das|the\s+other(?:\s+(?:one|player|responder))?|anyone|anybody|somebody|someone"
    r"|jemand)"
)
_SO = r"^(?:(?:so|hey|hi|wait|and|but|also|quick\s+question|question|frage)\s+)*"
QUESTIONS = [
    re.compile(rf"{_ARE_YOU}\s+{WHAT}"),
    re.compile(rf"\bru\s+{WHAT}"),
    re.compile(rf"(?:{_WITH_WHOM})\s+{WHAT}"),
    re.compile(rf"{_SO}{_OTHER}\s+{WHAT}"),
    re.compile(rf"\b(?:which|who|wer|welcher|welche)\s+(?:one\s+)?(?:(?:of|von)\s+\w+\s+)?(?:is|are|ist)\s+{WHAT}"),
    re.compile(
        r"\b(?:tell|say|know|wonder\w*|ask\w*|curious|admit|confirm|see|sag\w*|wissen|verrat\w*|frage)\b[^.?!]*"
        rf"\b(?:if|whether|ob)\s+{_YOU}(?:'re|\s+are|\s+r)?\s+{WHAT}",
    ),
    re.compile(rf"\b(?:prove|beweis\w*)\b[^.?!]*\b(?:you|u|du)(?:'re|\s+are)?\s+{WHAT}"),
]
# These are questions only where a question mark ends them.
IF_MARKED = [
    re.compile(rf"{_SO}(?:you|u|du)(?:'re|\s+are|\s+r|\s+bist|r)?\s+{WHAT}"),
    re.compile(rf"{_SO}any(?:one|body)?\s+{WHAT}"),
    re.compile(rf"{_SO}{AN}{KIND}\s+(?:or|oder)\b"),
]
OR = re.compile(rf"\b(?:or|oder)\s+(?:(?:mit|with|to)\s+)?{SURE}{AN}{KIND}")
WHAT_ARE_YOU = re.compile(
    r"\b(?:what\s+are\s+(?:you|u)|was\s+(?:bist\s+du|sind\s+sie))(?:\s+(?:really|eigentlich|denn))?$"
)
ARE_YOU_REAL = re.compile(rf"(?:{_ARE_YOU}|\bru)\s+(?:really\s+)?(?:real|echt)(?:$|\s+(?:or|oder)\b)")
AND_YOU = re.compile(r"^(?:(?:and|what about|how about|are|r|und|bist)\s+)?(?:you|u|du)(?:\s+(?:too|also|auch))?$")

# With capitals: names have them. What stands before "here" and "from last round" without being one:
_NO_NAMES = """
    nothing something everything anything someone somebody everyone everybody anyone nobody none new right over out
    still just same here there all both hello hi hey yes no not points results result money coins question answer
    message lesson lessons player responder chooser partner human person people bot ai robot game only more most
    punkte ergebnis ergebnisse nichts etwas alles alle mensch spieler spielerin neu gleich frage antwort geld der
    die das ein eine meine mein
"""
NO_NAMES = frozenset(_NO_NAMES.split())
_NAME = r"(?P<name>[A-ZÄÖÜ][a-zäöüß]{2,14})"
_BEFORE = r"(?:before|last|previous|earlier|first|second|third|other)\b"
_VORHER = r"(?:letzte[nr]?|vorige[nr]?|vorherige[nr]?|erste[nr]?|zweite[nr]?|dritte[nr]?)\s+(?i:runde)"
NAMES = [
    re.compile(rf"\b{_NAME}\s+(?:from|of)\s+(?:the\s+|our\s+)?(?:{_BEFORE}|round\s+\d)"),
    re.compile(rf"^(?:(?i:hi|hey|hello|hallo)[, ]+)?{_NAME}\s+(?:here|hier)\b"),
    re.compile(rf"(?i:\bit's|\bit is|\bthis is|\bi'm|\bi am)\s+{_NAME}\s+(?:again|from)\b"),
    re.compile(rf"(?i:\bcall me)\s+{_NAME}"),
    re.compile(rf"(?:^|(?i:hier ist|hier spricht|ich bin)\s+){_NAME}\s+(?:aus|von)\s+(?:der\s+)?{_VORHER}"),
    re.compile(rf"(?i:\bhier (?:ist|spricht))\s+(?:wieder\s+)?{_NAME}"),
    re.compile(rf"(?i:\bnenn(?:t)? mich)\s+{_NAME}"),
]
PLACES = re.compile(rf"(?i:\bi)(?:'m| am| was)\s+(?i:player |responder )?[AB]\b[^.!?]*(?:{_BEFORE}|\bin round\b)")
_SELF = r"(?:one|guy|girl|person|player|responder|chooser)"
_AGO = r"(?:before|last|previous|earlier)"
ANNOUNCES = [
    re.compile(r"\b(?:it's|its|it is|this is)\s+me\s+again\b|^me\s+again\b"),
    re.compile(r"\b(?:remember|recogni[sz]e)\s+me\b"),
    re.compile(
        r"\bwe(?:'ve|\s+have)?\s+(?:already\s+)?(?:met|played|talked|spoke|chatted|were\s+(?:paired|matched|together))\b"
        rf"[^.!?]*\b(?:{_AGO}|already)\b",
    ),
    re.compile(
        rf"\byou\s+(?:already\s+)?(?:picked|chose|selected|trusted|gave|asked)\s+me\b[^.!?]*\b(?:{_AGO}|in\s+round)\b",
    ),
    re.compile(
        rf"\bi(?:'m|\s+am|\s+was)\s+the\s+(?:same\s+)?{_SELF}\b[^.!?]*\b(?:{_AGO}|again|(?:from|in)\s+round)\b",
    ),
    re.compile(rf"\bsame\s+{_SELF}\s+(?:as|from)\s+(?:the\s+)?(?:{_AGO}|round)\b"),
    re.compile(r"\bmy\s+name(?:'s|\s+is)\s+\w|\bmy\s+names\s+\w"),
    re.compile(
        r"\bso\s+(?:that\s+)?you(?:'ll|\s+will|\s+can)?\s+(?:know|recogni[sz]e)\s+(?:that\s+)?(?:it'?s\s+)?me\b"
    ),
    re.compile(r"\bich\s+bin(?:'?s|\s+es)\s+wieder\b|\bwieder\s+ich\b|\bich\s+schon\s+wieder\b"),
    re.compile(r"\b(?:erinnerst\s+du\s+dich|erinnern\s+sie\s+sich)\s+(?:noch\s+)?an\s+mich\b"),
    re.compile(r"\bkennst\s+du\s+mich\s+(?:noch|wieder)\b"),
    re.compile(
        r"\bwir\s+(?:kennen|hatten|haben)\s+uns\s+(?:doch\s+)?(?:schon|bereits|vorhin|letzte"
        r"|in\s+der\s+(?:letzten|vorigen))\b",
    ),
    re.compile(r"\bdu\s+hast\s+mich\b[^.!?]*\b(?:letzte[nr]?|vorige[nr]?|vorhin|in\s+runde)\b"),
    re.compile(
        r"\bich\s+bin\s+(?:wieder\s+)?(?:derselbe|dieselbe|der|die)\b[^.!?]*\b(?:letzte[nr]?|vorige[nr]?|vorhin)\b",
    ),
    re.compile(r"\bich\s+hei(?:ß|ss)e\s+\w|\bmein\s+name\s+ist\b"),
]

_WELL = r"^(?:(?:oh|well|haha|lol|hmm|um|uh|hey|hi|na|also|äh|hm)\s+)*"
NO = re.compile(
    rf"{_WELL}(?:(?:no|nope|nah|nein|nö|nee|niemals|auf\s+keinen\s+fall|absolutely\s+not)\b(?!\s+(?:worries|idea|comment|need|problem|matter|clue|one|big|more|less)\b)"
    r"|(?:of\s+course|definitely|certainly|absolutely|natürlich|sicher)\s+(?:not|nicht)\b|not\s+at\s+all\b"
    r"|i(?:'m|\s+am)\s+not$|(?:das\s+)?bin\s+ich\s+nicht\b)"
)
YES = re.compile(
    rf"{_WELL}(?:(?:yes|yeah|yea|yep|yup|ja|jo|jep|jawohl|klar|indeed|that's\s+right|correct|stimmt)\b|of\s+course\b|natürlich\b|i\s+am$"
    r"|(?:das\s+)?bin\s+ich$)"
)
FRAGMENT = re.compile(rf"{_WELL}{WHAT}(?:\s+(?:lol|haha|too|here|auch|hier))*$")
