"""Envelope encryption with a key per person, and the blind index. Randomness comes in from outside.

    KMS key -> wrapping key of the day -> key of the person -> the person

AES-256-GCM throughout; the associated data names the person and the purpose, so that a box moved to another person,
or a key to another use, does not open. Deleting a person's wrapped key is erasing the person.
"""

import hashlib
import hmac
import unicodedata

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from oms.privacy.model import Person, Sealed, WrappingKey

NONCE = 12  # bytes; NIST SP 800-38D 8.2
KEY = 32  # bytes: AES-256
RANDOM = KEY + 2 * NONCE  # what `seal` and `seal_message` need
_MAGIC = b"BTN1"
_DAY = 10  # characters of yyyy-mm-dd
_WRAPPED = NONCE + KEY + 16  # a nonce, a key, and the tag of GCM
_HEAD = len(_MAGIC) + _DAY + _WRAPPED


def seal(person: Person, wrapping: WrappingKey, pepper: bytes, randomness: bytes) -> Sealed:
    """The person under a key of its own. `randomness` is `RANDOM` fresh bytes, never used twice."""
    if len(randomness) != RANDOM:
        raise ValueError(f"{RANDOM} random bytes are needed")
    key, key_nonce, box_nonce = randomness[:KEY], randomness[KEY : KEY + NONCE], randomness[KEY + NONCE :]
    wrapped = key_nonce + AESGCM(wrapping.secret).encrypt(key_nonce, key, _bound(person.id, "key"))
    text = person.model_dump_json(exclude={"id"}, exclude_defaults=True).encode()
    box = box_nonce + AESGCM(key).encrypt(box_nonce, text, _bound(person.id, "profile"))
    return Sealed(wrapping.number, wrapped, box, blind_index(person.email, pepper) if person.email else None)


def open_sealed(person_id: str, sealed: Sealed, wrapping: WrappingKey) -> Person:
    """The inverse of `seal`.

    Raises:
        InvalidTag: the box or the key belongs to somebody else, or was changed.
    """
    wrapped, box = sealed.wrapped_key, sealed.box
    key = AESGCM(wrapping.secret).decrypt(wrapped[:NONCE], wrapped[NONCE:], _bound(person_id, "key"))
    text = AESGCM(key).decrypt(box[:NONCE], box[NONCE:], _bound(person_id, "profile"))
    person = Person.model_validate_json(b'{"id":"",' + text[1:])
    return person.model_copy(update={"id": person_id})


def seal_message(message_id: str, raw: bytes, wrapping: WrappingKey, randomness: bytes) -> bytes:
    """The message under a key of its own, in one piece. `randomness` is `RANDOM` fresh bytes, never used twice."""
    if len(randomness) != RANDOM:
        raise ValueError(f"{RANDOM} random bytes are needed")
    key, key_nonce, box_nonce = randomness[:KEY], randomness[KEY : KEY + NONCE], randomness[KEY + NONCE :]
    wrapped = key_nonce + AESGCM(wrapping.secret).encrypt(key_nonce, key, _bound(message_id, "message-key"))
    box = box_nonce + AESGCM(key).encrypt(box_nonce, raw, _bound(message_id, "message"))
    return _MAGIC + wrapping.number.encode() + wrapped + box


def wrapping_key_of(sealed: bytes) -> str:
    """The number of the wrapping key that a sealed message needs.

    Raises:
        ValueError: this is not a sealed message.
    """
    if not sealed.startswith(_MAGIC) or len(sealed) < _HEAD + NONCE:
        raise ValueError("this is not a sealed message")
    return sealed[len(_MAGIC) : len(_MAGIC) + _DAY].decode("ascii")


def open_message(message_id: str, sealed: bytes, wrapping: WrappingKey) -> bytes:
    """The inverse of `seal_message`.

    Raises:
        InvalidTag: the message has another id, or was changed.
    """
    wrapped, box = sealed[_HEAD - _WRAPPED : _HEAD], sealed[_HEAD:]
    key = AESGCM(wrapping.secret).decrypt(wrapped[:NONCE], wrapped[NONCE:], _bound(message_id, "message-key"))
    return AESGCM(key).decrypt(box[:NONCE], box[NONCE:], _bound(message_id, "message"))


def blind_index(email: str, pepper: bytes) -> str:
    """What an e-mail address is found by: HMAC-SHA256 of its normal form. Without the pepper it says nothing."""
    normal = unicodedata.normalize("NFC", email).strip().casefold()
    return hmac.new(pepper, b"email\0" + normal.encode(), hashlib.sha256).hexdigest()


def phone_index(number: str, pepper: bytes) -> str:
    """What a phone number in its international form is found by."""
    return hmac.new(pepper, b"phone\0" + number.encode(), hashlib.sha256).hexdigest()


def fingerprint(text: str, pepper: bytes) -> str:
    """128 bits of HMAC-SHA256: the same for the same text. Without the pepper nobody can try texts against it."""
    return hmac.new(pepper, b"text\0" + text.encode(), hashlib.sha256).hexdigest()[:32]


def _bound(person_id: str, purpose: str) -> bytes:
    return f"{person_id}|{purpose}".encode()
