"""Whether somebody asks, in words of their own, not to be written to any more. Pure.

It only makes an operator look: what it misses is read as any reply, and what it takes by mistake is kept with one
tap. A whole message that is a stop word is not its business (`engine.contacts.stopwords`); a stop word among other
sentences is.
"""

import re
import unicodedata
from collections.abc import Iterable

from engine.contacts.stopwords import is_stop

_LONGEST = 2000  # characters that are looked at

# --- English --------------------------------------------------------------------------------------------------

_WRITE = (
    r"(?:send(?:ing)?|text(?:ing)?|messag(?:e|ing)|msg(?:ing)?|writ(?:e|ing)|contact(?:ing)?|spam(?:ming)?"
    r"|bother(?:ing)?|disturb(?:ing)?|harass(?:ing)?|whatsapp(?:ing)?|sms(?:ing)?|dm(?:ing)?|pm(?:ing)?)"
)
_MESSAGES = (
    r"(?:messages?|msgs?|texts?|sms|spam|ads?|adverts?|advertisements?|promos?|promotions?|marketing|newsletters?"
    r"|notifications?|broadcasts?|whatsapps?)"
)
_OFFERS = rf"(?:{_MESSAGES}|offers?|updates?)"
_THIS = r"(?:anything|this|these|that|those|them|stuff|things?|it)"  # of messages only where more is said
_EVER = r"(?:anymore|any more|again|to (?:me|us|my)|ever)"
_PLEASE = r"(?:please|pls|plz|plss|kindly|just|ok|okay|hey|hi|hello|so|yes|no|sorry|and|now|omg|bro|sis|dear|sir)"
_STOP_PRELUDE = (
    rf"(?:(?:{_PLEASE}|can (?:you|u|we)|could (?:you|u)|would (?:you|u)|will (?:you|u)|i said|i told (?:you|u) to"
    r"|(?:i )?(?:want|need|would like|asked) (?:you|u) to|(?:you|u) (?:must|should|need to|have to)) )*"
)
_STOP_TAIL = (
    rf"(?: (?:it|this|that|now|already|all|everything|here|{_PLEASE}|thanks?|thank you|thx|tq|immediately|lah|la"
    rf"|{_MESSAGES}))*"
)
_REFUSED = r"(?:do not|dont|dun|dnt|never|no need to|no need|stop to)"

_ENGLISH_CLAUSE = re.compile(rf"{_STOP_PRELUDE}stop{_STOP_TAIL}")  # the whole clause
_ENGLISH = re.compile(
    r"\b(?:"
    r"(?:stop|quit|cease) (?:it )?(?:(?:with )?(?:the|your|these|this|all|all these|all the) )?"
    rf"(?:{_WRITE}|{_MESSAGES})\b"
    rf"|{_REFUSED} (?:ever )?(?:text|message|msg|contact|write(?: to)?|whatsapp|sms|disturb|bother|spam|dm|pm)"
    r" (?:me|us|this number|here|again|anymore|any more)\b"
    rf"|{_REFUSED} (?:ever )?(?:spam|disturb|bother|harass)(?: (?:please|pls))?$"
    rf"|{_REFUSED} (?:ever )?send (?:(?:to )?(?:me|us) )?"
    r"(?:(?:any|any more|anymore|more|these|this|such|your|the) )*"
    rf"(?:{_OFFERS}\b|(?:{_THIS} )?{_EVER}\b|anything$)"
    r"|(?:unsubscribe|unsubscribed|unsub)\b"
    r"|opt(?:ing)? (?:me )?out\b"
    r"|(?:remove|delete|erase) (?:me|us"
    r"|my (?:\w+ )?(?:number|no|num|phone|contact|contacts|name|details|info|data))\b"
    r"|(?:take|get|keep|strike) (?:me|us|my (?:number|name)) off\b"
    r"|leave (?:me|us) alone\b"
    r"|lose my number\b"
    rf"|no more (?:of )?(?:(?:these|your|the|any|such) )?{_MESSAGES}\b"
    r"|(?:i will|ill|i am going to|im going to|gonna|i have to|i) (?:block|report) (?:you|u|this|your)\b"
    r"|cancel (?:my|the|this) subscription\b"
    r"|(?:do not|dont|no longer|not) (?:want|wish|like|care)(?: to (?:receive|get|hear|see))?"
    rf"(?: (?:any|any more|anymore|more|your|these|such|from|you|of))* {_OFFERS}\b"
    r"|(?:do not|dont|no longer|not) (?:want|wish|like|care) to (?:receive|get|hear|see)"
    rf"(?: (?:any|more|from|you|u|{_THIS}))* (?:{_EVER}|from (?:you|u))(?: (?:guys|all|anymore|again))?\b"
    r"|(?:do not|dont|no longer|not) (?:want|wish|like) to be (?:contacted|messaged|texted|disturbed|spammed)\b"
    r"|not interested(?! in\b)(?! to (?:know|hear|learn))(?!.*\bbut\b)"
    r")"
)
_ENGLISH_NEGATED = re.compile(
    r"(?:\b(?:do not|dont|dun|did not|didnt|never|would not|wouldnt|should not|shouldnt|not|cant|cannot|can not"
    r"|wont|will not|please not|no need to|forget to|without|if|if (?:i|you|u|we)|before (?:i|you|u|we)"
    r"|who|it|he|she|they|we|will)"
    r" (?:want(?: you| u)? to |wanna |ever |please |just )?)$"
)
_ASKED_WHY = re.compile(
    r"\b(?:why (?:dont|do not|cant|can not|wont|will not)|(?:cant|can|could|wont) (?:you|u|i))\b"
)

