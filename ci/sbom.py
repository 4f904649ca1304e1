#!/usr/bin/env python3
"""sbom.py - the bill of materials of a release, in SPDX 2.3: what its files are, made of which source, needing which libraries.

usage: sbom.py FOLDER VERSION    writes FOLDER/echo-VERSION.spdx.json from the files that ci/package.sh made there, and checks it

The facts come from the files themselves: their digests, what the Debian packages say they depend on, and the versions of
those libraries on this machine.
"""
import copy
import datetime
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import uuid

import jsonschema

# What the specification's clauses 6 (document), 7 (packages) and 11 (relationships) require, of the fields that are used.
ID = {"type": "string", "pattern": "^SPDXRef-[A-Za-z0-9.-]+$"}
TEXT = {"type": "string", "minLength": 1}


def record(required, **optional):
    """The schema of an object with these fields and no others."""
    return {"type": "object", "required": list(required), "properties": {**required, **optional}, "additionalProperties": False}


def listing(item):
    """The schema of a list that has something in it."""
    return {"type": "array", "minItems": 1, "items": item}


SCHEMA = record(
    {
        "spdxVersion": {"const": "SPDX-2.3"},
        "dataLicense": {"const": "CC0-1.0"},
        "SPDXID": {"const": "SPDXRef-DOCUMENT"},
        "name": TEXT,
        "documentNamespace": {"type": "string", "pattern": "^[a-z][a-z0-9+.-]*:[^#]+$"},
        "creationInfo": record(
            {
                "created": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"},
                "creators": listing({"type": "string", "pattern": "^(Person|Organization|Tool): ."}),
            }
        ),
        "packages": listing(
            record(
                {"SPDXID": ID, "name": TEXT, "versionInfo": TEXT, "downloadLocation": {"const": "NOASSERTION"}},
                filesAnalyzed={"const": False},
                licenseConcluded={"enum": ["MIT", "NOASSERTION"]},
                licenseDeclared={"enum": ["MIT", "NOASSERTION"]},
                copyrightText=TEXT,
                packageFileName=TEXT,
                primaryPackagePurpose={"enum": ["SOURCE", "INSTALL", "ARCHIVE", "LIBRARY"]},
                checksums=listing(
                    record({"algorithm": {"const": "SHA256"}, "checksumValue": {"type": "string", "pattern": "^[0-9a-f]{64}$"}})
                ),
                externalRefs=listing(
                    record(
                        {
                            "referenceCategory": {"const": "PACKAGE-MANAGER"},
                            "referenceType": {"const": "purl"},
                            "referenceLocator": {"type": "string", "pattern": "^pkg:deb/debian/[^/]+@"},
                        }
                    )
                ),
            )
        ),
        "relationships": listing(
            record(
                {
                    "spdxElementId": ID,
                    "relatedSpdxElement": ID,
                    "relationshipType": {"enum": ["DESCRIBES", "GENERATED_FROM", "DYNAMIC_LINK", "STATIC_LINK", "DEPENDS_ON"]},
                }
            )
        ),
    }
)


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def spdx_id(name):
    return "SPDXRef-" + re.sub(r"[^A-Za-z0-9.-]", "-", name)


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def ours(path, version):
    """One of the release's files."""
    copyright_line = next(line for line in open("LICENSE", encoding="utf-8") if line.startswith("Copyright"))
    purpose = "INSTALL" if path.suffix == ".deb" else "ARCHIVE" if "static" in path.name else "SOURCE"
    return {
        "SPDXID": spdx_id(path.name),
        "name": path.name.split("_")[0] if path.suffix == ".deb" else "echo",
        "versionInfo": version,
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": False,
        "licenseConcluded": "MIT",
        "licenseDeclared": "MIT",
        "copyrightText": copyright_line.strip(),
        "packageFileName": path.name,
        "primaryPackagePurpose": purpose,
        "checksums": [{"algorithm": "SHA256", "checksumValue": digest(path)}],
    }


def theirs(name):
    """A Debian package that is installed here."""
    version, architecture = output("dpkg-query", "-W", "-f", "${Version} ${Architecture}\n", name).splitlines()[0].split()
    return {
        "SPDXID": spdx_id(name),
        "name": name,
        "versionInfo": version,
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": False,
        "licenseConcluded": "NOASSERTION",
        "licenseDeclared": "NOASSERTION",
        "copyrightText": "NOASSERTION",
        "primaryPackagePurpose": "LIBRARY",
        "externalRefs": [
            {
                "referenceCategory": "PACKAGE-MANAGER",
                "referenceType": "purl",
                "referenceLocator": f"pkg:deb/debian/{name}@{version.replace('+', '%2B')}?arch={architecture}",
            }
        ],
    }


