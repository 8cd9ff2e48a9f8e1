"""Sealed tokens: nobody between can read them, they are frozen as signed ones are, and signed ones go on being read."""

from __future__ import annotations

import subprocess
import sys
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

import mailbeacon as mb
from mailbeacon.errors import BadToken, ConfigError, ForgedToken, TokenError
from mailbeacon.links import carried, split, token_in
from mailbeacon.model import Action, Level, Target
from mailbeacon.tokens import MAX_TOKEN_LENGTH, TokenSigner
from mailbeacon.tokens.sealing import SealedPurpose
from mailbeacon.tokens.signing import Purpose
from tests.making import beacon

KEY, NEW = b"0123456789abcdef", b"fedcba9876543210"
SENT = datetime(2026, 11, 23, 9, tzinfo=UTC)
BASE = "https://t.example.com/m"
SEALER = TokenSigner([KEY], encrypt=True)
MESSAGE = mb.Message(recipient="u-17", campaign="spring", sent_at=SENT)
HTML = '<p><a href="https://example.com/a">Read</a></p>'

texts = st.text(st.characters(codec="utf-8"), max_size=30)
messages = st.builds(
    mb.Message,
    recipient=texts.filter(bool),
    campaign=texts,
    id=texts,
    variant=texts,
    sent_at=st.none() | st.just(SENT),
    opens=st.sampled_from([Level.NONE, Level.DATE, Level.FULL]),
    clicks=st.sampled_from([Level.NONE, Level.DATE, Level.FULL]),
    metadata=st.dictionaries(st.sampled_from("abc"), st.text("xyz", max_size=9), max_size=2),
)


@pytest.mark.parametrize(
    ("message", "token"),
    [
        pytest.param(MESSAGE, ("bo3V_OsGpq0MamKQB9NimBQ2su8_ODmw57Wtmj_dIoz5EFWi2z18cQIy9Tsw"), id="an ordinary one"),
        pytest.param(
            mb.Message(recipient="u-17", campaign="spring!", sent_at=SENT),
            ("brlf0XWy7MzRJtWaPEKw4Cti-X8ZB2ixYstx7a-CTtvYjiIy6eHDy_SSZx-KHKg"),
            id="one sign longer",
        ),
        pytest.param(
            mb.Message(recipient="u-17", campaign="spring!!", sent_at=SENT),
            ("by8FmXElPNxhZhE7wpMiAGXShq3LrQVgzrQmSZF5GCINnKabBuuBCtATno4AMmQ"),
            id="two signs longer",
        ),
        pytest.param(
            mb.Message(recipient="", campaign="spring", opens=Level.AGGREGATE, clicks=Level.AGGREGATE),
            ("bnOXc9iqNyOwkd_eT9zJG3Vk5JiNLsp47eP2dkjel2hlfPsneT7bYc-eFnQ"),
            id="one for all",
        ),
    ],
)
def test_a_frozen_sealed_token_is_written_and_read_as_ever(message, token):
    assert SEALER.sign_message(message) == token
    assert SEALER.read_message(token) == message
    assert TokenSigner([KEY]).read_message(token) == message


def test_a_frozen_sealed_action_token_is_written_and_read_as_ever():
    for action, token in (
        (Action.UNSUBSCRIBE, ("bJR0-OgP-U9Vl16InRg8hkmLLXCNLak4z39hyAcr8-gVuWFys0U4CxFb8huk")),
        (Action.STOP_TRACKING, ("bEzDljoExaCuCk4YmBLwby2GsLHvQDxcSNi9TIHdCsfkKxTQTkNn1AWnbNMc")),
    ):
        assert SEALER.sign_action(MESSAGE, action) == token
        assert SEALER.read_leave(token)[0] is action


@given(messages)
def test_law_what_is_sealed_is_read_back_and_survives_what_mail_gateways_add(message):
    token = SEALER.sign_message(message)
    assert SEALER.read_message(token) == message
    assert token == SEALER.sign_message(message)
    assert token[-1].isalnum()
    assert split(f"/u/{token}).")[1] == token
    assert (
        split(f"/c/{token}/{SEALER.sign_link(mb.model.Target(number=1, url='https://example.com/'), 'c')}")[1] == token
    )
    assert token_in("".join(carried(token, 20).values())) == token


