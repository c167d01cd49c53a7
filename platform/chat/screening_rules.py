"""The wordings of `chat.screening`: (tier, name) → ways to say it, in small letters, without umlauts; and exceptions.

Each is a regular expression between two ends of words. English short forms of "I am" and the like are written out.
"""

from collections.abc import Mapping, Sequence
from typing import Literal

Tier = Literal["", "note", "offer", "stop"]
Wordings = Mapping[tuple[Tier, str], Sequence[str]]
Exceptions = Mapping[str, Sequence[str]]

_SOON = r"(?:(?:just|now|then|really|also|finally|soon|tonight|today|tomorrow) )*"
_WILL = (
    rf"i {_SOON}(?:am |have |would )?{_SOON}(?:going to|gonna|about to|will|want to|wanna|planning to|plan to|"
    rf"decided to|like to|ready to) {_SOON}"
)
_DOING_IT = (
    r"(?:(?:kill|hang|shoot|drown|poison|unalive) (?:myself|my self)|(?:end|take) my (?:own )?life|end it all|"
    r"commit suicide)"
)
_PILLS = r"(?:pills|tablets|meds|medication)"
_ELSEWHERE = r"(?! (?:in|at|with|near|by|on|alone))"
_ITS_NAMES = r"(?:suicide|killing myself|ending my life|ending it all)"
_IF_GONE = r"if i (?:died|(?:was|were) (?:dead|gone)|disappeared)"
_OF_MYSELF = r"(?:i|me|my|myself)"
_MODAL = r"(?:to|should|could|would|will|must|gonna|wanna|can|may|just|rather|let me)"
_OTHERS = (
    r"(?:he|she|they|it|who|people|nobody|everybody|dad|mum|mom|grandma|grandpa|"
    r"(?:my|our|his|her|their|the|a) (?:\w+ )?(?:mother|father|parents?|mum|mom|dad|brother|sister|son|daughter|child|wife|"
    r"husband|partner|friend|uncle|aunt|grand\w+|cousin|dog|cat|colleague|neighbour|boss|baby|plants?|patients?))"
)
_TRAFFIC = r"(?:a|the|that|my) (?:\w+ )?(?:train|bus|car|truck|tube|tram)"
_MY_BODY = r"(?:myself|my (?:arms?|wrists?|legs?|thighs?|skin|stomach))"
_I_AM_GONE = (
    r"i (?:\w+ ){0,2}(?:die|died|(?:was|were|am) (?:dead|gone|no longer here|not here)|did not exist|"
    r"disappear|disappeared|did not wake up|do not wake up)"
)
_LIVING = r"(?:\w+ ){0,2}(?:live|living|being here|being alive|existing)"
_HITS_ME = r"(?:a|the|some|something|somebody|someone)(?: \w+){0,2} (?:hits?|kills?|runs? over|would hit|would kill|to kill) me"
_LEAPED = r"(?:jump|jumped|jumping|step|stepped|throw myself|threw myself|walk|walked)"
_FIGURES = r"(?:embarrassment|shame|laughter|laughing|boredom|cold|heat|thirst|hunger)"
_BY_ACCIDENT = (
    r"(?: (?:shaving|cooking|playing|while|when i (?:fell|ran|tripped|cook\w*|chop\w*)|"
    r"at (?:football|work|the gym|training)|on the|during))"
)

