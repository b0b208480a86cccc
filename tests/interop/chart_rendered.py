"""Reads what the chart comes to with some values, and says what is wrong with it.

    chart_rendered.py check FILE CRDS          rules that hold whatever the values are
    chart_rendered.py same FILE FILE           two renderings have the same objects
    chart_rendered.py older FILE               what a server of Kubernetes 1.20 can know of it"""

import json
import sys
from pathlib import Path

import yaml


def objects(path):
    return [it for it in yaml.safe_load_all(Path(path).read_text(encoding="utf-8")) if it]


def name(it):
    return f"{it['kind']}/{it['metadata']['name']}"


def pods(rendered):
    for it in rendered:
        if it["kind"] == "Pod":
            yield name(it), it["spec"]
        elif "template" in it.get("spec", {}):
            yield name(it), it["spec"]["template"]["spec"]


def restricted(where, pod):
    """The restricted profile of Kubernetes, and a bit more."""
    for key in ("hostNetwork", "hostPID", "hostIPC"):
        if pod.get(key):
            yield f"{where}: {key}"
    context = pod.get("securityContext", {})
    if context.get("runAsNonRoot") is not True or context.get("runAsUser", 0) == 0:
        yield f"{where}: may be root"
    if context.get("seccompProfile", {}).get("type") != "RuntimeDefault":
        yield f"{where}: no seccompProfile"
    for volume in pod.get("volumes", []):
        if "hostPath" in volume:
            yield f"{where}: volume {volume['name']} is of the node"
    for container in pod["containers"] + pod.get("initContainers", []):
        inside = container.get("securityContext", {})
        if inside.get("allowPrivilegeEscalation") is not False or inside.get("privileged"):
            yield f"{where}: may get more privileges"
        if inside.get("capabilities") != {"drop": ["ALL"]}:
            yield f"{where}: has capabilities"
        if inside.get("readOnlyRootFilesystem") is not True:
            yield f"{where}: may write to its image"
        if "memory" not in container.get("resources", {}).get("limits", {}):
            yield f"{where}: may take all memory"


def exact(where, rules, documents):
    """Roles name what they are about; they cannot look for Secrets."""
    seen = set()
    for rule in rules:
        words = [*rule["apiGroups"], *rule["resources"], *rule["verbs"]]
        if "*" in words:
            yield f"{where}: a rule for anything: {rule}"
        if "secrets" in rule["resources"] and {"list", "watch", "update", "deletecollection"} & set(rule["verbs"]):
            yield f"{where}: may look for Secrets: {rule}"
        if {"escalate", "bind", "impersonate"} & set(rule["verbs"]):
            yield f"{where}: may become somebody else: {rule}"
        if "validatingwebhookconfigurations" in rule["resources"] and not rule.get("resourceNames"):
            yield f"{where}: may change every webhook"
        if rule["apiGroups"] == ["headwater.dev"] and "watch" in rule["verbs"]:
            seen |= set(rule["resources"])
    if seen and seen != documents:
        yield f"{where}: is about {sorted(seen)}, defined are {sorted(documents)}"


def wrong(rendered, definitions):
    documents = {it["spec"]["names"]["plural"] for it in definitions}
    for where, pod in pods(rendered):
        yield from restricted(where, pod)
    accounts = [it for it in rendered if it["kind"] in ("Role", "ClusterRole")]
    for role in accounts:
        yield from exact(name(role), role["rules"], documents)
    for it in rendered:
        labels = it["metadata"].get("labels", {})
        for label in ("app.kubernetes.io/name", "app.kubernetes.io/instance", "app.kubernetes.io/component"):
            if label not in labels:
                yield f"{name(it)}: no label {label}"
    for hook in (hook for it in rendered for hook in it.get("webhooks", [])):
        operations = {operation for rule in hook["rules"] for operation in rule["operations"]}
        if operations != {"CREATE", "UPDATE"}:
            yield f"webhook {hook['name']}: asked for {operations}"
        conditions = [it["expression"] for it in hook["matchConditions"]]
        if conditions != ["!has(object.metadata.deletionTimestamp)"]:
            yield f"webhook {hook['name']}: may keep objects from being deleted"
    names = [(it["apiVersion"], it["kind"], it["metadata"].get("namespace"), it["metadata"]["name"]) for it in rendered]
    for twice in {it for it in names if names.count(it) > 1}:
        yield f"{twice} is there twice"


def connected(rendered):
    """What objects say of each other."""
    deployment, = (it for it in rendered if it["kind"] == "Deployment")
    template = deployment["spec"]["template"]
    selector = deployment["spec"]["selector"]["matchLabels"]
    if not selector.items() <= template["metadata"]["labels"].items():
        yield "the Deployment does not find its pods"
    container, = template["spec"]["containers"]
    ports = {it["name"]: it["containerPort"] for it in container["ports"]}
    for it in rendered:
        wanted = it.get("spec", {}).get("selector") if it["kind"] in ("Service", "ServiceMonitor", "PodDisruptionBudget") else None
        if it["kind"] == "Service":
            if wanted != selector:
                yield f"{name(it)} does not find the pods"
            for port in it["spec"]["ports"]:
                if port["targetPort"] not in ports:
                    yield f"{name(it)}: the pods have no port {port['targetPort']}"
        elif wanted is not None and wanted["matchLabels"] != selector:
            yield f"{name(it)} does not find the pods"
        if it["kind"] in ("RoleBinding", "ClusterRoleBinding"):
            kind, role = it["roleRef"]["kind"], it["roleRef"]["name"]
            namespace = it["metadata"].get("namespace")
            if not any(
                other["kind"] == kind and other["metadata"]["name"] == role
                and (kind == "ClusterRole" or other["metadata"].get("namespace") == namespace)
                for other in rendered
            ):
                yield f"{name(it)} binds {kind} {role}, which is not there"
            for subject in it["subjects"]:
                if subject["name"] != template["spec"]["serviceAccountName"]:
                    yield f"{name(it)} binds somebody else: {subject['name']}"
    listen = next(it for it in container["args"] if it.startswith("--listen="))
    if listen != f"--listen=0.0.0.0:{ports['metrics']}":
        yield f"the operator listens somewhere else: {listen}"
    mounted = {it["name"] for it in container["volumeMounts"]}
    volumes = {it["name"] for it in template["spec"]["volumes"]}
    if mounted != volumes:
        yield f"volumes {sorted(volumes)}, mounted {sorted(mounted)}"


def older(rendered):
    """A server of 1.20 has none of these kinds and fields, which the offline schemas have judged."""
    for it in rendered:
        if it["kind"] in ("PodDisruptionBudget", "ServiceMonitor"):
            continue
        for hook in it.get("webhooks", []):
            hook.pop("matchConditions")
        yield it


def main():
    command, *files = sys.argv[1:]
    if command == "check":
        rendered = objects(files[0])
        definitions = [it for path in sorted(Path(files[1]).glob("*.yaml")) for it in objects(path)]
        problems = [*wrong(rendered, definitions), *connected(rendered)]
        if problems:
            sys.exit("\n".join(problems))
    elif command == "same":
        first, second = (sorted(json.dumps(it, sort_keys=True) for it in objects(file)) for file in files)
        # Of the two programs each says of itself who it is, in no object of ours.
        if first != second:
            apart = set(first) ^ set(second)
            sys.exit("different objects: " + ", ".join(sorted({name(json.loads(it)) for it in apart})))
    elif command == "older":
        print(yaml.safe_dump_all(older(objects(files[0]))))
    else:
        sys.exit(f"not a command: {command}")


main()