@given(messages.filter(lambda one: len(one.campaign + one.recipient) > 5))
def test_law_nothing_of_a_message_stands_in_its_sealed_token(message):
    token = SEALER.sign_message(message)
    body = urlsafe_b64decode(token[1:] + "=" * (-len(token[1:]) % 4))
    for text in (message.campaign, message.recipient, message.id):
        assert len(text) < 3 or text.encode() not in body


@given(messages, st.data())
def test_law_a_token_altered_anywhere_is_refused(message, data):
    token = SEALER.sign_message(message)
    at = data.draw(st.integers(0, len(token) - 1))
    sign = data.draw(st.sampled_from("abAB09-_.=é"))
    altered = token[:at] + sign + token[at + 1 :]
    if altered != token:
        with pytest.raises(TokenError):
            SEALER.read_message(altered)
    for other in (token[:-1], token + "A", token + "=", token + "\n", "a" + token, "b", "b" + "A" * 22, "b" + "A" * 21):
        with pytest.raises(TokenError):
            SEALER.read_message(other)


def test_a_sealed_token_serves_for_its_purpose_key_and_installation_alone():
    token = SEALER.sign_message(MESSAGE)
    with pytest.raises(ForgedToken):
        SEALER.read_leave(token)
    with pytest.raises(ForgedToken):
        TokenSigner([KEY], "other", encrypt=True).read_message(token)
    with pytest.raises(ForgedToken):
        TokenSigner([NEW], encrypt=True).read_message(token)
    with pytest.raises(ForgedToken):
        SEALER.read_action(SEALER.sign_action(MESSAGE, Action.STOP_TRACKING), Action.UNSUBSCRIBE)


def test_keys_rotate_and_signed_tokens_go_on_being_read():
    signed, sealed = TokenSigner([KEY]).sign_message(MESSAGE), SEALER.sign_message(MESSAGE)
    rotated = TokenSigner([KEY, NEW], encrypt=True)
    assert rotated.sign_message(MESSAGE) not in (signed, sealed)
    for token in (signed, sealed, rotated.sign_message(MESSAGE)):
        assert rotated.read_message(token) == MESSAGE
    assert len({rotated.read_hit(token).message_id for token in (signed, sealed)}) == 1


def test_an_address_may_be_the_recipient_of_a_sealed_token():
    named = mb.Message(recipient="ann@example.net", campaign="spring")
    assert SEALER.read_message(SEALER.sign_message(named)) == named
    with pytest.raises(ConfigError):
        TokenSigner([KEY]).sign_message(named)


@pytest.mark.parametrize("encrypt", [True, False])
def test_the_whole_way_out_and_back_with_sealed_tokens(encrypt):
    """And a host that stops sealing goes on answering mails that were sealed."""
    sealing = beacon(secret_keys=[KEY], encrypt=True)
    answering = beacon(secret_keys=[KEY], encrypt=encrypt)
    template = sealing.compile(HTML, campaign="spring")
    mail = template.render(MESSAGE)
    assert mail == sealing.rewrite(HTML, MESSAGE).html
    assert "/o/b" in mail
    assert sealing.unwrap(mail) == HTML
    assert not sealing.rewrite(mail, MESSAGE).links
    for url in (sealing.open_url(MESSAGE), sealing.click_url(MESSAGE, "https://example.com/a")):
        answer = answering.answer(mb.Request(url=url, received_at=SENT))
        assert (answer.event.recipient, answer.event.campaign) == ("u-17", "spring")
    reply = answering.handle(mb.Request(url=sealing.leave_url(MESSAGE, Action.UNSUBSCRIBE), received_at=SENT))
    assert reply.status == 200