ENGLISH: tuple[Wordings, Exceptions] = (
    {
        ("stop", "intention"): [_WILL + _DOING_IT],
        ("stop", "plan"): [
            r"plan (?:how |on how )?(?:to|i will) (?:end it all|end my life|kill myself|die)",
            r"plan(?:ned|ning)? (?:out )?my (?:own )?(?:death|suicide)",
        ],
        ("stop", "goodbye"): [
            r"(?:goodbye|suicide|farewell) (?:letter|note)",
            r"goodbye.{0,120} (?:not|won't) be here tomorrow",
        ],
        ("stop", "overdose"): [
            rf"(?:took|taken|swallowed|take|taking) all (?:of )?(?:my|the|these) {_PILLS}",
            rf"{_PILLS} [^.!?]{{0,120}}(?:take|took|swallow|swallowed) them all",
            r"how (?:many|much) [^.!?]{0,120}(?:need|needed|take|takes|enough)[^.!?]{0,120} (?:to )?(?:die|kill myself)",
        ],
        ("stop", "height"): [
            r"jump (?:off|from) (?:the|a|this) (?:bridge|roof|building|balcony|cliff)",
            r"(?:on|at) the (?:edge|roof|bridge|ledge) [^.!?]{0,120}jump",
            rf"{_LEAPED} (?:in front of|under|before) {_TRAFFIC}",
        ],
        ("stop", "means"): [rf"(?:rope|gun|razor|blade|{_PILLS})\b.{{0,120}}(?:over soon|end it all|all be over)"],
        ("offer", "wish to be dead"): [
            r"i (?:\w+ )?(?:want to|wish to|would like to|long to|wanna) (?:die|be dead)",
            r"i (?:\w+ )?wish (?:that )?i (?:was|were) (?:dead|gone|not alive|never born)",
            r"i would rather (?:be dead|die|not exist|not be here)",
            rf"(?:if|until|wish|hope|hoping|because|that) (?:that )?{_I_AM_GONE}",
            rf"i (?:\w+ ){{0,3}}(?:hope|hoping|wish|pray|praying|want) (?:that )?{_HITS_ME}",
            r"(?:never|not) (?:have )?been born",
            r"(?:done with|tired of|sick of|out of|give up on|giving up on) (?:my )?(?:life|living|being alive)",
            r"my (?:own )?(?:death|suicide)",
        ],
        ("offer", "not to wake"): [r"(?:never|not|don't|dont|won't|didn't) wake up(?: again| any ?more)?"],
        ("offer", "death"): [
            rf"{_OF_MYSELF} [^.!?]{{0,120}}(?:{_MODAL} (?:\w+ )?die|(?:be|being|am|was|were|better|me|myself) (?:\w+ )?dead)",
            rf"{_MODAL} (?:\w+ )?(?:die|be dead)(?= [^.!?]{{0,120}}\b{_OF_MYSELF}\b)",
        ],
        ("offer", "not to live"): [
            r"(?:do not|don't|dont|no longer) (?:want|wish) to (?:live|be alive|exist)" + _ELSEWHERE,
            r"(?:life is|life's|is life|life)(?:n't| not) worth|not worth living",
            rf"(?:no|see (?:a|the)|what is the|what's the) (?:reason|point)(?: for me)? (?:to|in|of) {_LIVING}",
            r"not (?:want to )?(?:be here|exist|be alive) any ?more",
        ],
        ("offer", "suicide"): [
            r"i (?:am |feel |felt |have been )?(?:\w+ ){0,2}suicidal",
            r"suicidal (?:thoughts|ideas|feelings)",
            rf"th(?:ink|inking|ought|oughts) (?:\w+ ){{0,2}}(?:about|of) (?:\w+ )?{_ITS_NAMES}",
            rf"(?:plan|plans|planning|considered|considering|urge|urges|ideas?) (?:\w+ ){{0,2}}{_ITS_NAMES}",
            r"kms",
        ],
        ("offer", "attempt"): [
            rf"i (?:\w+ )?tried to {_DOING_IT}",
            r"my (?:\w+ )?suicide attempt",
            r"i (?:have )?overdosed|i (?:\w+ )?(?:swallowed|took) (?:a|the|my) (?:whole |entire )?(?:bottle|box|pack) of (?:pills|tablets|\w+)",
            r"(?:my|this) heart (?:would|to|could|will) (?:\w+ )?stop",
        ],
        ("offer", "self-harm"): [
            rf"i (?:\w+ ){{0,2}}(?:cut|scratch|burn|hurt|harm|hit|punch)(?:ed)? {_MY_BODY}",
            rf"(?:hurting|harming|cutting|burning|scratching|hitting|punching|starving) {_MY_BODY}",
            r"(?:started|started to|begun|been|back to|stop|stopped) cut(?:ting)? (?:again|more|every|at night|when)",
            r"self[- ]?harm(?:ed|ing)?",
            r"(?:starve|starving|punish|punishing|injure|injuring|mutilate|mutilating) myself",
            rf"(?:carve|carved|carving|cut|cutting|burn|burning) (?:\w+ ){{0,3}}(?:in|into|on) {_MY_BODY}",
            r"(?:urge|urges|need|want|wanted|craving) to (?:cut|hurt myself|harm myself)(?: again| myself)?(?! \w)",
            r"(?:bang|banging|banged|hit|hitting) my (?:own )?(?:head|face|fists?) (?:\w+ ){0,3}(?:wall|until|when i hate|again and again)",
        ],
        ("offer", "burden"): [
            r"(?:better|easier|happier)(?: off)? (?:\w+ ){0,3}without me",
            r"(?:better|easier|happier)(?: off)? (?:\w+ ){0,3}if i (?:\w+ )?(?:was|were|am) (?:dead|gone)",
            rf"no(?:body| one|one) would (?:\w+ )?(?:care|miss me|notice) {_IF_GONE}",
        ],
        ("offer", "killing oneself"): [
            r"(?:kill|killing|killed|hang|hanging|hanged|drown|drowning|shoot|shooting) (?:myself|yourself|oneself)",
            r"(?:end|ending|ended|take|taking|took) my (?:own )?life",
            rf"(?:jump|jumping|step|stepping|throw(?:ing)? myself|lie|lying) (?:in front of|under) {_TRAFFIC}",
            r"attempted suicide|attempt on my life|my (?:\w+ )?attempt [^.!?]{0,120}(?:saved|survived|hospital)",
            r"think(?:ing)? (?:\w+ )?(?:of|about) ending (?:it|things|everything)",
        ],
        ("offer", "not alive"): [
            r"(?:not|can't|cannot|don't|dont|no longer|hate|hated|tired of|sick of) (?:\w+ ){0,3}(?:be|being|stay|staying) alive",
            r"(?:happier|better off|rather be) dead",
            r"(?:death|dying) (?:\w+ ){0,5}(?:way out|relief|peace|answer|solution|escape)",
            r"(?:way out|relief|peace|answer|solution|escape) (?:\w+ ){0,4}(?:is|in|be|would be) (?:death|dying|to die)",
            r"(?:not|won't) (?:\w+ ){0,2}be around (?:for|much|any|when)",
        ],
        ("offer", "disappear"): [r"disappear forever", r"disappear and never come back"],
        ("note", "somebody else"): [
            r"(?:killed|kill|hurt) (?:him|her|them)sel(?:f|ves)",
            r"committed suicide",
            r"took (?:his|her|their) (?:own )?li(?:fe|ves)",
        ],
        ("note", "despair"): [
            r"hopeless|worthless|pointless|no hope|completely empty",
            r"can(?:'t|not) (?:go on|take it any ?more)",
            r"how to go on",
        ],
        ("note", "never"): [r"never (?:\w+ )?(?:hurt|harm|kill) myself"],
    },
    {
        "intention": [r"myself (?:laughing|(?:from|of|with) (?:boredom|laughter))"],
        "wish to be dead": [
            rf"(?:die|died|be dead) (?:of|from|with) (?:\w+ )?{_FIGURES}",
            r"rather die than (?!live|be |go on|keep|spend|stay)",
            r"(?:so bored|so embarrassed|so ashamed)[^.!?]{0,120}(?:die|dead)",
            r"i (?:die|died) (?:\w+ ){0,2}(?:in (?:this|the|that) (?:game|level|round)|again in)",
            r"die my hair",
        ],
        "self-harm": [
            rf"(?:cut|hurt|burn(?:ed)?|scratched) (?:myself|my \w+){_BY_ACCIDENT}",
            r"never (?:\w+ ){0,2}(?:hurt|harm|cut|hit|burn|punish) myself",
        ],
        "overdose": [rf"{_PILLS} with me"],
        "death": [
            rf"(?:die|died|dying|dead) (?:of|from|with) (?:\w+ )?{_FIGURES}",
            r"(?:die|dying|dead) (?:for|laughing|inside|tired|serious|wrong|to (?:me|know|see|meet|hear)|my hair|than|on me|in bed|at home)",
            rf"{_OTHERS} [^.!?,]*(?:die|dying|dead)",
            r"(?:battery|phone|laptop|car|plants?|engine|line|joke)[^.!?]{0,120} (?:die|dead)",
            r"(?:coffee|hungry|heat|game|bored|embarrass\w*|laugh\w*)[^.!?]{0,120} (?:die|dead)",
            r"dead,? (?:that|this|the) (?:joke|meme|video)",
        ],
        "killing oneself": [
            r"myself (?:laughing|(?:from|of|with) (?:boredom|laughter))",
            r"never (?:\w+ ){0,2}(?:kill|hang|drown|shoot) myself",
            r"(?:nearly|almost) killed myself (?:on|when|slipping|falling|tripping|with)",
            r"ending (?:it|things|everything) with",
        ],
    },
)