# --- Malay and Indonesian -------------------------------------------------------------------------------------

_NO_MORE_VERB = (
    r"(?:di)?(?:hantar|hntr|antar|kirim|kirimi|kirimkan|hantarkan|send|text|mesej|msj|msg|message|massage"
    r"|whatsapp|wasap|wassap|watsap|wsap|wa|ws|sms|chat|spam|ganggu|kacau|contact|hubungi|kontak|call|telefon|telepon"
    r"|promosi|promo|iklan)"
)
_BOTHER = (
    r"(?:di)?(?:mesej|msg|message|whatsapp|wasap|wassap|watsap|wsap|spam|ganggu|kacau|contact|hubungi|kontak)"
)
_DO_NOT = (
    r"(?:jangan|jgn|jngn|jangn|janganlah|tak payah|tak yah|x payah|xpayah|takyah|tak perlu|tk perlu|x perlu|xperlu"
    r"|tidak perlu|ga usah|gak usah|nggak usah|gausah|tidak usah|ga perlu|gak perlu|stop|berhenti|berhentilah"
    r"|hentikan|setop)"
)
_LAGI = r"(?:lagi|lg|lgi|dah|sudah|udah|terus|trus)"
_ME = r"(?:saya|sy|aku|ak|kami|gue|gw|me|i)"
_SUCH = (
    r"(?:mesej|mesage|pesan|pesanan ringkas|iklan|promosi|promo|spam|sms|msg|message|apa apa|apa2|apapun"
    r"|macam ni|benda ni)"
)
_NOT_WANT = (
    r"(?:tak nak|taknak|tk nak|tknak|x nak|xnak|tak mau|tak mahu|tidak mau|tidak mahu|ga mau|gak mau|gamau"
    r"|nggak mau|ngga mau|ndak mau)"
)
_MALAY = re.compile(
    r"\b(?:"
    rf"{_DO_NOT} (?:lagi |nak )?{_NO_MORE_VERB}(?: \w+){{0,2}}? (?:{_LAGI}|{_SUCH})\b"
    rf"|{_DO_NOT} (?:lagi |nak )?{_NO_MORE_VERB} (?:kat |pada |kepada |ke |dekat )?{_ME}(?: {_LAGI}| lah| la)?$"
    rf"|{_DO_NOT} (?:lagi |nak )?{_BOTHER}(?: (?:saya|sy|aku|kami|sini|lah|la|pls|please|tq))*$"
    rf"|(?:stop|berhenti|hentikan|setop) {_NO_MORE_VERB}\b"
    r"|(?:tolong|tlg|sila|mohon|minta|harap|please|pls) (?:berhenti|hentikan|stop|setop)"
    r"(?: (?:lah|la|ya|yer|please|pls))*$"
    r"|(?:buang|padam|keluarkan|hapus|hapuskan|delete|remove|buangkan) (?:lah )?"
    rf"(?:nombor|nomor|nombo|no|num|nama|kontak|contact)(?: \w+){{0,2}} {_ME}\b"
    rf"|(?:buang|keluarkan|padam|hapus) {_ME} dari\b"
    rf"|{_NOT_WANT} (?:dah|lagi|lg|terima|dapat|dpt|menerima|dihubungi|diganggu)\b"
    rf"|(?:dah|sudah|udah) {_NOT_WANT}(?: (?:lah|la|lagi))*$"
    r"|(?:tak|x|tk|tidak|ga|gak|nggak|ngga|kurang) (?:berminat|minat|tertarik|brminat)"
    r"(?: (?:lah|la|dah|lagi|pun|tq|terima kasih|makasih))*$"
    r"|(?:berhenti|batal|batalkan|stop) (?:langganan|berlangganan|subscribe|subscription)\b"
    r")"
)
_MALAY_NEGATED = re.compile(
    r"\b(?:jangan|jgn|bukan|bukannya|kenapa|knp|mengapa|kalau|kalo|klu|jika|belum|lupa|tak|tidak|tidak akan|sebab)"
    r"(?: \w+)? $"
)

