"""Certificates that a test makes with openssl."""

import ssl
import subprocess
from datetime import datetime, timedelta, timezone


def certificate(folder, days=80, name="localhost"):
    """Paths of a certificate, which is its own authority, and its key. It ends in so many days, and is for
    a name and 127.0.0.1."""
    ends = datetime.now(timezone.utc) + timedelta(days=days)
    begins = min(datetime.now(timezone.utc), ends) - timedelta(days=30)
    pem, key = folder / "cert.pem", folder / "key.pem"
    config = folder / "ca.cnf"
    (folder / "index.txt").write_text("")
    (folder / "serial").write_text("01\n")
    config.write_text(
        "[ca]\ndefault_ca=own\n[own]\nnew_certs_dir=.\ndatabase=index.txt\nserial=serial\ndefault_md=sha256\n"
        "policy=any\nx509_extensions=ext\n[any]\ncommonName=supplied\n[ext]\n"
        f"subjectAltName=DNS:{name},IP:127.0.0.1\nbasicConstraints=CA:TRUE\n[req]\ndistinguished_name=dn\n[dn]\n")
    subprocess.run(["openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-keyout", key, "-subj", f"/CN={name}", "-config", config, "-out", folder / "request.pem"],
                   check=True, capture_output=True, cwd=folder)
    subprocess.run(["openssl", "ca", "-batch", "-selfsign", "-config", config, "-keyfile", key, "-in",
                    folder / "request.pem", "-out", pem, "-notext", "-startdate", begins.strftime("%Y%m%d%H%M%SZ"),
                    "-enddate", ends.strftime("%Y%m%d%H%M%SZ")], check=True, capture_output=True, cwd=folder)
    return pem, key


def serving(pem, key):
    """What a server's sockets are wrapped with."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, key)
    return context
