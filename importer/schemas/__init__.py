"""What an object of an ATT&CK bundle must look like, declared once per kind of object.

`fields` holds the shapes that properties share (an identifier, a timestamp, a version) and turns
what breaks them into plain sentences; `attack` declares the envelope, ATT&CK's own properties and
one model for each `x-mitre-` type; `rules` applies those, and what holds for objects of all types;
`standard` asks stix2 about the types that STIX defines, and `complaints` reads its errors.
`importer.validate` puts them together. Nothing here knows Django, the clock or the network.
"""
