"""What is read as a wish to hear no more, and what only sounds like it."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.contacts.refusals import asks_to_stop

ASKS = """
please stop
Stop please!
pls stop it
STOP THIS NOW
ok stop
can you stop?
Could you please stop
i said stop
stop sending me messages
Stop messaging me
please stop texting me
stop spamming
stop the spam
stop with the messages
Stop all these messages
quit texting me
why don't you stop sending me messages
can't you stop texting me
don't message me
Don’t message me anymore
do not contact me again
dont text me
never contact me again
please don't send me any more messages
don't send me these promos
do not send anymore
don't disturb me
remove me
Please remove me from your list
remove my number
delete my number pls
take me off this list
take my number off
not interested, don't message me
Not interested.
I'm not interested anymore
sorry not interested thanks
unsubscribe me please
how do I unsubscribe?
i want to unsubscribe
unsub
opt me out
I would like to opt out
please opt-out
leave me alone
lose my number
no more messages please
No more of these ads
I will block you
i'll report this
I don't want to receive these messages
i dont want your messages
I no longer wish to receive your offers
don't want to be contacted
cancel my subscription
don't send this to me again
do not send me anything
please do not send them anymore
I do not want to hear from you
don't want to receive anything from you anymore
i dont want any more promos
don't message this number
Hi, who is this? Stop sending me messages or I report you.
jangan hantar lagi
Jgn hantar lg
JANGAN HANTAR LAGI!!!
tolong jangan hantar mesej lagi
jangan kirim pesan lagi
jangan whatsapp saya lagi
jangan wasap saya
jgn kacau
jangan ganggu saya
tolong jangan ganggu
jangan spam
jangan hubungi saya lagi
jangan chat lagi ya
tak payah hantar lagi
tak perlu hantar dah
ga usah kirim lagi
gausah chat saya
tidak perlu hubungi saya lagi
tak nak dah
Taknak dah la
xnak dah
dah tak nak
sudah tidak mau
gak mau lagi
tak mahu terima mesej
tolong berhenti
tolong stop
sila hentikan
berhenti hantar mesej
stop hantar
stop wasap
buang nombor saya
tolong padam no saya
hapus nomor saya
keluarkan saya dari senarai
tak berminat
tidak berminat, terima kasih
gak tertarik
saya tak minat lah
berhenti langganan
不要再发了
别发了
別發了
请不要再发信息给我
不要再给我发消息了
别再发了！
不要发给我
停止发送
不要骚扰我
别烦我
別再打擾我了
请勿打扰
取消订阅
我要退订
帮我退订
删除我的号码
不感兴趣
没兴趣，谢谢
再发就举报
不想收到你们的信息
不想再收到了
Tak nak, terima kasih
Berhenti. Saya dah bosan.
STOP! Who gave you this number?
Cancel, thanks
""".strip().splitlines()

DOES_NOT = """
don't stop
please don't stop
Don't stop sending me these, I love them
never stop
can't stop laughing
I cannot stop thinking about it
bus stop
meet me at the bus stop
where is the next stop
non stop
it works non-stop
stop by tomorrow
I will stop by after work
the rain did not stop
when does it stop raining?
full stop
can you stop at the shop on the way
they won't stop
who can stop us
one stop shop
The bus will stop here
I didn't unsubscribe
please don't unsubscribe me
I never opted for this colour
do you send messages on Sunday
send me more messages
don't forget to send me the price
don't call me, text me
please don't send it to the old address
don't send the parcel today
remove the old price please
delete the second item
take care
I'm interested
interested, please contact me
not interested in yoga but pilates yes
Not sure yet
I'm not available on Monday
no more questions
no thank you for now I have eaten
yes please
Thanks, all good
I want to receive these messages
want to get your offers
leave it at the door
what time do you end?
cancel my order
drop me a message
drop me your number
I don't want this colour
i dont want anything spicy
don't send this one, send the blue one
don't send anything yet
don't text my old number, use this one
get me out of here
I don't want it anymore, can I change?
if not interested just tell me
no more offers this month?
any more offers?
stop that leak
my number is 0123456789
can you remove the stain
jangan lupa hantar
jangan lupa hantar lagi ya
jangan berhenti
jangan berhenti hantar ya
hantar lagi
boleh hantar lagi?
tolong hantar katalog
saya nak lagi
tak nak yang merah
kenapa tak nak lagi?
bukan tak nak lagi
bas berhenti di mana
saya sudah berhenti kerja
jangan risau
jangan hantar hari ini
jangan kirim ke alamat lama
tak apa
saya berminat
saya sangat berminat dengan pakej ini
tidak apa apa
nak
kirim ke mana
kirim lagi dong
jangan kasi tahu dia lagi
jangan bagi dia lagi
jangan tutup lagi kedai
mau lagi
不要停
别停
别忘了发给我
不要忘记发货
不要发快递
先别发
不要退订
发给我
请发价格
请再发一次
什么时候发货
我很感兴趣
不要红色
好的谢谢
不要香菜
""".strip().splitlines()


@pytest.mark.parametrize("text", ASKS)
def test_it_is_heard(text: str) -> None:
    assert asks_to_stop(text)


@pytest.mark.parametrize("text", DOES_NOT)
def test_it_only_sounds_like_it(text: str) -> None:
    assert not asks_to_stop(text)


@pytest.mark.parametrize(
    "text", ["jangan\u200b hantar\u200d lagi", "ｐｌｅａｓｅ ｓｔｏｐ", "  PLEASE \n\n stop  🙏🙏"]
)
def test_how_it_is_typed_does_not_matter(text: str) -> None:
    assert asks_to_stop(text)


def test_a_teams_own_stop_word_is_heard_among_others() -> None:
    assert asks_to_stop("Pergi! Siapa ni?", ["pergi"])
    assert not asks_to_stop("Pergi! Siapa ni?")
    assert not asks_to_stop("dia dah pergi", ["pergi"])


@given(st.text())
def test_any_text_gets_an_answer(text: str) -> None:
    assert asks_to_stop(text) in {True, False}


WORDS = (
    "stop", "please", "dont", "send", "me", "messages", "jangan", "hantar", "lagi", "no", "more", "want", "to",
    "receive", "any", "tak", "nak", "不要", "发", "别", "your",
)  # fmt: skip


@given(st.lists(st.sampled_from(WORDS), max_size=60))
def test_no_heap_of_such_words_breaks_it(words: list[str]) -> None:
    assert asks_to_stop(" ".join(words)) in {True, False}


@pytest.mark.parametrize(
    "part", ["please ", "stop ", "dont want any more ", "jangan hantar ", "不要再", "no ", "a "]
)
def test_a_long_message_is_read_in_no_time(part: str) -> None:
    began = time.perf_counter()
    asks_to_stop(part * 10_000)
    asks_to_stop(f"{part}! " * 10_000, [f"own word {number}" for number in range(50)])
    assert time.perf_counter() - began < 1
