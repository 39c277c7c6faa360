"""A mail server that asks for a password over TLS and keeps what it is sent, for tests/it/report/mail.rs.

python mail_server.py FOLDER CERTIFICATE KEY: prints its port; writes each mail to FOLDER/N.eml. Nobody whose
address begins with `left-` is known.
"""

import pathlib
import ssl
import sys
import time

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult


class Keep:
    def __init__(self, folder):
        self.folder, self.count = pathlib.Path(folder), 0

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("left-"):
            return "550 no such person"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        self.count += 1
        part = self.folder / f"{self.count}.part"
        part.write_bytes("\n".join(envelope.rcpt_tos).encode() + b"\n\n" + envelope.content)
        part.rename(self.folder / f"{self.count}.eml")
        return "250 kept"


def authenticator(server, session, envelope, mechanism, data):
    known = (data.login, data.password) == (b"reporter", b"secret")
    return AuthResult(success=known, handled=False)


class StartTls(Controller):
    def __init__(self, handler, context):
        self.context = context
        super().__init__(handler, hostname="127.0.0.1", port=0)

    def factory(self):
        return SMTP(self.handler, tls_context=self.context, require_starttls=True, auth_required=True,
                    authenticator=authenticator)

    def _trigger_server(self):
        # A port that the system has chosen can't be connected to by the number 0.
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


folder, certificate, key = sys.argv[1:]
tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
tls.load_cert_chain(certificate, key)
controller = StartTls(Keep(folder), tls)
controller.start()
print(controller.port, flush=True)
while True:
    time.sleep(60)
