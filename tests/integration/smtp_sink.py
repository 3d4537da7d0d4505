"""MX hosts: SMTP servers that take every mail, and remember whether it came in clear."""
import dataclasses
import socket
import ssl
import threading

import certificates

PATIENCE = 30.0  # seconds a client may be silent


@dataclasses.dataclass(frozen=True)
class Mail:
    recipient: str
    encrypted: bool


class SmtpSink:
    """One listening address. Without a certificate it offers no STARTTLS."""

    def __init__(self, address, certificate=None, port=25):
        self.address, self.certificate, self.port = address, certificate, port
        self.mails, self.sessions = [], 0
        self._context = None
        if certificate is not None:
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._context.load_cert_chain(certificate)
        self._listener = socket.create_server((address, port), backlog=128)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def stop(self):
        """Returns when the address is free again."""
        try:
            self._listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._thread.join()
        self._listener.close()

    def tlsa(self, **how):
        """The TLSA record that this host's certificate matches."""
        return certificates.tlsa(self.certificate, **how)

    def mails_to(self, domain):
        return [mail for mail in list(self.mails) if mail.recipient.endswith(f"@{domain}")]

    def _serve(self):
        while True:
            try:
                stream, _ = self._listener.accept()
            except OSError:
                return
            self.sessions += 1
            threading.Thread(target=self._session, args=(stream,), daemon=True).start()

    def _session(self, stream):
        stream.settimeout(PATIENCE)
        try:
            if self._talk(stream, encrypted=False, greet=True):
                with self._context.wrap_socket(stream, server_side=True) as tls:
                    self._talk(tls, encrypted=True, greet=False)
        except OSError:  # ssl.SSLError is one: the client refused us, and often that is the test's point
            pass
        finally:
            stream.close()

    def _talk(self, stream, encrypted, greet):
        """One conversation; true where the client wants TLS from here on."""
        def say(line):
            stream.sendall(f"{line}\r\n".encode())

        recipients = []
        reader = stream.makefile("rb")  # the client is silent between STARTTLS and its hello: nothing is lost
        if greet:
            say("220 sink.invalid ESMTP")
        while line := reader.readline(4096):
            words = line.decode("latin-1").strip()
            verb = words.upper()
            if verb.startswith("EHLO"):
                say("250-sink.invalid\r\n250 STARTTLS" if self._context and not encrypted else "250 sink.invalid")
            elif verb == "STARTTLS" and self._context and not encrypted:
                say("220 go ahead")
                return True
            elif verb == "DATA":
                say("354 end with a dot")
                while reader.readline(4096) not in (b".\r\n", b""):
                    pass
                self.mails += [Mail(recipient, encrypted) for recipient in recipients]
                say("250 taken")
            elif verb == "QUIT":
                say("221 bye")
                return False
            else:
                if verb.startswith("RCPT TO:"):
                    recipients.append(words[8:].partition(">")[0].lstrip("< "))
                elif verb.startswith(("MAIL", "RSET", "HELO")):
                    recipients = []
                say("250 fine")
        return False