_ICH_BIN_WEG = r"(?:sterbe|tot bin|tot waere|nicht mehr da (?:bin|waere)|weg waere|verschwinde)"
_KOERPER = r"(?:arme?|beine?|unterarme?|haut|oberschenkel)"

GERMAN: tuple[Wordings, Exceptions] = (
    {
        ("stop", "intention"): [
            r"ich (?:werde?|will|moechte) (?:mich )?(?:\w+ ){0,3}(?:umbringen|toeten|erhaengen|erschiessen|ertraenken)",
            r"ich bringe? mich (?:\w+ ){0,3}um",
            r"ich nehme? mir (?:\w+ ){0,2}das leben",
            r"ich (?:werde?|will|moechte) mir (?:\w+ ){0,3}das leben nehmen",
            r"(?:mache? ich|ich mache?) (?:\w+ ){0,2}schluss mit (?:allem|meinem leben|dem leben)",
        ],
        ("stop", "plan"): [
            r"plan,? wie ich (?:mein leben beende|mich umbringe|sterbe)",
            r"(?:plane|geplant|planen) (?:\w+ )?meinen (?:eigenen )?(?:tod|suizid|selbstmord)",
            r"meinen (?:eigenen )?(?:tod|suizid|selbstmord) (?:\w+ ){0,2}(?:plane|geplant|planen)",
        ],
        ("stop", "goodbye"): [r"abschiedsbrief", r"bin ich nicht mehr (?:da|hier|am leben),? lebt? wohl"],
        ("stop", "overdose"): [
            r"alle (?:meine )?(?:schlaf)?(?:tabletten|pillen) (?:\w+ )?(?:genommen|geschluckt|nehmen|schlucken)"
        ],
        ("stop", "height"): [
            r"(?:bruecke|dach|balkon|gleis\w*|bahnsteig|klippe) [^.!?]{0,120}(?:springen|(?:fast|beinahe|nicht) gesprungen)",
            r"(?:vor|unter) (?:den|einen) (?:naechsten )?(?:zug|bus|lkw) (?:\w+ )?(?:werfen|springen|gesprungen)",
            r"springe? (?:\w+ )?(?:von|vor) (?:der|dem|den|einer|einem|einen) (?:bruecke|dach|zug)",
        ],
        ("stop", "means"): [r"strick (?:gekauft|besorgt)"],
        ("offer", "wish to be dead"): [
            r"(?:ich (?:will|moechte|wuerde)|(?:will|moechte|wuerde) ich) (?:\w+ ){0,3}(?:sterben|tot sein)",
            r"(?:lieber|liebsten) tot",
            r"wenn ich tot waere",
            r"waere ich (?:doch|nur|bloss) tot",
            rf"(?:wenn|dass|bis) ich (?:\w+ ){{0,3}}{_ICH_BIN_WEG}",
            r"(?:waere|will|moechte) (?:ich )?(?:\w+ ){0,3}nicht mehr (?:da|hier|am leben)",
            r"nie geboren",
            r"mein(?:en|em)? (?:eigene[nr]? )?(?:tod|suizid|selbstmord)",
            r"(?:hoffe|wuensche mir)[^.!?]{0,120} (?:ueberfaehrt|umbringt|mich (?:jemand|ein auto|etwas) \w+)",
        ],
        ("offer", "death"): [
            r"(?:ich|mir|mich|mein\w*) [^.!?]{0,120}(?:tot sein|zu sterben|sterben (?:will|moechte|wuerde|duerfen|darf|koennte))",
            r"(?:ich (?:will|moechte|koennte|sollte|muss|darf)|(?:will|moechte|koennte|sollte|muss) ich|mir (?:will|moechte))(?: \w+){0,5} (?:tot sein|sterben)",
            r"(?:wuensch\w*|sehne|ersehne|hoffe)[^.!?]{0,120} (?:den tod|dem tod|tot zu sein|zu sterben)",
            r"ob ich (?:noch )?(?:lebe|sterbe)|(?:lieber|wenigstens) sterbe ich|sterbe ich lieber",
            r"herz[^.!?]{0,120} (?:aufhoer\w*|stehen ?bleib\w*)[^.!?]{0,120}|herz (?:\w+ ){0,3}nicht mehr schl\w*",
            r"verdiene (?:es )?(?:den tod|zu sterben)",
            r"tot (?:\w+ )?waere ich|waere ich (?:\w+ ){0,2}tot|(?:besser|lieber|laengst) tot",
        ],
        ("offer", "not to wake"): [r"(?:nie wieder|nicht mehr|nie mehr|einfach nicht|morgens nicht) aufwache[n]?"],
        ("offer", "not to live"): [
            r"(?:will|moechte|kann) (?:\w+ )?nicht mehr (?:weiter)?leben",
            r"leben hat (?:fuer mich )?keinen sinn|keinen sinn (?:mehr )?zu leben",
            r"kein(?:en)? (?:grund|sinn) (?:mehr )?(?:weiter ?zu ?leben|zu leben)",
            r"lebensmuede|lebenswillen? verloren|kein(?:en)? lebenswillen?",
            r"nicht mehr (?:weiter ?)?leben (?:will|moechte|kann)",
        ],
        ("offer", "suicide"): [
            r"(?:suizid|selbstmord|selbsttoetungs)(?:gedanken|absicht\w*|plaene?)",
            r"(?:denke?|gedacht|gedanken?) (?:\w+ ){0,3}an (?:selbstmord|suizid)",
            r"an (?:selbstmord|suizid|den freitod) (?:\w+ )?(?:denke|gedacht|zu denken)",
            r"(?:will|moechte|koennte|wuerde) mir (?:\w+ )?etwas antun",
            r"suizidal",
            r"mich umzubringen",
        ],
        ("offer", "attempt"): [
            r"versucht,? (?:mir das leben zu nehmen|mich umzubringen)",
            r"mein\w* (?:suizid|selbstmord)versuch",
        ],
        ("offer", "self-harm"): [
            r"mich (?:\w+ ){0,2}(?:auf)?geritzt",
            rf"(?:mir|mich) (?:\w+ ){{0,2}}in (?:den|die) {_KOERPER}[^.!?]{{0,120}}(?:schneide|geschnitten)\w*",
            r"(?:schlage|verbrenne|kratze|schneide) mich (?:\w+ )?(?:selbst|wieder|bis|absichtlich|jeden|manchmal|oft)",
            r"ritze? mich|mich ritzen",
            r"verletze? mich (?:\w+ )?selbst|mich selbst verletz\w*",
            r"selbstverletz\w*",
            rf"(?:ritze|geritzt|kratze|gekratzt|schneide|geschnitten) (?:\w+ ){{0,3}}(?:in|an) (?:meine[nr]? |den |die )?{_KOERPER}",
            rf"(?:mir|meine[nr]?) (?:die |den )?{_KOERPER} (?:\w+ ){{0,3}}(?:gekratzt|aufgekratzt|aufgeschnitten|blutig|verbrannt)",
            r"(?:drang|beduerfnis|lust|zwang),? (?:\w+ ){0,2}(?:mich|mir) (?:\w+ ){0,3}zu (?:schneiden|ritzen|verletzen)",
            r"(?:schlage|geschlagen) (?:\w+ ){0,3}(?:kopf|faust) gegen die wand|kopf gegen die wand (?:schlage|geschlagen)",
            r"(?:mich|mir) (?:\w+ ){0,3}(?:mit absicht|absichtlich|bewusst) (?:\w+ ){0,2}(?:verletz\w*|weh|geschnitten|verbrannt)",
            r"mich (?:\w+ ){0,2}(?:selber|selbst|wieder|immer)? ?(?:schneiden|ritzen|verletzen) (?:muss|will|musste|moechte)",
            r"mir (?:\w+ ){0,3}(?:schmerzen|wunden|verletzungen) (?:zu|zufuege|zugefuegt|zuzufuegen)",
        ],
        ("offer", "burden"): [
            r"ohne mich (?:\w+ ){0,3}besser dran",
            r"(?:niemand|keiner) wuerde (?:mich vermissen|es merken)",
            r"(?:besser|leichter|einfacher),? wenn es mich nicht (?:mehr )?gaebe",
            r"(?:besser|leichter|einfacher),? wenn ich (?:\w+ ){0,2}(?:weg|tot|nicht mehr da)",
            r"allen nur (?:eine|zur) last|nur (?:noch )?eine (?:last|belastung)",
        ],
        ("offer", "killing oneself"): [
            r"(?:mich|man sich|dich) (?:\w+ ){0,4}(?:umbring\w*|umgebracht|umzubringen|toeten|erhaeng\w*|ertraenk\w*|erschiessen)",
            r"(?:suizid|selbstmord)versuch\w*",
            r"ich [^.!?]{0,120}(?:tabletten|pillen|schlafmittel|medikamente)[^.!?]{0,120} (?:geschluckt|genommen)[^.!?]{0,120} (?:intensiv\w*|krankenhaus|klinik|gerettet|aufgewacht)",
            r"mir (?:\w+ ){0,4}das leben (?:zu )?nehmen",
            r"(?:vor|unter) (?:den|einen|die|eine) (?:\w+ )?(?:zug|bus|lkw|u-bahn|bahn|auto) (?:zu )?(?:springen|werfen|laufen)",
            r"(?:suizid|selbstmord)versuch[^.!?]{0,120} (?:ueberlebt|gerettet)|versucht[^.!?]{0,120} mich zu toeten",
        ],
        ("offer", "not alive"): [
            r"kein(?:e|en)? (?:lust|bock|kraft|grund|sinn)[^.!?]{0,120} (?:(?:zu|am|zum) leben|am leben (?:zu )?bleiben|weiterzuleben)",
            r"nicht (?:mehr )?(?:existieren|am leben sein|weiterleben|auf der welt sein)",
            r"(?:mein|meinem) leben (?:\w+ ){0,2}(?:beenden?|ein ende)|leben beenden",
            r"(?:tod|sterben|suizid) (?:\w+ ){0,5}(?:ausweg|erloesung|loesung|frieden)",
            r"(?:ausweg|erloesung|loesung|frieden) (?:\w+ ){0,3}(?:ist|waere|im) (?:der |zu )?(?:tod|sterben)",
        ],
        ("note", "somebody else"): [r"hat sich (?:\w+ ){0,4}(?:umgebracht|das leben genommen|erhaengt|erschossen)"],
        ("note", "despair"): [
            r"hoffnungslos|wertlos|sinnlos|keine kraft mehr|nicht mehr aus|ganz leer|weitermachen soll"
        ],
        ("note", "never"): [r"(?:nie|niemals) etwas antun"],
    },
    {
        "intention": [r"mir das leben nicht"],
        "suicide": [r"mir (?:nie|niemals) etwas antun"],
        "death": [
            r"(?:er|sie|mutter|vater|opa|oma|gross\w+|bruder|schwester|freund\w*|hund|katze|tante|onkel)[^.!?]{0,120} sterben",
            r"fuer (?:\w+ ){1,3}sterben|sterben,? als|vor \w+ (?:\w+ )?sterben|zu hause sterben|zum sterben",
        ],
        "killing oneself": [r"(?:hat|haben|haette|haetten) mich (?:fast|beinahe|noch)? ?umgebracht"],
        "wish to be dead": [
            r"fuer (?:\w+ ){1,2}sterben",
            r"vor (?:scham|lachen|langeweile) (?:\w+ )?(?:sterben|sterbe)",
            r"sterben,? als",
        ],
    },
)
