"""An independent WebAuthn client: python-fido2 over an authenticator in software.

The client half (client data, option handling, CTAP2 encoding, JSON forms) is python-fido2's. The authenticator below
answers three commands of CTAP 2.0. It reads one JSON object a line from standard input and answers each with one line:

    {"op": "create" | "get", "origin": "https://...", "publicKey": {...}}  ->  {"response": {...}} | {"error": "..."}
"""

import json
import os
import struct
import sys

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2 import cbor
from fido2.client import ClientError, DefaultClientDataCollector, Fido2Client, UserInteraction
from fido2.cose import ES256
from fido2.ctap import CtapDevice, CtapError
from fido2.hid import CAPABILITY
from fido2.utils import sha256
from fido2.webauthn import (
    PublicKeyCredentialCreationOptions,
    PublicKeyCredentialRequestOptions,
)

AAGUID = b"latchkey-py-fido"

USER_PRESENT, USER_VERIFIED, ATTESTED = 0x01, 0x04, 0x40

MAKE_CREDENTIAL, GET_ASSERTION, GET_INFO = 0x01, 0x02, 0x04


class SoftwareAuthenticator(CtapDevice):
    """CTAP 2.0 with resident keys, built-in user verification and self attestation."""

    def __init__(self):
        self._credentials = {}
        self._counter = 0

    @property
    def capabilities(self):
        return CAPABILITY.CBOR

    @classmethod
    def list_devices(cls):
        yield cls()

    def call(self, cmd, data=b"", event=None, on_keepalive=None):
        command, body = data[0], data[1:]
        arguments = cbor.decode(body) if body else {}
        try:
            if command == GET_INFO:
                answer = self._info()
            elif command == MAKE_CREDENTIAL:
                answer = self._make_credential(arguments)
            elif command == GET_ASSERTION:
                answer = self._get_assertion(arguments)
            else:
                raise CtapError(CtapError.ERR.INVALID_COMMAND)
        except CtapError as error:
            return bytes([error.code])
        return b"\0" + cbor.encode(answer)

    def _info(self):
        options = {"rk": True, "up": True, "uv": True, "makeCredUvNotRqd": True, "clientPin": False}
        return {1: ["FIDO_2_0"], 3: AAGUID, 4: options, 6: [2]}

    def _header(self, rp_id, options, more=0):
        self._counter += 1
        flags = USER_PRESENT | (USER_VERIFIED if options.get("uv") else 0) | more
        return sha256(rp_id.encode()) + bytes([flags]) + struct.pack(">I", self._counter)

    def _make_credential(self, arguments):
        rp_id, user = arguments[2]["id"], arguments[3]
        excluded = [descriptor["id"] for descriptor in arguments.get(5, [])]
        if any(self._is_mine(credential_id, rp_id) for credential_id in excluded):
            raise CtapError(CtapError.ERR.CREDENTIAL_EXCLUDED)
        if not any(parameter["alg"] == ES256.ALGORITHM for parameter in arguments[4]):
            raise CtapError(CtapError.ERR.UNSUPPORTED_ALGORITHM)
        options = arguments.get(7, {})
        key = ec.generate_private_key(ec.SECP256R1())
        credential_id = os.urandom(48)
        resident = bool(options.get("rk"))
        self._credentials[credential_id] = (rp_id, user["id"], resident, key)
        public_key = cbor.encode(ES256.from_cryptography_key(key.public_key()))
        attested = AAGUID + struct.pack(">H", len(credential_id)) + credential_id + public_key
        data = self._header(rp_id, options, ATTESTED) + attested
        signature = key.sign(data + arguments[1], ec.ECDSA(hashes.SHA256()))
        return {1: "packed", 2: data, 3: {"alg": ES256.ALGORITHM, "sig": signature}}

    def _get_assertion(self, arguments):
        rp_id, client_data_hash = arguments[1], arguments[2]
        if arguments.get(3):
            candidates = [descriptor["id"] for descriptor in arguments[3]]
        else:
            candidates = [known for known, (_, _, resident, _) in self._credentials.items() if resident]
        mine = [candidate for candidate in candidates if self._is_mine(candidate, rp_id)]
        if not mine:
            raise CtapError(CtapError.ERR.NO_CREDENTIALS)
        _, user_id, resident, key = self._credentials[mine[-1]]
        data = self._header(rp_id, arguments.get(5, {}))
        signature = key.sign(data + client_data_hash, ec.ECDSA(hashes.SHA256()))
        answer = {1: {"type": "public-key", "id": mine[-1]}, 2: data, 3: signature}
        if resident:
            answer[4] = {"id": user_id}
        return answer

    def _is_mine(self, credential_id, rp_id):
        return credential_id in self._credentials and self._credentials[credential_id][0] == rp_id


class WillingPerson(UserInteraction):
    """Touches and verifies whenever asked."""

    def request_uv(self, permissions, rp_id):
        return True


def answer(device, request):
    client = Fido2Client(device, DefaultClientDataCollector(request["origin"]), WillingPerson())
    if request["op"] == "create":
        options = PublicKeyCredentialCreationOptions.from_dict(request["publicKey"])
        return dict(client.make_credential(options))
    options = PublicKeyCredentialRequestOptions.from_dict(request["publicKey"])
    return dict(client.get_assertion(options).get_response(0))


def main():
    device = SoftwareAuthenticator()
    for line in sys.stdin:
        try:
            result = {"response": answer(device, json.loads(line))}
        except (ClientError, ValueError) as error:
            result = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(result), flush=True)


main()