def test_without_cryptography_sealing_is_refused_with_the_line_to_install_it_and_signing_works():
    code = """
import sys
sys.modules["cryptography"] = None
import mailbeacon as mb
mb.Beacon("https://t.example.com", secret_keys=[b"0123456789abcdef"]).open_url(mb.Message(recipient="u"))
try:
    mb.Beacon("https://t.example.com", secret_keys=[b"0123456789abcdef"], encrypt=True)
except mb.errors.MissingExtra as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == 'sealing tokens needs an optional dependency: pip install "mailbeacon[encrypt]"\n'


def test_a_lone_surrogate_is_a_config_error_as_in_signed_tokens():
    with pytest.raises(ConfigError, match="surrogate"):
        SEALER.sign_message(mb.Message(recipient="\ud800"))


def test_a_sealed_text_of_another_shape_is_a_bad_token():
    """Only a holder of the key can make one; it must still not look like an accident."""
    for payload in ("{}", '["spring"]', "5", '["a","b",1,2,3,4,5,6,7]'):
        with pytest.raises(BadToken):
            SEALER.read_message(SEALER._hit.sign(payload))


def test_the_shortest_sealed_text_is_refused_for_its_seal_and_a_shorter_one_for_its_form():
    """16 bytes are a seal alone, around nothing."""
    with pytest.raises(BadToken, match="not in the form"):
        SEALER.read_message("b" + urlsafe_b64encode(bytes(16)).rstrip(b"=").decode())
    with pytest.raises(ForgedToken, match="sealed"):
        SEALER.read_message("b" + urlsafe_b64encode(bytes(17)).rstrip(b"=").decode())


@pytest.mark.parametrize("seal", [True, False], ids=["sealed", "signed"])
def test_a_token_is_bound_to_what_it_was_made_with(seal):
    """A link's to its campaign, for one."""
    purpose = SealedPurpose([KEY], b"salt", seal=seal)
    token = purpose.sign("text", b"spring")
    assert purpose.body(token, b"spring")[1] == 0
    assert (token == Purpose([KEY], b"salt").sign("text", b"spring")) is not seal
    for other in (b"", b"autumn"):
        with pytest.raises(ForgedToken):
            purpose.body(token, other)


def test_a_sealed_token_is_read_up_to_the_longest_there_may_be():
    purpose = SealedPurpose([KEY], b"salt", seal=True)
    longest, longer = (purpose.sign("x" * length) for length in (12_271, 12_272))
    assert len(longest) == MAX_TOKEN_LENGTH < len(longer)
    assert purpose.body(longest) == (b"x" * 12_271, 0)
    with pytest.raises(BadToken, match="longer than"):
        purpose.body(longer)


@pytest.mark.parametrize("action", Action)
def test_a_link_to_leave_is_sealed_too(action):
    token = SEALER.sign_action(MESSAGE, action)
    assert token.startswith("b")
    assert b"u-17" not in urlsafe_b64decode(token[1:] + "==")
    assert SEALER.read_action(token, action).recipient == "u-17"
    assert not TokenSigner([KEY]).sign_action(MESSAGE, action).startswith("b")


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: SEALER.sign_message(mb.Message(recipient="\ud800")), "lone surrogate, which UTF-8 cannot carry"),
        (
            lambda: TokenSigner([KEY]).sign_message(mb.Message(recipient="ann@example.net")),
            "recipient looks like an e-mail address, .* use the host's own key; set allow_addresses=True",
        ),
        (
            lambda: TokenSigner([KEY]).sign_link(Target(number=1, url="https://x.example/"), ""),
            "campaign must not be empty where links are wrapped: a link is signed for its campaign",
        ),
        (
            lambda: TokenSigner([KEY]).sign_message(mb.Message(recipient="u" * 9000)),
            "recipient, campaign, id, variant and metadata are too long together",
        ),
        (
            lambda: TokenSigner([KEY]).sign_action(mb.Message(recipient="", opens=Level.AGGREGATE, clicks=Level.NONE)),
            "a link to leave needs a recipient: a mail that several people share has none",
        ),
    ],
)
def test_what_cannot_be_signed_is_told_so_that_one_can_mend_it(make, said):
    with pytest.raises(ConfigError, match=said):
        make()
