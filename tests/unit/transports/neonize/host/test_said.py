import pytest

from engine.transports.neonize.host import said
from engine.transports.neonize.host.library import content
from engine.transports.neonize.host.said import Said

Message = content.Message


@pytest.mark.parametrize(
    ("message", "text", "attached"),
    [
        (Message(conversation="STOP"), "STOP", ""),
        (Message(extendedTextMessage=content.ExtendedTextMessage(text="Hi")), "Hi", ""),
        (Message(imageMessage=content.ImageMessage(caption="our shop")), "our shop", "photo"),
        (Message(imageMessage=content.ImageMessage()), "", "photo"),
        (Message(videoMessage=content.VideoMessage(seconds=200)), "", "video of 3 min 20 s"),
        (Message(videoMessage=content.VideoMessage(gifPlayback=True)), "", "GIF"),
        (Message(ptvMessage=content.VideoMessage(seconds=9)), "", "video message of 9 s"),
        (Message(audioMessage=content.AudioMessage(PTT=True, seconds=12)), "", "voice message of 12 s"),
        (Message(audioMessage=content.AudioMessage()), "", "audio"),
        (
            Message(documentMessage=content.DocumentMessage(fileName="a\nb.pdf", caption="x")),
            "x",
            "file “a b.pdf”",
        ),
        (Message(documentMessage=content.DocumentMessage()), "", "file"),
        (Message(stickerMessage=content.StickerMessage()), "", "sticker"),
        (Message(contactMessage=content.ContactMessage(displayName="Ann")), "", "contact card “Ann”"),
        (Message(locationMessage=content.LocationMessage(name="Shop")), "", "location “Shop”"),
        (Message(pollCreationMessageV3=content.PollCreationMessage(name="When?")), "", "poll “When?”"),
        (Message(buttonsResponseMessage=content.ButtonsResponseMessage(selectedDisplayText="Yes")), "Yes", ""),
        (Message(groupInviteMessage=content.GroupInviteMessage()), "", "invitation to a group"),
        (Message(callLogMesssage=content.CallLogMessage()), "", "something that cannot be shown here"),
    ],
)
def test_what_a_message_says_in_words(message, text, attached):
    assert said.read(message) == Said(text, attached, None)


def test_what_a_message_answers():
    quoting = content.ContextInfo(stanzaID="M0")
    assert said.read(
        Message(extendedTextMessage=content.ExtendedTextMessage(text="Hi", contextInfo=quoting))
    ) == Said("Hi", "", "M0")
    assert said.read(Message(imageMessage=content.ImageMessage(contextInfo=quoting))) == Said("", "photo", "M0")


def test_the_librarys_own_fields_beside_it_change_nothing():
    keys = content.SenderKeyDistributionMessage(groupID="1")
    message = Message(conversation="Hi", senderKeyDistributionMessage=keys)
    message.messageContextInfo.messageSecret = b"x"
    assert said.read(message) == Said("Hi", "", None)


def test_an_edit_says_what_the_message_says_now():
    now = content.ProtocolMessage(
        type=content.ProtocolMessage.MESSAGE_EDIT, editedMessage=Message(conversation="STOP")
    )
    assert said.read(Message(protocolMessage=now)) == Said("STOP", "edited message", None)
