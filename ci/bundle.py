"""Unpacks an OCI archive into a bundle that runc runs: what is tried is what is shipped, as its configuration says.

usage: bundle.py ARCHIVE FOLDER [COMMAND...]    FOLDER/rootfs and FOLDER/config.json; COMMAND instead of the image's own

The container is as tight as deploy/kubernetes has it: nothing can be written, no capability, no network but its own loopback.
"""
import io
import json
import sys
import tarfile

archive, folder, *command = sys.argv[1:]
with tarfile.open(archive) as tar:
    def blob(descriptor):
        return tar.extractfile("blobs/" + descriptor["digest"].replace(":", "/")).read()

    [image] = json.load(tar.extractfile("index.json"))["manifests"]
    manifest = json.loads(blob(image))
    config = json.loads(blob(manifest["config"]))["config"]
    for layer in manifest["layers"]:
        with tarfile.open(fileobj=io.BytesIO(blob(layer))) as files:
            files.extractall(folder + "/rootfs")

uid, gid = (int(number) for number in config["User"].split(":"))  # Kubernetes believes only a number that it is not root
assert uid > 0 and gid > 0, config["User"]
bundle = {
    "ociVersion": "1.0.2",
    "process": {
        "args": command or config.get("Entrypoint", []) + config["Cmd"],
        "env": config["Env"],
        "cwd": config.get("WorkingDir") or "/",
        "user": {"uid": uid, "gid": gid},
        "noNewPrivileges": True,
        "capabilities": {},
    },
    "root": {"path": "rootfs", "readonly": True},
    "mounts": [{"destination": "/proc", "type": "proc", "source": "proc"}],
    "linux": {"namespaces": [{"type": each} for each in ("pid", "network", "ipc", "uts", "mount")]},
}
with open(folder + "/config.json", "w") as file:
    json.dump(bundle, file)