# --- Chinese --------------------------------------------------------------------------------------------------

_CHINESE = re.compile(
    r"(?<!先)(?:不要|别|別|请勿|請勿|勿|不用|不必|甭|停止|麻烦别|不想)(?:再|老|总|總|一直|继续|繼續)*"
    r"(?:(?:给|給|跟|向|对|對)我(?:们|們)?)?"
    r"(?:"
    r"(?:骚扰|騷擾|打扰|打擾|烦|煩|群发|群發|推送|推销|推銷|联系|聯繫|联络|聯絡|私信)(?!你|他|她|客服)"
    r"|(?:发|發|传|傳|寄|发送|發送|收到|收)(?:了|我|给我|給我|这种|這種|这些|這些|任何|什么|什麼|你们的|你們的|你的)*"
    r"(?:信息|讯息|訊息|消息|短信|广告|廣告|微信|简讯|簡訊|过来|過來|来|來)?(?:给我|給我|到我)?(?:了|啦|吧|哦|喔)?$"
    r"|(?:再)(?:发|發|传|傳|寄|收到|发送|發送)"
    r")"
    r"|(?<!不要)(?<!不想)(?<!别)(?<!別)(?<!不用)(?<!没有)(?<!沒有)(?:取消(?:订阅|訂閱|关注|關注)|退订|退訂)(?!过|過|吗|嗎|费|費)"
    r"|停止(?:发送|發送|推送|发|發)"
    r"|(?:删除|刪除|移除|删掉|刪掉|去掉)(?:我|掉我)"
    r"|把我(?:的\w{1,4})?(?:删|刪|移)"
    r"|(?:再发|再發)(?:我)?就?(?:拉黑|举报|舉報|投诉|投訴)"
    r"|(?:没兴趣|沒興趣|不感兴趣|不感興趣)(?:了|，|谢谢|謝謝)?$"
)
_HAN = re.compile(r"[\u3400-\u9fff]")
_CLAUSE_END = re.compile(r"[.,;:!?\n\r()…—。，；：！？、]+|\s[-–]+\s")
_UNSEEN = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\ufe00-\ufe0f\u00ad]")


def asks_to_stop(text: str, own_words: Iterable[str] = ()) -> bool:
    """Whether it seems that whoever wrote this wants no more messages (English, Malay, Indonesian, Chinese).

    `own_words`: the stop words of the workspace.
    """
    plain = unicodedata.normalize("NFKC", _UNSEEN.sub("", text[:_LONGEST])).casefold()
    own_words = tuple(own_words)
    return any(_refuses(clause) or is_stop(clause, own_words) for clause in _CLAUSE_END.split(plain))


def _refuses(clause: str) -> bool:
    if _HAN.search(clause) and _CHINESE.search(re.sub(r"[^\w]+", "", clause)):
        return True
    words = " ".join(re.sub(r"[^\w]+", " ", re.sub(r"['’‘`´]", "", clause)).split())
    if not words:
        return False
    return _ENGLISH_CLAUSE.fullmatch(words) is not None or _says(words)


def _says(words: str) -> bool:
    for found in _ENGLISH.finditer(words):
        before = words[: found.start()]
        if _ASKED_WHY.search(before) or not _ENGLISH_NEGATED.search(before):
            return True
    return any(not _MALAY_NEGATED.search(words[: found.start()]) for found in _MALAY.finditer(words))
