"""Certificates in PEM, for a connection that trusts one certificate and nothing else."""

import base64
import hashlib
import re

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

PEM = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


def fingerprints(pem):
    """SHA-256 of each certificate, lower-case hex, in the order of the text; what stands around them is passed over."""
    return [hashlib.sha256(one.public_bytes(Encoding.DER)).hexdigest() for one in certificates(pem)]


def pin(pem):
    """The first certificate's public key, for curl's --pinnedpubkey."""
    key = certificates(pem)[0].public_key()
    spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return "sha256//" + base64.b64encode(hashlib.sha256(spki).digest()).decode()


def plain_fingerprint(text):
    """Of `SHA256 Fingerprint=AB:CD…`, `SHA256:AB:CD…` or `abcd…` the hex alone, in the form of `fingerprints`."""
    return re.sub(r"(?i)^.*=|^sha256:|[:\s]", "", text.strip()).lower()


def certificates(pem):
    return [x509.load_pem_x509_certificate(block.encode()) for block in PEM.findall(pem)]


class FilterModule:
    def filters(self):
        return {
            "admind_fingerprints": fingerprints,
            "admind_pin": pin,
            "admind_plain_fingerprint": plain_fingerprint,
        }
