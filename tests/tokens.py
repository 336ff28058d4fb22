"""Access tokens of the local user pool, good and forged: signed with the emulator's own key where that is needed."""

import base64
import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tests.cloud import Cloud

Claims = Mapping[str, Any]


class Mint:
    """Makes tokens that the pool of a local cloud might have made, and such that it never would."""

    def __init__(self, cloud: Cloud) -> None:
        pool = cloud.outputs["UserPoolId"]
        path = cloud.home.state / "services/cognito-pool-keys" / f"{pool}-access.pem"
        self.genuine = cloud.token("operator")
        self.robot_id = str(cloud.outputs["MachineClientId"])  # seeded as the company's price robot
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
        assert isinstance(key, rsa.RSAPrivateKey)
        self.key = key
        head, body, _ = self.genuine.split(".")
        self.head: dict[str, Any] = json.loads(_decoded(head))
        self.claims: dict[str, Any] = json.loads(_decoded(body))

    def token(self, *, key: rsa.RSAPrivateKey | None = None, head: Claims | None = None, **claims: Any) -> str:
        """The genuine token with other claims (None: left out), well signed."""
        signed = self._unsigned({**self.head, **(head or {})}, claims)
        return f"{signed}.{_encoded((key or self.key).sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256()))}"

    def unsigned(self) -> str:
        """`alg: none`, no signature."""
        return self._unsigned({"alg": "none", "typ": "JWT"}, {}) + "."

    def by_public_key(self) -> str:
        """HS256, with the public key as the secret: what fools a verifier that believes the header."""
        signed = self._unsigned({**self.head, "alg": "HS256"}, {})
        secret = self.key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return f"{signed}.{_encoded(hmac.new(secret, signed.encode(), hashlib.sha256).digest())}"

    def tampered(self) -> str:
        """The genuine token with more rights than were signed."""
        head, _, signature = self.genuine.split(".")
        body = _encoded(json.dumps({**self.claims, "cognito:groups": ["operator", "finance"]}).encode())
        return f"{head}.{body}.{signature}"

    def person(self, subject: str, *groups: str) -> str:
        """Somebody with groups."""
        claims: dict[str, Any] = {"cognito:groups": list(groups)}
        return self.token(sub=subject, username=subject, **claims)

    def robot(self, scope: str) -> str:
        """The token of the machine client, as client credentials give it."""
        claims: dict[str, Any] = {"cognito:groups": None}
        return self.token(sub=self.robot_id, client_id=self.robot_id, scope=scope, username=None, **claims)

    def _unsigned(self, head: Claims, claims: Claims) -> str:
        now = int(time.time())
        body = {**self.claims, "iat": now, "exp": now + 3_600, "jti": str(uuid.uuid4()), **claims}
        kept = {name: value for name, value in body.items() if value is not None}
        return f"{_encoded(json.dumps(head).encode())}.{_encoded(json.dumps(kept).encode())}"


def stranger() -> rsa.RSAPrivateKey:
    """A key that the pool does not know."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


# H1: tokens that open nothing, and how each must be answered.
READ = "/v1/stock/MUG-BLUE"
ATTACKS: dict[str, tuple[Callable[[Mint], str | None], int]] = {
    "missing": (lambda _mint: None, 401),
    "garbage": (lambda _mint: "not.a.token", 401),
    "expired": (lambda mint: mint.token(exp=int(time.time()) - 60), 401),
    "without expiry": (lambda mint: mint.token(exp=None), 401),
    "not yet valid": (lambda mint: mint.token(nbf=int(time.time()) + 3_600), 401),
    "for another audience": (lambda mint: mint.token(client_id="somebody-else"), 401),
    "of another issuer": (lambda mint: mint.token(iss=mint.claims["iss"] + "x"), 401),
    "signed by another key": (lambda mint: mint.token(key=stranger()), 401),
    "of an unknown key id": (lambda mint: mint.token(key=stranger(), head={"kid": "unknown"}), 401),
    "alg none": (lambda mint: mint.unsigned(), 401),
    "HS256 with the public key": (lambda mint: mint.by_public_key(), 401),
    "tampered": (lambda mint: mint.tampered(), 401),
    "an id token": (lambda mint: mint.token(token_use="id", aud=mint.claims["client_id"]), 401),
    "lacking the scope": (lambda mint: mint.robot("baton/orders:write"), 403),
}