def needs(path):
    """Pairs: how the file is joined to a library, and the Debian package of that."""
    if "static" in path.name:
        libgcc = output("dpkg-query", "-S", output("cc", "-print-libgcc-file-name"))
        return [("STATIC_LINK", "musl-dev"), ("STATIC_LINK", libgcc.split(":")[0])]
    if path.suffix != ".deb":
        return []
    depends = output("dpkg-deb", "-f", str(path), "Depends")
    return [("DYNAMIC_LINK", re.split(r"[ (:]", each.strip())[0]) for each in depends.split(",")]


def describe(folder, version):
    """The document, of all files in the folder."""
    files = sorted(path for path in folder.iterdir() if path.suffix in (".deb", ".gz"))
    packages = [ours(path, version) for path in files]
    own = {package["name"]: package["SPDXID"] for package in packages if package["primaryPackagePurpose"] == "INSTALL"}
    libraries = {}
    source = next(package["SPDXID"] for package in packages if package["primaryPackagePurpose"] == "SOURCE")
    relationships = []

    def relate(one, how, other):
        relationships.append({"spdxElementId": one, "relationshipType": how, "relatedSpdxElement": other})

    for path in files:
        relate("SPDXRef-DOCUMENT", "DESCRIBES", spdx_id(path.name))
        if spdx_id(path.name) != source:
            relate(spdx_id(path.name), "GENERATED_FROM", source)
        for how, name in needs(path):
            if name in own:
                relate(spdx_id(path.name), "DEPENDS_ON", own[name])
                continue
            libraries.setdefault(name, theirs(name))
            relate(spdx_id(path.name), how, libraries[name]["SPDXID"])
    packages += libraries.values()
    created = datetime.datetime.fromtimestamp(int(os.environ["SOURCE_DATE_EPOCH"]), datetime.timezone.utc)
    return {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": f"echo-{version}",
        # Unique, and the same whenever the files are.
        "documentNamespace": uuid.uuid5(uuid.NAMESPACE_OID, json.dumps(packages)).urn,
        "creationInfo": {"created": created.strftime("%Y-%m-%dT%H:%M:%SZ"), "creators": ["Tool: sbom.py-" + version]},
        "packages": packages,
        "relationships": relationships,
    }


def fault(document, folder):
    """What is wrong with the document, or None: its form, what it refers to, and whether it is of these files."""
    try:
        jsonschema.validate(document, SCHEMA)
    except jsonschema.ValidationError as error:
        return f"{error.json_path}: {error.message}"
    ids = [package["SPDXID"] for package in document["packages"]] + ["SPDXRef-DOCUMENT"]
    ends = [each[end] for each in document["relationships"] for end in ("spdxElementId", "relatedSpdxElement")]
    if len(ids) != len(set(ids)) or set(ids) != set(ends):
        return "the elements are not those that the relationships join"
    listed = {each["packageFileName"]: each["checksums"][0]["checksumValue"] for each in document["packages"] if "checksums" in each}
    found = {path.name: digest(path) for path in folder.iterdir() if path.suffix not in (".json", "")}
    return None if listed == found else "the files are not those that are listed"


def canaries(document):
    """Documents, each with something wrong."""

    def broken(change):
        copied = copy.deepcopy(document)
        change(copied)
        return copied

    yield broken(lambda d: d.pop("dataLicense"))
    yield broken(lambda d: d["packages"][0].pop("downloadLocation"))
    yield broken(lambda d: d["packages"][0].update(licence="MIT"))
    yield broken(lambda d: d["packages"][0]["checksums"][0].update(checksumValue="0" * 64))
    yield broken(lambda d: d["packages"].pop())
    yield broken(lambda d: d["relationships"][0].update(relatedSpdxElement="SPDXRef-nothing"))


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    folder, version = pathlib.Path(sys.argv[1]), sys.argv[2]
    document = describe(folder, version)
    wrong = fault(document, folder)
    if wrong:
        sys.exit(f"sbom.py: {wrong}")
    for number, canary in enumerate(canaries(document), 1):
        if not fault(canary, folder):
            sys.exit(f"sbom.py: what is wrong with document {number} is not noticed")
    path = folder / f"echo-{version}.spdx.json"
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    print(f"sbom: {len(document['packages'])} packages, {len(document['relationships'])} relationships")


main()
