"""Input that wants to be taken for something else: a statement, a page, a path, a formula."""

from tests.factories import mitigation, relationship, technique
from tests.hostile.corpus.category import Category, bundle, of_bundle, with_fields

SCRIPT = "<script>alert(1)</script>"
_TARGET = technique("T1000", "Way")


def _hostile_texts() -> bytes:
    """Text that a reader's browser must take for text."""
    one = mitigation(
        "M1000",
        f"Measure {SCRIPT}",
        description=f"{SCRIPT} [x](javascript:alert(1)) <img src=x onerror=alert(1)>",
        references=[{"source_name": SCRIPT, "url": "javascript:alert(1)", "description": SCRIPT}],
        x_mitre_platforms=[SCRIPT, "=cmd|' /C calc'!A0"],
    )
    note = relationship("mitigates", one, _TARGET, f'"><svg onload=alert(1)>{SCRIPT}')
    return bundle(one, _TARGET, note)


CATEGORY = Category(
    values={
        "a statement": "'; DROP TABLE library_snapshot; --",
        "a condition": "1' OR '1'='1",
        "a union": "1 UNION SELECT password FROM auth_user",
        "a wait": "1; SELECT pg_sleep(9)",
        "a script": SCRIPT,
        "an attribute": '" onfocus=alert(1) autofocus x="',
        "an address of a script": "javascript:alert(document.cookie)",
        "a path": "../../../../etc/passwd",
        "a path of Windows": "..\\..\\windows\\win.ini",
        "an absolute path": "/etc/passwd",
        "another site": "//attacker.example/x",
        "another site by its address": "https://attacker.example/",
        "a machine within": "http://169.254.169.254/latest/meta-data/",
        "a command": "; cat /etc/passwd #",
        "a command in its own shell": "$(touch /tmp/x)`id`",
        "a template": "{{ settings.SECRET_KEY }}{% debug %}",
        "a format": "%s%n{0.__class__.__mro__}",
        "a formula": "=cmd|' /C calc'!A0",
        "a lookup": "password__startswith",
        "a header": "x\r\nLocation: https://attacker.example/",
        "a document from elsewhere": '<!DOCTYPE x [<!ENTITY y SYSTEM "file:///etc/passwd">]>&y;',
        "an option": "--settings=os",
        "a line of a log": "ok\n2026-01-01 root signed in",
    },
    files={
        "texts that are markup": _hostile_texts,
        "a statement for an id": with_fields(id="'; DROP TABLE library_snapshot; --"),
        "a path for an id": with_fields(id="../../etc/passwd--00000000"),
        "a script for a type": with_fields(type=SCRIPT),
        "a statement for a type": with_fields(type="tool'; --", id=f"tool'; ----{'0' * 36}"),
        "a statement for a release": lambda: bundle(release="18.1'; DROP TABLE x; --"),
        "a script for a release": lambda: bundle(release=SCRIPT),
        "a path for a release": lambda: bundle(release="../../18.1"),
        "a statement for a bundle": of_bundle(type="bundle'; --"),
        "a document from elsewhere": lambda: (
            b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY y SYSTEM "file:///etc/passwd">]><x>&y;</x>'
        ),
        "an object of Python": lambda: b"!!python/object/apply:os.system ['touch /tmp/x']\n",
        "a pickle": lambda: b"\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x02id\x85R.",
        "a script of a shell": lambda: b"#!/bin/sh\nrm -rf /\n",
        "a statement": lambda: b"COPY auth_user FROM PROGRAM 'id';\n",
        "a page of PHP": lambda: b"<?php system($_GET['x']); ?>",
        "YAML that means another": lambda: b"<<: {state: published}\nstate: !!int draft\n",
    },
    sound=frozenset({"texts that are markup"}),
)
